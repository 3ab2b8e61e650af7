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
from satark.dialogue.turn.loaded_flow import has_draft

_UNTOLD: Final = ("unknown", "OTHER")
"""Options that say nothing, the better one first."""


def submit_complete_tip(talk: TurnContext, event: CompleteTip) -> Turn | None:
    """Hand the tip in; None where something is under way already, which the words then belong to."""
    session = talk.session
    under_way = has_draft(session) and not event.last
    if under_way or session.submitted or session.mailbox is not None or not talk.script.opening:
        return None
    words = event.told.body if isinstance(event.told, Text) else event.told.caption
    talk.change(mode="", language=session.language or _language(talk, words))
    if talk.room is not DRAFT:
        return None
    if talk.script.opening in talk.session.answers:
        accept_unsolicited(talk, event.told)
    while (step := talk.step) is not None and step.type.part != "submit":
        talk.answer(step.id, _told(talk, step, event.told) if step.id == talk.script.opening else _untold(talk, step))
    return go_on(talk)


def _told(talk: TurnContext, step: Step, told: Text | Media) -> GivenAnswer:
    if isinstance(told, Media):
        ordinal = talk.keep(told, step.id)
        return GivenAnswer({"voice": ordinal}, talk.source, (ordinal,))
    result = step.type.accept(step, told, talk.view(step))
    return GivenAnswer(result.value if isinstance(result, AcceptedAnswer) else told.body, talk.source)


def _untold(talk: TurnContext, step: Step) -> GivenAnswer:
    codes = {offer.code for offer in step.type.ask(step, talk.view(step)).offers}
    return GivenAnswer(next((code for code in _UNTOLD if code in codes), None), talk.source)


def _language(talk: TurnContext, body: str) -> str:
    """The language whose name for itself is written in the text's script; the first one where none is."""
    languages = talk.script.flow.languages
    names = {language: talk.script.catalogues[language].text("language.name") for language in languages}
    written = _script(body)
    return next((language for language in languages if _script(names[language]) == written), languages[0])


def _script(text: str) -> str:
    """The script of the first letter, as Unicode's names begin with it."""
    letter = next((char for char in text if char.isalpha()), "")
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""
