"""Split a text that is longer than a message may be, where a reader would: at paragraphs, lines, words."""

from __future__ import annotations

import unicodedata

_BREAKS = ("\n\n", "\n", " ")
_JOINERS = "\u200c\u200d"
_VIRAMA_CLASS = 9


def split(text: str, most: int, last: int) -> list[str]:
    """Split a text into pieces of at most `most` characters, the last one of at most `last`.

    Nothing but white space at the seams is lost, and no letter is torn from its vowel signs.
    """
    if len(text) <= last:
        return [text]
    seam = _seam_from_the_end(text, last)
    return [*_pieces(text[:seam].rstrip(), most), text[seam:].lstrip()]


def _seam_from_the_end(text: str, last: int) -> int:
    """Find where the last piece begins: with the last paragraph if that is short enough, else as early as can be."""
    paragraph = text.rstrip().rfind("\n\n") + 2
    if paragraph > 1 and len(text) - paragraph <= last:
        return paragraph
    earliest = len(text) - last
    for mark in _BREAKS[1:]:
        at = text.find(mark, earliest)
        if at >= 0 and text[at:].strip():
            return at
    return _whole_letter(text, earliest, step=1)


def _pieces(text: str, most: int) -> list[str]:
    pieces = []
    while len(text) > most:
        seam = _seam(text, most)
        pieces.append(text[:seam].rstrip())
        text = text[seam:].lstrip()
    return [piece for piece in (*pieces, text) if piece]


def _seam(text: str, most: int) -> int:
    for mark in _BREAKS:
        at = text.rfind(mark, 1, most)
        if at > 0:
            return at
    return _whole_letter(text, most, step=-1)


def _whole_letter(text: str, at: int, step: int) -> int:
    """Move a cut off the middle of a letter; give up after a line's length of marks, which no script has."""
    for moved in range(at, at + step * 64, step):
        if not 0 < moved < len(text):
            break
        if not _joins(text[moved - 1], text[moved]):
            return moved
    return at


def _joins(before: str, after: str) -> bool:
    return (
        unicodedata.category(after).startswith("M")
        or after in _JOINERS
        or before in _JOINERS
        or unicodedata.combining(before) == _VIRAMA_CLASS
    )
