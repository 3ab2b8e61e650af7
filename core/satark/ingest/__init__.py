"""Ingest: from a channel's request to one transaction a turn. Start with `webhook`, then `ingest`, `turns`, `turn`."""
