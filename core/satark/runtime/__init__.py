"""Runtime: makes one process from its settings. Start with `compose` and `host`."""
