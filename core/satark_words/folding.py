"""Folding: one spelling for the many ways in which the same word is typed.

Two texts that a reader takes for the same word fold to the same string: composed and decomposed letters, with and
without nukta, हिन्दी and हिंदी, हाँ and हां, digits of any script, keycaps, case, punctuation, invisible joiners. Folded
text is for comparing only. Nothing is cached by text, since what tipsters type must not stay in memory.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = [
    "ascii_digits",
    "fold",
]

_NUKTA: Final = 0x093C
_CHANDRABINDU: Final = 0x0901
_ANUSVARA: Final = "ं"
_KEYCAP_TEN: Final = 0x1F51F
_DROPPED: Final = frozenset({_NUKTA, 0x20E3, ord("'"), ord("’"), ord("‘"), ord("ʼ"), *range(0xFE00, 0xFE10)})

_HOMORGANIC: Final = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
"""A nasal with virama before a stop of its own row, which is also written as an anusvara."""


class _Table(dict[int, str | None]):
    """What `str.translate` makes of each code point, worked out when it is first met."""

    def __missing__(self, point: int) -> str | None:
        self[point] = folded = _fold_point(point)
        return folded


def _fold_point(point: int) -> str | None:
    if point in _DROPPED:
        return None
    if point == _CHANDRABINDU:
        return _ANUSVARA
    if point == _KEYCAP_TEN:
        return "10"
    char = chr(point)
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Cf":
        return None
    return " " if category[0] in "PSZC" else char


_TABLE: Final = _Table()
_DIGITS: Final = re.compile(r"\d")


def fold(text: str) -> str:
    """Fold a text for comparing: idempotent, and empty for a text of nothing but punctuation (yet `?` stays `?`)."""
    if text.isascii():
        folded = text.lower().translate(_TABLE)
    else:
        folded = _decompose(text).translate(_TABLE)
        if folded != text:  # what was left out or replaced may leave letters that compose
            folded = _decompose(folded).translate(_TABLE)
        folded = _HOMORGANIC.sub(_ANUSVARA, folded)
    folded = " ".join(folded.split())
    return folded or ("?" if "?" in text else "")


def ascii_digits(text: str) -> str:
    """Write the digits of every script as ASCII digits and leave the rest as it is."""
    if text.isascii():
        return text
    return _DIGITS.sub(lambda match: str(unicodedata.decimal(match[0])), text)


def _decompose(text: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
