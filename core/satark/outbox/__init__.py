"""Outbox: sends replies to tipsters from memory after the commit, and again after a crash. Start with `worker`."""
