"""Hidden marks: what a word inside a longer phrase no longer means."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from satark_words.marks import FRAME, Mark

_HIDDEN: Final = ("neg", "ask", "say", "cmd", "soc")
_HIDING: Final = ("neg", "ask", "say", "cmd", "soc", "opt", "f.none", "t.refuse", "lang", "w.bribe")
_CRIMES: Final = ("cat.", "act.", "w.")
_SENSELESS: Final = ("t.refuse", "t.service", "time.", "soc.", "say.unknown")
"""A longer phrase of these keeps a word in it from telling of a crime: "last week" is no weekly extortion."""

_quality: Final = attrgetter("quality")


def without_hidden(marks: list[Mark]) -> list[Mark]:
    """Take out the social and negating words inside a longer phrase, and words of crime inside one of another sense.

    Of marks of one name and place the best stays; they come in no order.
    """
    sure = [mark for mark in marks if mark.end - mark.start > 1 and mark.quality >= FRAME]
    longer = [mark for mark in sure if mark.name.startswith(_HIDING)]
    senseless = [mark for mark in sure if mark.name.startswith(_SENSELESS)]
    if longer:
        marks = [mark for mark in marks if not (mark.name.startswith(_HIDDEN) and _is_inside(mark, longer))]
    if senseless:
        marks = [mark for mark in marks if not (mark.name.startswith(_CRIMES) and _is_inside(mark, senseless))]
    return list({mark[:3]: mark for mark in sorted(marks, key=_quality)}.values())


def _is_inside(mark: Mark, longer: Iterable[Mark]) -> bool:
    size = mark.end - mark.start
    return any(
        other.start <= mark.start and mark.end <= other.end and other.end - other.start > size for other in longer
    )
