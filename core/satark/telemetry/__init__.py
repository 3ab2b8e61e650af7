"""Telemetry: metrics and logs that hold no content, no address, and no label that points to one tip."""
