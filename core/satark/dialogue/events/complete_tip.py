"""Submit a complete tip that came in one message. What it does not tell counts as unknown.

It is for those who have time, or money, for one message only; and for callers who fell silent and then left a message:
the tip is submitted with all that they had told before.
"""

from __future__ import annotations

import re
from typing import Final

from satark.api.channel import CompleteTip, Event, Media, Text
from satark.api.flow import AcceptedAnswer, Step, unknown_option
from satark.dialogue.events.wording import words_of
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.opening import fill_in_unasked, language_of
from satark.dialogue.states.unsolicited import accept_unsolicited
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import LoadedFlow
from satark_words.reading import STORY, Asked, Kind
from satark_words.tokens import fold

_FEWEST_WORDS: Final = 3
"""Words of the shortest tip that is submitted at once in a chat, where asking back costs nothing."""
_MARKED: Final = re.compile(r"\s*([^\s:.,-]+)[\s:.,-]+(.*)", re.DOTALL)


def complete_tip_of(loaded: LoadedFlow, event: Event) -> CompleteTip | None:
    """Return the complete tip that a typed text is: `TIP` and what happens; None where it is anything else."""
    if not isinstance(event, Text) or (found := _MARKED.fullmatch(event.body)) is None:
        return None
    if fold(found[1]) not in loaded.tip_words or len(found[2].split()) < _FEWEST_WORDS:
        return None
    return CompleteTip(Text(found[2].strip()), typed=event) if _tells_a_tip(loaded, found[2]) else None


def is_complete_tip(loaded: LoadedFlow, event: Event) -> bool:
    """Whether an event is a complete tip, marked by its channel or by its words."""
    if not isinstance(event, CompleteTip):
        return complete_tip_of(loaded, event) is not None
    return event.typed is None or _tells_a_tip(loaded, words_of(event))


def _tells_a_tip(loaded: LoadedFlow, body: str) -> bool:
    """Whether words that follow `TIP` are a tip: no talk about tips, and no word against sending beside a negation."""
    reading = loaded.reader.read(body, Asked(name=STORY, asks="text"))
    words = fold(body).split()
    if not words or words[0] in loaded.words_after_tip or reading.kind not in {Kind.CONTENT, Kind.DANGER}:
        return False
    return not (reading.negated and any(word.startswith(loaded.sending_stems) for word in words))


def submit_complete_tip(context: TurnContext, event: CompleteTip) -> Turn | None:
    """Submit the tip; None where a draft is under way, to which the words then belong, and where they tell no tip."""
    session, opening = context.session, context.loaded.opening_step
    under_way = session.has_draft and not event.last
    if under_way or session.submitted or session.mailbox is not None or not opening:
        return None
    if not is_complete_tip(context.loaded, event):
        return None
    words = words_of(event)
    context.change(state="", language=session.language or language_of(context, words))
    if context.state is not DRAFT:
        return None
    context.hear_dangers(words)
    fill_in_unasked(context, context.loaded.reader.open(context.analysis(words)))
    if opening in context.session.answers:
        accept_unsolicited(context, event.content)
    while (step := context.step) is not None and step.type.part != "submit":
        answer = _answer(context, step, event.content) if step.id == opening else _unknown(context, step)
        context.set_answer(step.id, answer)
    return go_on(context)


def _answer(context: TurnContext, step: Step, event: Text | Media) -> GivenAnswer:
    if isinstance(event, Media):
        ordinal = context.add_file(event, step.id)
        return GivenAnswer({"voice": ordinal}, context.source, (ordinal,))
    result = step.type.accept(step, event, context.view(step))
    return GivenAnswer(result.value if isinstance(result, AcceptedAnswer) else event.body, context.source)


def _unknown(context: TurnContext, step: Step) -> GivenAnswer:
    code = unknown_option(step.type.ask(step, context.view(step)).options)
    return GivenAnswer(code or None, context.source)
