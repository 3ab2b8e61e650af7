"""Scrubbers for images: JPEG without loss; all others by encoding the pixels again."""
