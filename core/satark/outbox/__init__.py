"""Outbox: replies to tipsters, sent from memory after the commit and resent after a crash. Start with `worker`."""
