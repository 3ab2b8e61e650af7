"""Plugins: the loader that gives each hook as a typed method, and the list of the public contract."""
