"""The contracts of channels and sinks, as checks that any plugin runs against itself in one test.

`channel` has `check_channel`, `sink` has `check_sink`.
"""
