"""What a story tells of the questions that would be asked: category, place, time, police, danger."""

from __future__ import annotations

from typing import Literal

from satark_words.analysis import NEGATIONS, Analysis
from satark_words.category import category_of, unit_of
from satark_words.marks import Mark
from satark_words.places import Places
from satark_words.reading import Danger, Opening, PlaceFound

_NEAR = 2


def opening_of(analysis: Analysis, places: Places | None, dangers: tuple[Danger, ...]) -> Opening:
    """Read a first message, or any story."""
    police = _tells_of_police(analysis)
    return Opening(
        category=category_of(analysis, _denied(analysis)),
        place=places.find(analysis) if places else PlaceFound(mentioned=analysis.has("place.thing")),
        when=_when(analysis),
        often=analysis.has("time.often"),
        police=police,
        unit=unit_of(analysis) if police else "",
        dangers=dangers,
    )


def _denied(analysis: Analysis) -> list[Mark]:
    return [
        mark
        for mark in analysis.found("cat.*", "strong.*")
        if any(mark.end <= neg.start <= mark.end for neg in analysis.found(*NEGATIONS))
    ]


def _tells_of_police(analysis: Analysis) -> bool:
    accused = analysis.has("act.take", "act.complicit", "opt.police.yes", "cat.POLCOR", "strong.POLCOR")
    spoken_to = {index for mark in analysis.found("to.police") for index in range(mark.start, mark.end)}
    people = [mark for mark in analysis.found("person.police", "unit.*") if mark.start not in spoken_to]
    return accused and bool(people) and not analysis.has("opt.police.no")


def _when(analysis: Analysis) -> Literal["", "now", "past", "coming"]:
    if analysis.has("time.now") and not analysis.has("time.coming"):
        return "now"
    if analysis.has("time.coming"):
        return "coming"
    return "past" if analysis.has("time.past") and not analysis.has("time.often") else ""
