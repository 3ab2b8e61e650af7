"""Makes speech: a synthetic voice on this machine, and voice notes joined from clips. Start with `ogg_opus`."""
