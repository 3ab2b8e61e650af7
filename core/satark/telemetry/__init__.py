"""Telemetry: metrics and logs. They hold no content, no address, and no label that points to one tip."""
