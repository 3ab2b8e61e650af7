"""Measure, truncate and split text without cutting through a written character (a grapheme cluster).

A slice by code points cuts vowel signs off Devanagari and halves emoji. The clusters here are those of Unicode's UAX
#29 (extended grapheme clusters, with the conjuncts of rule GB9c), as far as the scripts of India, combining marks and
emoji need them.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

__all__ = [
    "ELLIPSIS", "Unit", "clusters", "is_boundary", "replace_surrogates", "size", "split", "truncate",
]  # fmt: skip

Unit: TypeAlias = Literal["characters", "utf16", "bytes"]
"""The unit in which a medium counts the length of a text."""

ELLIPSIS: Final = "…"
_ZWJ: Final = "\u200d"
_JOINERS: Final = frozenset({_ZWJ, "\u200c"})
_MODIFIER: Final = re.compile("[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_VIRAMA: Final = 9
"""The canonical combining class of viramas (UAX #44)."""


def size(text: str, unit: Unit) -> int:
    """Measure a text in a medium's unit."""
    if unit == "characters" or (text.isascii()):
        return len(text)
    if unit == "utf16":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text.encode("utf-8", "surrogatepass"))


def clusters(text: str) -> Iterator[str]:
    """Yield the grapheme clusters of a text. Joined, they are the text again."""
    start = 0
    for at in range(1, len(text)):
        if is_boundary(text, at):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def truncate(text: str, limit: int, unit: Unit = "characters") -> str:
    """Shorten a text to at most `limit` units and end it with an ellipsis; a text that fits is unchanged."""
    if size(text, unit) <= limit:
        return text
    left = limit - size(ELLIPSIS, unit)
    if left < 0:
        return ""
    kept: list[str] = []
    for cluster in clusters(text):
        left -= size(cluster, unit)
        if left < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + ELLIPSIS


def split(text: str, limit: int) -> tuple[str, str]:
    """Split a text in two after at most `limit` code points: at a space near the limit, else between grapheme
    clusters."""
    if len(text) <= limit:
        return text, ""
    at = limit
    while at > 1 and not is_boundary(text, at):
        at -= 1
    space = text.rfind(" ", at - at // 10, at)
    at = space if space > 0 else at
    return text[:at], text[at:]


def replace_surrogates(text: str) -> str:
    """Replace lone surrogates, which broken clients send and which can't be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def is_boundary(text: str, at: int) -> bool:
    """Return whether a grapheme cluster ends at this index inside the text, so that the text may be cut there."""
    before, char = text[at - 1], text[at]
    if char < "\u0300":
        return not (before == "\r" and char == "\n")
    if unicodedata.category(char) in {"Mn", "Mc", "Me"} or char in _JOINERS or before == _ZWJ or _MODIFIER.match(char):
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return unicodedata.category(char) != "Lo"
    return not (_is_flag(char) and _flags_before(text, at) % 2 == 1)


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    start = at
    while start and _is_flag(text[start - 1]):
        start -= 1
    return at - start
