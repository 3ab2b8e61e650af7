"""Speech: a synthetic voice on this machine, and the voice notes that are made of clips. Start with `ogg_opus`."""
