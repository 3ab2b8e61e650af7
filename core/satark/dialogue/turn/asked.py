"""The question that stands, as the understanding reads a text against it."""

from __future__ import annotations

from typing import Final

from satark.api.flow import Question, Step
from satark.dialogue.turn.context import TurnContext
from satark_words.reading import STORY, Asked, Asks, Choice

_ACTING: Final[dict[str, frozenset[str]]] = {
    "@reach": frozenset({"yes", "no", "erase"}),
    "@cancel": frozenset({"yes"}),
    "@restart": frozenset({"yes"}),
    "@origin": frozenset({"yes"}),
    "@identity": frozenset({"remove"}),
}
"""Question → its options that can't be undone. In a review it is `send`."""
_QUESTION_MARKS: Final = frozenset("?？؟❓❔⁇‽")
_WHOM: Final = "police_unit"
_WHOSE_VOICE: Final = "whose_voice"
"""How the lexicon names the questions whom a tip accuses, and whose voice is in a recording."""
_OTHER_STATION: Final = "other_station"
"""How it names the unit that another step names."""
_ASKS: Final[dict[str, Asks]] = {"text": "text", "place": "place", "media": "media", "review": "review"}


def asked_of(context: TurnContext, name: str, question: Question) -> Asked:
    """Describe a question with this id."""
    step = None if name.startswith("@") else context.loaded.flow.by_id.get(name)
    acting = _ACTING.get(name, frozenset())
    if step is not None and step.type.part == "review":
        acting = frozenset({"send"})
    options = tuple(
        Choice(o.code, o.label, o.words, acts=o.code in acting, unit=_unit(step, o.code)) for o in question.options
    )
    return Asked(
        name=_sense(context, name, step),
        asks=_asks(name, step, has_options=bool(options)),
        options=options,
        actions=question.actions,
        opening=name in {"@language", context.loaded.opening_step},
    )


def acts(context: TurnContext, name: str, code: str) -> bool:
    """Whether an option of a question can't be undone."""
    step = context.loaded.flow.by_id.get(name)
    is_review = step is not None and step.type.part == "review"
    return code in (_ACTING.get(name, frozenset()) | (frozenset({"send"}) if is_review else frozenset()))


def is_question(body: str) -> bool:
    """Whether a text bears a question mark: "send?" asks, and chooses nothing that can't be undone."""
    return bool(_QUESTION_MARKS.intersection(body))


def _sense(context: TurnContext, name: str, step: Step | None) -> str:
    """Name a question as the lexicon does: by what its step means; by its id where it means nothing special."""
    if step is None:
        return name.removeprefix("@")
    if step.accuses:
        return _WHOM
    if step.means == "own_voice":
        return _WHOSE_VOICE
    return step.means or (STORY if step.id == context.loaded.opening_step else step.id)


def _unit(step: Step | None, code: str) -> str:
    """Return the police unit that an option accuses, as the lexicon names it; empty for any other option."""
    unit = step.accuses.get(code, "") if step else ""
    return _OTHER_STATION if unit == "named" else unit


def _asks(name: str, step: Step | None, *, has_options: bool) -> Asks:
    if name == "@code":
        return "code"
    if step is None:
        return "choice" if has_options else "nothing"
    return _ASKS.get(step.type.name, "choice" if has_options else "nothing")
