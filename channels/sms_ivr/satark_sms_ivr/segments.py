"""Counting the segments of a text message, which is what it costs and how surely it arrives.

Source: 3GPP TS 23.038, sections 6.2.1 (the 7-bit alphabet and its extension) and TS 23.040, section 9.2.3.24.1 (a
concatenated message gives up room in each part): 160 or 153 septets, 70 or 67 UTF-16 units.
"""

from __future__ import annotations

from typing import Final

from satark.graphemes import size

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Each takes an escape before it: two septets."""

_PLAIN: Final = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "•": "-",
        "✓": "+",
        "\u00a0": " ",
        "₹": "Rs ",
    }
)
_ESCAPED: Final = 2


def segments(text: str) -> int:
    """Give the number of segments that a text takes; 0 for an empty one."""
    septets = _septets(text)
    if septets is not None:
        return _parts(septets, 160, 153)
    return _parts(size(text, "utf16"), 70, 67)


def plain(text: str) -> str:
    """Write typographic marks as the 7-bit alphabet has them, where that is all that keeps a text out of it.

    One curly quote would more than halve what fits into a segment.
    """
    candidate = text.translate(_PLAIN)
    return candidate if _septets(candidate) is not None else text


def _septets(text: str) -> int | None:
    """The length in the 7-bit alphabet, or None where it lacks a character."""
    septets = 0
    for char in text:
        if char in BASIC:
            septets += 1
        elif char in EXTENSION:
            septets += _ESCAPED
        else:
            return None
    return septets


def _parts(units: int, alone: int, chained: int) -> int:
    return min(units, 1) if units <= alone else -(-units // chained)
