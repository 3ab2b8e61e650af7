"""Finds a code of digits in a typed text."""

from __future__ import annotations

import re
from typing import Final

from satark_words.tokens import ascii_digits

__all__ = [
    "find_code",
    "without_codes",
]

_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])(?=[0-9-]*[A-Za-z])[0-9A-Za-z]{4}[-‐‑–—][0-9A-Za-z]{4}(?![0-9A-Za-z])")
"""Matches a tip's number such as 4K7Q-2XPM, which is often typed beside a code."""
_DIGIT: Final = re.compile(r"\d")
_DIGIT_RUN: Final = re.compile(r"(?<![0-9A-Za-z])\d(?:[\s.\-‐‑–—]*\d)+(?![0-9A-Za-z])")


def find_code(text: str, digits: int) -> str | None:
    """Find the one code of `digits` digits of any script, in groups or not; None: there is none, or several.

    A tip's number beside the code (two groups of four with a dash, and at least one letter) is not part of the code.
    """
    if not _DIGIT.search(text):
        return None
    plain = _NUMBER.sub(" # ", ascii_digits(text))
    runs = ["".join(filter(str.isdigit, match[0])) for match in _DIGIT_RUN.finditer(plain)]
    found = {run for run in runs if len(run) == digits}
    return found.pop() if len(found) == 1 else None


def without_codes(text: str) -> str:
    """Return a message without its code and its tip number."""
    return _DIGIT_RUN.sub(" ", _NUMBER.sub(" # ", ascii_digits(text))).replace("#", " ").strip()
