"""Keeps a time that is told where it is asked when, of which no option says as much."""

from typing import Final

from satark.api.flow import Step
from satark.dialogue.events.telling import TALK, Telling
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import go_on
from satark.dialogue.states.stories import accept_unsolicited
from satark_words.reading import Kind

_TIMES: Final = (
    "time.clock", "time.often", "time.later", "time.past", "time.coming", "time.today", "d.since", "digits",
)  # fmt: skip
"""Marks of words that tell a time, though some only say that it is over."""
_HOW_OFTEN: Final = "how_often"
"""The step of a flow that asks how often it happens, by its id: it has no meaning for anything but the review."""


def keep_time(words: Telling) -> Turn | None:
    """Keep a time as the day of what was or will be, or as how often it is; None where none is told or asked for."""
    context, reading, step = words.context, words.reading, words.context.step
    told = context.analysis(words.event.body)
    habit, now = told.covered(("time.often", "d.since")), told.covered(("opt.when.now",))
    times = told.covered(_TIMES) - told.covered(("opt.when.was",))
    is_said = told.asks or reading.dangers or reading.kind in TALK - {Kind.WAIT}
    if words.asked.name != "when" or step is None or is_said or not times or (now - habit):
        return None
    is_coming = reading.option == "coming" or told.has("time.coming", "verb.future")
    is_past = reading.option == "past" or told.has("opt.when.was", "time.past")
    _answer(words, step, "" if habit else "coming" if is_coming else "past" if is_past else "")
    return go_on(context)


def _answer(words: Telling, when: Step, code: str) -> None:
    """Answer by `code`, and with the words where the next step asks which day; without a code, how often."""
    context, event = words.context, words.event
    often = context.loaded.flow.by_id.get(_HOW_OFTEN)
    context.set_answer(when.id, GivenAnswer(code, context.source) if code else None)
    if not code:
        picked = (one for one in (*context.session.picked_details, often and often.id) if one and one != when.id)
        context.change(picked_details=tuple(dict.fromkeys(picked)))
    after = context.loaded.steps[context.loaded.steps.index(when) + 1]
    step = after if code and context.step is after and after.type.name == "text" else often
    if step is None:
        accept_unsolicited(context, event)
    else:
        context.add_part(step.id, event.body.strip())
