"""A whole tip in one message: what is not told counts as not known, and the tip goes off at once.

It is for those who have one message's time, or one message's money; and for those who fell silent in the middle, and
then left a word: it goes off with all that they had told.
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

_UNTOLD: Final = ("unknown", "OTHER")
"""Options that say nothing, the better one first."""


def submit_complete_tip(context: TurnContext, event: CompleteTip) -> Turn | None:
    """Hand the tip in; None where something is under way already, which the words then belong to."""
    session = context.session
    under_way = session.has_draft and not event.last
    if under_way or session.submitted or session.mailbox is not None or not context.loaded.opening_step:
        return None
    words = event.told.body if isinstance(event.told, Text) else event.told.caption
    context.change(state="", language=session.language or _language(context, words))
    if context.state is not DRAFT:
        return None
    if context.loaded.opening_step in context.session.answers:
        accept_unsolicited(context, event.told)
    while (step := context.step) is not None and step.type.part != "submit":
        context.set_answer(
            step.id,
            _told(context, step, event.told) if step.id == context.loaded.opening_step else _untold(context, step),
        )
    return go_on(context)


def _told(context: TurnContext, step: Step, told: Text | Media) -> GivenAnswer:
    if isinstance(told, Media):
        ordinal = context.add_file(told, step.id)
        return GivenAnswer({"voice": ordinal}, context.source, (ordinal,))
    result = step.type.accept(step, told, context.view(step))
    return GivenAnswer(result.value if isinstance(result, AcceptedAnswer) else told.body, context.source)


def _untold(context: TurnContext, step: Step) -> GivenAnswer:
    codes = {option.code for option in step.type.ask(step, context.view(step)).options}
    return GivenAnswer(next((code for code in _UNTOLD if code in codes), None), context.source)


def _language(context: TurnContext, body: str) -> str:
    """The language whose name for itself is written in the text's script; the first one where none is."""
    languages = context.loaded.flow.languages
    names = {language: context.loaded.catalogues[language].text("language.name") for language in languages}
    written = _script(body)
    return next((language for language in languages if _script(names[language]) == written), languages[0])


def _script(text: str) -> str:
    """The script of the first letter, as Unicode's names begin with it."""
    letter = next((char for char in text if char.isalpha()), "")
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""
