"""Decodes bytes that others wrote: the exceptions that msgspec raises, and JSON with half an emoji."""

import json
import sys
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

__all__ = ["DECODING_ERRORS", "decode_json"]

T = TypeVar("T")

DECODING_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""Catch all three around every decoder of bytes that others wrote.

A string that is not UTF-8 raises `UnicodeDecodeError`, and deeply nested values raise `RecursionError`; neither is a
`MsgspecError` (msgspec 0.21). A `UnicodeDecodeError` quotes the bytes: raise `from None`.
"""


def decode_json(body: bytes, decode: Callable[[bytes], T]) -> T:
    """Decode JSON with `decode`. If it refuses the bytes, call it again with corrected JSON.

    A provider that cuts a text may send half of a surrogate pair, and a number may be larger than any float: Python's
    decoder accepts both, and msgspec's refuses the whole text.

    Raises:
        Exception: one of `DECODING_ERRORS`.
    """
    try:
        return decode(body)
    except DECODING_ERRORS:
        pass
    try:
        data = json.loads(body.decode("utf-8", "replace"), parse_float=_finite, parse_constant=lambda _: None)
    except ValueError:
        raise msgspec.DecodeError("not JSON") from None
    return decode(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))


def _finite(digits: str) -> float:
    return max(-sys.float_info.max, min(sys.float_info.max, float(digits)))
