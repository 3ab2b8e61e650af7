"""Sink and API for external police systems: tips as signed events, and their answers back to the tipster.

Outgoing: `sink` builds the event (`events`) and hands it over. Incoming: `api` verifies requests
(`signing`), returns details and evidence, and applies answers (`answers`). `docs/police_system_schemas.py` writes the
schemas of both.
"""
