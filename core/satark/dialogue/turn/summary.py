"""From answers to a tip: the summary for the tipster, the submission for the intake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from satark.dialogue.session import Submission
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark.graphemes import truncate
from satark.tip import Accused, Place, Priority

_SUMMARY: Final = 620
"""Characters that all answers of a summary may take together, so that it fits the body of a message with buttons."""
_SHORTEST: Final = 24
_LONGEST: Final = 240

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


def summary(talk: TurnContext) -> str:
    """List the answers as the tipster may check them: one a line, long ones clipped."""
    texts, session = talk.script.texts(talk.session), talk.session
    shown = []
    for step in talk.walk.path:
        answer = session.answers.get(step.id)
        if answer is None or step.type.part not in ASKED_PARTS or (answer.value is None and not answer.evidence):
            continue
        name = texts.text(f"{step.id}.name")
        shown.append((name, step.type.show(step, answer.value, talk.view(step))))
    room = _SUMMARY // max(1, len(shown))
    return "\n".join(f"• {name}: {_clipped(text, room - len(name))}" for name, text in shown)


def submission(talk: TurnContext) -> Submission:
    """Put together what the tipster confirmed. Files of answers that are off the path are erased."""
    walk, session = talk.walk, talk.session
    answers = {
        step.id: walk.values[step.id]
        for step in walk.path
        if step.type.part == "ask" and walk.values.get(step.id, "") != ""
    }
    place = talk.script.placed(walk)
    if talk.script.place in answers:
        answers[talk.script.place] = {**answers[talk.script.place], **msgspec.to_builtins(place)}
    talk.drop({file.ordinal for file in session.files} - _belonging(talk))
    return Submission(
        language=session.language,
        category=str(answers.get(_CATEGORY, "")),
        answers=answers,
        evidence=tuple(file.ordinal for file in talk.session.files),
        place=place,
        accused=_accused(talk, answers, place),
        priority=_priority(talk),
        told=talk.session.told,
    )


def _belonging(talk: TurnContext) -> set[str]:
    """The ordinals of the evidence, and of the spoken answers on the path."""
    spoken = {o for step in talk.walk.path if (a := talk.session.answers.get(step.id)) for o in a.evidence}
    return spoken | {file.ordinal for file in talk.session.files if file.role == talk.script.evidence}


def _accused(talk: TurnContext, answers: Mapping[str, Any], place: Place) -> Accused | None:
    unit = answers.get(_UNIT)
    if unit is None:
        return None
    other = str(answers.get(_STATION, "unknown"))
    if unit == "other_station":
        return Accused(level="unknown") if other == "unknown" else Accused(level="station", unit=other)
    if unit == "outpost":
        who = answers.get(_WHO)
        named = talk.script.geography.outpost_in(who, place.station) if isinstance(who, str) else ""
        return Accused(level="outpost", unit=named or place.station)
    if unit == "district":
        return Accused(level="district", unit=place.district)
    level = _LEVELS.get(str(unit))
    if level is None:
        return Accused(level="unknown")
    return Accused(level=level, unit=place.station if level == "station" else "")


def _priority(talk: TurnContext) -> Priority:
    rules = talk.script.flow.priority
    levels: tuple[Priority, ...] = ("urgent", "high")
    return next((lv for lv in levels if lv in rules and rules[lv].holds(talk.walk.values)), "normal")


def _clipped(text: str, room: int) -> str:
    return truncate(" ".join(text.split()), max(_SHORTEST, min(room, _LONGEST)))
