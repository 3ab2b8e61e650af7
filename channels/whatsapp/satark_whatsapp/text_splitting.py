"""Split a text that is longer than one message, at paragraphs, lines or words."""

from __future__ import annotations

from satark_words.graphemes import is_boundary

_BREAKS = ("\n\n", "\n", " ")


def split_text(text: str, limit: int, last_limit: int) -> list[str]:
    """Split a text into parts of at most `limit` characters, the last one of at most `last_limit`.

    Only white space at the cuts is lost, and no letter is separated from its combining marks.
    """
    if len(text) <= last_limit:
        return [text]
    cut = _last_cut(text, last_limit)
    return [*_parts(text[:cut].rstrip(), limit), text[cut:].lstrip()]


def _last_cut(text: str, limit: int) -> int:
    """Find where the last part begins: at the last paragraph if it is short enough, else as early as possible."""
    paragraph = text.rstrip().rfind("\n\n") + 2
    if paragraph > 1 and len(text) - paragraph <= limit:
        return paragraph
    earliest = len(text) - limit
    for mark in _BREAKS[1:]:
        at = text.find(mark, earliest)
        if at >= 0 and text[at:].strip():
            return at
    return _off_letter(text, earliest, step=1)


def _parts(text: str, limit: int) -> list[str]:
    parts = []
    while len(text) > limit:
        cut = _cut(text, limit)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [part for part in (*parts, text) if part]


def _cut(text: str, limit: int) -> int:
    for mark in _BREAKS:
        at = text.rfind(mark, 1, limit)
        if at > 0:
            return at
    return _off_letter(text, limit, step=-1)


def _off_letter(text: str, at: int, step: int) -> int:
    """Move a cut out of the middle of a letter. Give up after 64 combining marks, which no script needs."""
    for moved in range(at, at + step * 64, step):
        if not 0 < moved < len(text):
            break
        if is_boundary(text, moved):
            return moved
    return at
