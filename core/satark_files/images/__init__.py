"""Scrubbers for images: JPEG, PNG and WebP without loss; GIF, TIFF, BMP, HEIC and AVIF by encoding the pixels again."""
