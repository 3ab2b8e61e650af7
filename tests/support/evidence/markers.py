"""The content that is planted in every specimen: a marker that a scrubber must remove, and text that it must keep."""

from __future__ import annotations

MARKER = "zqMARKS"
"""A part of every planted value, so that one search finds all of them."""
MARKER_BYTES = MARKER.encode()
LATITUDE = 25.3176
"""Degrees north of every planted place."""
SHOWN = "Ganja comes in white sacks"
"""Visible text of every document."""
HINDI = "क्‍षेत्र में चोरी"
"""Visible Hindi text of most documents."""
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="r"><r:Description o="{MARKER}-xmp"/></r:RDF></x:xmpmeta>'
"""An XMP packet with a marker."""
