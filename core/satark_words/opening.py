"""What a story answers without being asked: its category, the police unit that it accuses, its time and its place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

from satark_words.analysis import NEGATIONS, Analysis
from satark_words.marks import Mark, between
from satark_words.places import Places
from satark_words.reading import Danger, Opening, PlaceFound
from satark_words.rules import Rules, matches, parse_rule

ORDER: Final = (
    "HEIN", "TRAFF", "CONV", "HARASS", "COW", "MINE", "GAMBL", "ARMS", "EXTORT", "INTOX", "POLCOR", "OTHER",
)  # fmt: skip
"""Categories in order of precedence: if a text tells of two equally, the earlier one counts."""
_STRONG: Final = 3.0
_TOGETHER: Final = 1.2
_WEAK: Final = 0.3
_LAST: Final = 0.2
"""Weight of the category "something else", which counts only if no other category is told."""
_RANKS: Final = ("range", "district", "circle", "other_station", "outpost", "station")
"""Levels of the police, the highest first. If a text names two, the higher one counts, since that keeps the tip from
more people."""


def category_of(analysis: Analysis, spared: Sequence[Mark] = ()) -> str:
    """Return the code of the category that a text tells of, or an empty text. The marks in `spared` don't count."""
    weights = _weights(analysis, spared)
    if _police_do_it(analysis, weights):
        return "POLCOR"
    best = max(weights.values(), default=0)
    return next((code for code in ORDER if best and weights.get(code, 0) == best), "")


def _weights(analysis: Analysis, spared: Sequence[Mark]) -> dict[str, float]:
    weights: dict[str, float] = {}
    weak = {(mark.start, mark.end) for mark in analysis.found("weak.*")}
    for mark in _widest(analysis.found("cat.*", "strong.*")):
        if mark in spared:
            continue
        kind, _, code = mark.name.partition(".")
        size = 1 + 0.25 * (mark.end - mark.start - 1)
        weight = _STRONG if kind == "strong" else _WEAK if code == "HEIN" and (mark.start, mark.end) in weak else size
        weights[code] = weights.get(code, 0) + (weight * _LAST if code == "OTHER" else weight) * mark.quality
    for code, rule in () if spared else _rules().that_may_hold(analysis.marks):
        if matches(rule, analysis.marks):
            weights[code] = weights.get(code, 0) + _TOGETHER
    if analysis.has("not.POLCOR") and not analysis.has("strong.POLCOR"):
        weights.pop("POLCOR", None)
    return weights


@cache
def _rules() -> Rules[str]:
    """Return the rules of `categories.yaml`."""
    text = (files("satark_words") / "categories.yaml").read_bytes()
    read = msgspec.yaml.decode(text, type=dict[str, list[str]])
    return Rules((code, parse_rule(code, line)) for code, lines in read.items() for line in lines)


def _widest(marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks without those inside a longer mark of another category."""
    longest = max((mark.end - mark.start for mark in marks), default=0)
    return [
        mark
        for mark in marks
        if not any(
            mark.end <= other.end and other.end - other.start > mark.end - mark.start
            for other in between(marks, mark.start - longest, mark.start)
        )
    ]


def _police_do_it(analysis: Analysis, weights: dict[str, float]) -> bool:
    """Return whether the police themselves sell, take or cover up, so that the tip is about them."""
    people = [mark for mark in analysis.found("person.police") if not _is_spoken_to(mark, analysis)]
    if not people or weights.keys() & {"HEIN", "TRAFF"}:
        return False
    deeds = analysis.found("act.take") or (analysis.found("act.complicit") if not weights else [])
    deeds = deeds or (analysis.found("cat.EXTORT") if "EXTORT" in weights else [])
    deeds = deeds or [mark for mark in analysis.found("act.sell", "act.play") if _follows(mark, people)]
    return bool(deeds)


def _follows(deed: Mark, people: Sequence[Mark]) -> bool:
    return any(0 <= deed.start - person.end <= 2 for person in people)  # noqa: PLR2004


def _is_spoken_to(mark: Mark, analysis: Analysis) -> bool:
    return any(other.start <= mark.start < other.end for other in analysis.found("to.police"))


def unit_of(analysis: Analysis) -> str:
    """Return the police level that a text is about: `station`, `outpost`, `circle`, `district`, `range`, or empty."""
    marks = _widest(analysis.found("unit.*"))
    named = {mark.name.partition(".")[2] for mark in marks}
    found = next((rank for rank in _RANKS if rank in named), "")
    return found or ("station" if "any" in named else "")


_NEAR = 2


def opening_of(analysis: Analysis, places: Places | None, dangers: tuple[Danger, ...]) -> Opening:
    """Return the answers that a first message, or any story, gives to questions that would be asked."""
    police = _tells_of_police(analysis, in_danger=any(danger.sure for danger in dangers))
    return Opening(
        category=category_of(analysis, _denied(analysis)),
        place=places.find(analysis) if places else PlaceFound(mentioned=analysis.has("place.thing")),
        when=_when(analysis),
        often=analysis.has("time.often", "time.clock"),
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


def _tells_of_police(analysis: Analysis, *, in_danger: bool) -> bool:
    accused = in_danger or analysis.has("act.take", "act.complicit", "opt.police.yes", "cat.POLCOR", "strong.POLCOR")
    spoken_to = {index for mark in analysis.found("to.police") for index in range(mark.start, mark.end)}
    people = [mark for mark in analysis.found("person.police", "unit.*") if mark.start not in spoken_to]
    return accused and bool(people) and not analysis.has("opt.police.no")


def _when(analysis: Analysis) -> Literal["", "now", "past", "coming"]:
    if analysis.has("time.now") and not analysis.has("time.coming"):
        return "now"
    if analysis.has("time.coming"):
        return "coming"
    return "past" if analysis.has("time.past") and not analysis.has("time.often") else ""
