"""Processes for tests: a service, a desk's remote office, and any ASGI app on a free port."""
