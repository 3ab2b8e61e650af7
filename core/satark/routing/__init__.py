"""Routing: which desks and destinations get a tip, and which must never. Start with `rules.py`."""
