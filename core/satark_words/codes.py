"""Find a code in what somebody typed: a receipt's, or one that moves a draft to another channel."""

from __future__ import annotations

import re
from typing import Final

from satark.api.tip import RECEIPT_DIGITS
from satark_words.folding import ascii_digits

__all__ = [
    "HANDOFF_DIGITS",
    "find_handoff_code",
    "find_receipt_code",
    "without_codes",
]

HANDOFF_DIGITS: Final = 12
"""Digits of a code that moves a draft to another channel."""
_LONGEST_HANDOFF_MESSAGE: Final = 60
"""Characters of the longest text that may hold such a code: it comes alone, or with a word or two."""

_TIP_NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9-]*[A-Za-z])[0-9A-Za-z]{4}[-‐‑–—][0-9A-Za-z]{4}(?![0-9A-Za-z])"
)
_DIGIT: Final = re.compile(r"\d")
_DIGIT_RUN: Final = re.compile(r"(?<![0-9A-Za-z])\d(?:[\s.\-‐‑–—]*\d)+(?![0-9A-Za-z])")


def find_receipt_code(text: str) -> str | None:
    """Find the one receipt code in a text, of digits of any script, in groups or not; None if there is none.

    A tip number beside it (two groups of four with a dash, and at least one letter) does not count as part of it.
    """
    return _find(text, RECEIPT_DIGITS)


def find_handoff_code(text: str) -> str | None:
    """Find the one handoff code in a short text, of digits of any script, in groups or not; None if there is none."""
    return _find(text, HANDOFF_DIGITS) if len(text) <= _LONGEST_HANDOFF_MESSAGE else None


def without_codes(text: str) -> str:
    """Return the words of a message: what stands beside its code and its tip number."""
    return _DIGIT_RUN.sub(" ", _TIP_NUMBER.sub(" # ", ascii_digits(text))).replace("#", " ").strip()


def _find(text: str, digits: int) -> str | None:
    if not _DIGIT.search(text):
        return None
    plain = _TIP_NUMBER.sub(" # ", ascii_digits(text))
    runs = ["".join(filter(str.isdigit, match[0])) for match in _DIGIT_RUN.finditer(plain)]
    found = {run for run in runs if len(run) == digits}
    return found.pop() if len(found) == 1 else None
