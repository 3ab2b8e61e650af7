"""Ingest: runs the turns of a request in a transaction. Start with `webhook`, then `ingest`, `batch`, `turn`."""
