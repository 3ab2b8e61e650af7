"""Finding a receipt code in what somebody typed."""

from __future__ import annotations

import re
from typing import Final

from satark.dialogue.folding import ascii_digits

_TIP_NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9-]*[A-Za-z])[0-9A-Za-z]{4}[-‐‑–—][0-9A-Za-z]{4}(?![0-9A-Za-z])"
)
_RUN: Final = re.compile(r"(?<![0-9A-Za-z])\d(?:[\s.\-‐‑–—]*\d)+(?![0-9A-Za-z])")
_DIGITS: Final = 16


def find_code(text: str) -> str | None:
    """Find the one receipt code in a text: 16 digits of any script, in groups or not; None if there is none.

    A tip number beside it (two groups of four with a dash, and at least one letter) is not taken for part of it.
    """
    plain = _TIP_NUMBER.sub(" # ", ascii_digits(text))
    runs = ["".join(filter(str.isdigit, match[0])) for match in _RUN.finditer(plain)]
    found = {run for run in runs if len(run) == _DIGITS}
    return found.pop() if len(found) == 1 else None


def without_code(text: str) -> str:
    """Give what stands beside the code and the tip number: the words of the message."""
    return _RUN.sub(" ", _TIP_NUMBER.sub(" # ", ascii_digits(text))).replace("#", " ").strip()
