"""Finding a code in what somebody typed: a receipt's, or one that takes a draft to another channel."""

from __future__ import annotations

import re
from typing import Final

from satark.folding import ascii_digits

_TIP_NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9-]*[A-Za-z])[0-9A-Za-z]{4}[-‐‑–—][0-9A-Za-z]{4}(?![0-9A-Za-z])"
)
_RUN: Final = re.compile(r"(?<![0-9A-Za-z])\d(?:[\s.\-‐‑–—]*\d)+(?![0-9A-Za-z])")
_DIGITS: Final = 16
HANDOFF_DIGITS: Final = 12
"""Digits of a code that takes a draft to another channel."""
_LONGEST_PASSAGE: Final = 60
"""Characters of the longest text that such a code is looked for in: it comes with a word or two, or alone."""


def find_receipt_code(text: str) -> str | None:
    """Find the one receipt code in a text: 16 digits of any script, in groups or not; None if there is none.

    A tip number beside it (two groups of four with a dash, and at least one letter) is not taken for part of it.
    """
    return _find(text, _DIGITS)


def find_handoff_code(text: str) -> str | None:
    """Find the one code in a short text that takes a draft elsewhere: 12 digits, likewise."""
    return _find(text, HANDOFF_DIGITS) if len(text) <= _LONGEST_PASSAGE else None


def group_digits(code: str) -> str:
    """Write a code as it is shown: in groups of four digits."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def _find(text: str, digits: int) -> str | None:
    plain = _TIP_NUMBER.sub(" # ", ascii_digits(text))
    runs = ["".join(filter(str.isdigit, match[0])) for match in _RUN.finditer(plain)]
    found = {run for run in runs if len(run) == digits}
    return found.pop() if len(found) == 1 else None


def without_codes(text: str) -> str:
    """Give what stands beside the code and the tip number: the words of the message."""
    return _RUN.sub(" ", _TIP_NUMBER.sub(" # ", ascii_digits(text))).replace("#", " ").strip()
