"""The submission: the tip that the confirmed answers make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from satark.dialogue.session import Submission
from satark.dialogue.turn.context import TurnContext
from satark.tip import Accused, Place, Priority

# The steps that a submission has fields for; a flow without them leaves the fields empty.
_CATEGORY: Final = "category"
_UNIT: Final = "police_unit"
_STATION: Final = "police_station"
_WHO: Final = "police_who"

_LEVELS: Final[Mapping[str, Literal["station", "circle", "district", "range"]]] = {
    "station": "station",
    "other_station": "station",
    "circle": "circle",
    "district": "district",
    "range": "range",
}
"""Option of the step `police_unit` → level of the accused unit."""


def make_submission(context: TurnContext) -> Submission:
    """Combine what the tipster confirmed into a submission. Erases files of answers that are off the path."""
    progress, session = context.progress, context.session
    answers = {
        step.id: progress.values[step.id]
        for step in progress.path
        if step.type.part == "ask" and progress.values.get(step.id, "") != ""
    }
    place = context.loaded.located_place(progress)
    if context.loaded.place_step in answers:
        answers[context.loaded.place_step] = {**answers[context.loaded.place_step], **msgspec.to_builtins(place)}
    context.drop_files({file.ordinal for file in session.files} - _files_of_the_tip(context))
    return Submission(
        language=session.language,
        category=str(answers.get(_CATEGORY, "")),
        answers=answers,
        evidence=tuple(file.ordinal for file in context.session.files),
        place=place,
        accused=_accused(context, answers, place),
        priority=_priority(context),
        origin_disclosed=context.session.origin_disclosed,
    )


def _files_of_the_tip(context: TurnContext) -> set[str]:
    """The ordinals of the evidence, and of the spoken answers on the path."""
    answers = context.session.answers
    spoken = {ordinal for step in context.progress.path if step.id in answers for ordinal in answers[step.id].evidence}
    return spoken | {file.ordinal for file in context.session.files if file.role == context.loaded.evidence_step}


def _accused(context: TurnContext, answers: Mapping[str, Any], place: Place) -> Accused | None:
    unit = answers.get(_UNIT)
    if unit is None:
        return None
    other = str(answers.get(_STATION, "unknown"))
    if unit == "other_station":
        return Accused(level="unknown") if other == "unknown" else Accused(level="station", unit=other)
    if unit == "outpost":
        who = answers.get(_WHO)
        named = context.loaded.geography.outpost_in(who, place.station) if isinstance(who, str) else ""
        return Accused(level="outpost", unit=named or place.station)
    if unit == "district":
        return Accused(level="district", unit=place.district)
    level = _LEVELS.get(str(unit))
    if level is None:
        return Accused(level="unknown")
    return Accused(level=level, unit=place.station if level == "station" else "")


def _priority(context: TurnContext) -> Priority:
    rules = context.loaded.flow.priority
    levels: tuple[Priority, ...] = ("urgent", "high")
    return next((level for level in levels if level in rules and rules[level].holds(context.progress.values)), "normal")
