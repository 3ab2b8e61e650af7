"""Plugins: the loader, which offers each hook as a typed method, and the checks of what plugins return."""
