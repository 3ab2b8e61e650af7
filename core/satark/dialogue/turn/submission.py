"""The submission: the tip that the confirmed answers make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from satark.api.tip import Accused, Place, Priority
from satark.dialogue.session import Submission
from satark.dialogue.turn.context import TurnContext


def make_submission(context: TurnContext) -> Submission:
    """Combine what the tipster confirmed into a submission. Erases files of answers that are off the path."""
    progress, session = context.progress, context.session
    answers = {
        step.id: progress.values[step.id]
        for step in progress.path
        if step.type.part == "ask" and progress.values.get(step.id, "") != ""
    }
    place = progress.place
    if context.loaded.place_step in answers:
        answers[context.loaded.place_step] = {**answers[context.loaded.place_step], **msgspec.to_builtins(place)}
    meanings = {**context.loaded.flow.meanings, "evidence": context.loaded.evidence_step}
    context.drop_files({file.ordinal for file in session.files} - _files_of_the_tip(context))
    return Submission(
        language=session.language,
        category=str(answers.get(meanings.get("category", ""), "")),
        answers=answers,
        meanings=meanings,
        evidence=tuple(file.ordinal for file in context.session.files),
        place=place,
        accused=_accused(context, answers, place),
        priority=_priority(context),
        flags=_flags(context),
        origin_disclosed=context.session.origin_disclosed,
    )


def _files_of_the_tip(context: TurnContext) -> set[str]:
    """The ordinals of the evidence, and of the spoken answers on the path."""
    answers = context.session.answers
    spoken = {ordinal for step in context.progress.path if step.id in answers for ordinal in answers[step.id].evidence}
    return spoken | {file.ordinal for file in context.session.files if file.role == context.loaded.evidence_step}


def _accused(context: TurnContext, answers: Mapping[str, Any], place: Place) -> Accused | None:
    """Return the police unit that the answers accuse, as the steps declare it; None: nobody is accused."""
    asked = [step for step in context.progress.path if step.accuses and step.id in answers]
    units = [step.accuses[str(answers[step.id])] for step in asked]
    unit = next((unit for unit in units if unit != "nobody"), None)
    if unit is None:
        return None
    if unit == "named":
        station = _named(context, answers, "station")
        return Accused(level="station", unit=station) if station not in {"", "unknown"} else Accused(level="unknown")
    if unit == "outpost":
        named = context.loaded.geography.outpost_in(_named(context, answers, "outpost"), place.station)
        return Accused(level="outpost", unit=named or place.station)
    of_place = {"station": place.station, "district": place.district}
    return Accused(level=unit, unit=of_place.get(unit, ""))


def _named(context: TurnContext, answers: Mapping[str, Any], what: str) -> str:
    """Return the answer that names a unit; a spoken one names none."""
    found = (answers.get(step.id) for step in context.progress.path if step.names == what)
    return next((answer for answer in found if isinstance(answer, str)), "")


def _flags(context: TurnContext) -> tuple[str, ...]:
    holding = (name for name, one in context.loaded.flow.flags.items() if one.holds(context.progress.values))
    return (*(f"danger:{kind}" for kind in context.session.dangers), *holding)


def _priority(context: TurnContext) -> Priority:
    if context.session.dangers:
        return "urgent"
    rules = context.loaded.flow.priority
    levels: tuple[Priority, ...] = ("urgent", "high")
    return next((level for level in levels if level in rules and rules[level].holds(context.progress.values)), "normal")
