"""Alters stored bytes for certain: a fixed byte in place of the last one might be the same byte."""

from __future__ import annotations


def altered(content: bytes) -> bytes:
    """Return the content with one bit of its last byte changed."""
    return content[:-1] + bytes([content[-1] ^ 1])
