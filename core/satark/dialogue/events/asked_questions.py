"""The question that a text is read at, as the reading needs it."""

from typing import Final

from satark.api.flow import Question, Step
from satark.dialogue.turn.consent import act_of, option_named
from satark.dialogue.turn.context import TurnContext
from satark_words.reading import STORY, Asked, AskedChoice, Asks

_WHOM: Final = "police_unit"
_WHOSE_VOICE: Final = "whose_voice"
"""The lexicon's names of two questions: whom a tip accuses, and whose voice is in a recording."""
_OTHER_STATION: Final = "other_station"
"""The lexicon's name of the unit that another step names."""
_ASKS: Final[dict[str, Asks]] = {"text": "text", "place": "place", "media": "media", "review": "review"}


def asked_of(context: TurnContext, name: str, question: Question) -> Asked:
    """Describe the question with this id for the reading."""
    step = None if name.startswith("@") else context.loaded.flow.by_id.get(name)
    options = tuple(
        AskedChoice(o.code, o.label, o.words, acts=bool(act_of(context, name, o.code)), unit=_unit(step, o.code))
        for o in question.options
    )
    return Asked(
        name=_sense(context, name, step),
        asks=_asks(name, step, has_options=bool(options)),
        options=options,
        actions=question.actions,
        opening=name in {"@language", context.loaded.opening_step},
    )


def named_option(context: TurnContext, name: str, question: Question, folded: str) -> str:
    """Return the option that a text names. The spellings of the commands yes, no and don't know count too."""
    if not folded or not question.options:
        return ""
    code = option_named(context, name, question, folded)
    word = context.loaded.commands.command(folded)
    return code or (word if word in {option.code for option in question.options} else "")


def _sense(context: TurnContext, name: str, step: Step | None) -> str:
    """Name a question as the lexicon does: by the meaning of its step, or by its id if it has no special meaning."""
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
