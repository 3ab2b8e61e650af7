"""Submit a complete tip that came in one message. What it does not tell counts as unknown.

It is for those who have time, or money, for one message only; and for callers who fell silent and then left a message:
the tip is submitted with all that they had told before.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from satark.channel import CompleteTip, Media, Text
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.unsolicited import accept_unsolicited
from satark.dialogue.steps.contract import AcceptedAnswer, Step
from satark.dialogue.turn.context import TurnContext

_UNKNOWN: Final = ("unknown", "OTHER")
"""Options that say nothing, the better one first."""


def submit_complete_tip(context: TurnContext, event: CompleteTip) -> Turn | None:
    """Submit the tip; None where a draft is under way, to which the words then belong."""
    session, opening = context.session, context.loaded.opening_step
    under_way = session.has_draft and not event.last
    if under_way or session.submitted or session.mailbox is not None or not opening:
        return None
    words = event.content.body if isinstance(event.content, Text) else event.content.caption
    context.change(state="", language=session.language or _language_of(context, words))
    if context.state is not DRAFT:
        return None
    context.hear_dangers(words)
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
    codes = {option.code for option in step.type.ask(step, context.view(step)).options}
    return GivenAnswer(next((code for code in _UNKNOWN if code in codes), None), context.source)


def _language_of(context: TurnContext, body: str) -> str:
    """The first language that is written in the text's script; the flow's first one if there is none."""
    languages = context.loaded.flow.languages
    names = {language: context.loaded.catalogues[language].text("language.name") for language in languages}
    written = _script(body)
    return next((language for language in languages if _script(names[language]) == written), languages[0])


def _script(text: str) -> str:
    """The script of the first letter, as its Unicode name begins with it."""
    letter = next((char for char in text if char.isalpha()), "")
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""
