"""Count the segments of a text message.

Source: 3GPP TS 23.038, sections 6.2.1 (the 7-bit alphabet and its extension) and TS 23.040, section 9.2.3.24.1 (a
concatenated message has less room in each part): one message has 160 septets or 70 UTF-16 units, a part of several has
153 or 67.
"""

from __future__ import annotations

from typing import Final

from satark_words.graphemes import size

GSM7_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Characters that need an escape: two septets each."""

_TYPOGRAPHIC: Final = str.maketrans(
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
_EXTENSION_SEPTETS: Final = 2


def count_segments(text: str) -> int:
    """Return the number of segments of a text; 0 for an empty one."""
    septets = _septets(text)
    if septets is not None:
        return _segments(septets, 160, 153)
    return _segments(size(text, "utf16"), 70, 67)


def is_gsm7(text: str) -> bool:
    """Whether a text fits the 7-bit alphabet."""
    return _septets(text) is not None


def to_gsm7(text: str) -> str:
    """Replace typographic marks if the text then fits the 7-bit alphabet; else return it unchanged.

    A single curly quote would more than halve the characters per segment.
    """
    candidate = text.translate(_TYPOGRAPHIC)
    return candidate if _septets(candidate) is not None else text


def _septets(text: str) -> int | None:
    """Return the length of a text in septets. None: a character is not in the 7-bit alphabet."""
    septets = 0
    for char in text:
        if char in GSM7_BASIC:
            septets += 1
        elif char in GSM7_EXTENSION:
            septets += _EXTENSION_SEPTETS
        else:
            return None
    return septets


def _segments(units: int, alone: int, chained: int) -> int:
    return min(units, 1) if units <= alone else -(-units // chained)
