"""Scrubbers for video and sound. Start with `remux`, which moves the coded streams into a container without tags."""
