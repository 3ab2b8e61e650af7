"""The exceptions that msgspec raises for bytes that it can't decode."""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = [
    "DECODING_ERRORS",
]

DECODING_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""Catch all three around every decoder of bytes that others wrote.

A string that is not UTF-8 raises `UnicodeDecodeError`, and deeply nested values raise `RecursionError`; neither is a
`MsgspecError` (msgspec 0.21). A `UnicodeDecodeError` quotes the bytes: raise `from None`.
"""
