"""Finds a code of digits in a text, such as that of a receipt."""

import re
from typing import Final

from satark_words.tokens import ascii_digits

_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])(?=[0-9-]*[A-Za-z])[0-9A-Za-z]{4}[-‐‑–—][0-9A-Za-z]{4}(?![0-9A-Za-z])")
"""A number such as 4K7Q-2XPM, which often stands beside a code."""


_GROUP: Final = 4


_BEHIND: Final = 2
"""Most digits of a number behind a code that is not part of it."""


_DIGIT: Final = re.compile(r"\d")


_DIGIT_RUN: Final = re.compile(r"(?<![0-9A-Za-z])\d(?:[\s.\-‐‑–—]*\d)+(?![0-9A-Za-z])")


def find_code(text: str, digits: int, *, longest: int | None = None) -> str | None:
    """Find the one code of so many digits in a text, of any script, in groups or not; None if there is none or two.

    A number beside it (two groups of four with a dash, and at least one letter) does not count as part of it, nor does
    a number of two digits at most behind a code in groups: "8391 4460 7012 5538 2 din". A text of more than `longest`
    characters has none.
    """
    if not _DIGIT.search(text) or (longest is not None and len(text) > longest):
        return None
    runs = _DIGIT_RUN.findall(_NUMBER.sub(" # ", ascii_digits(text)))
    found = {code for run in runs if len(code := _code_of(run, digits)) == digits}
    return found.pop() if len(found) == 1 else None


def _code_of(run: str, digits: int) -> str:
    """Return the digits of a run, without the short number behind a code in groups of four."""
    groups = re.findall(r"\d+", run)
    whole, behind = "".join(groups), groups[digits // _GROUP :]
    in_groups = all(len(group) == _GROUP for group in groups[: digits // _GROUP])
    return whole[:digits] if in_groups and len("".join(behind)) <= _BEHIND else whole


def without_code(text: str, digits: int) -> str:
    """Return a text without its codes of so many digits; every other number stays."""
    return _DIGIT_RUN.sub(lambda run: " " if len(_code_of(run[0], digits)) == digits else run[0], ascii_digits(text))
