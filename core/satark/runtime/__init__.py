"""Runtime: one process put together from its settings. Start with `compose` and `host`."""
