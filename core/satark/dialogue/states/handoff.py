"""Going on elsewhere: a code for a draft that is to be continued on another channel, and the arrival there."""

from __future__ import annotations

import msgspec

from satark.channel import Event, Text
from satark.codes import group_digits
from satark.dialogue.session import Session, Turn
from satark.dialogue.states.mailbox import MAX_WRONG_CODES
from satark.dialogue.steps.contract import Question
from satark.dialogue.turn.context import BaseState, TurnContext
from satark.dialogue.turn.loaded_flow import has_draft, without


class HandoffCodeState(BaseState):
    """Waits for the code that was given on the other channel; what opens it is the intake's business."""

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """Ask for it."""
        return "@elsewhere", Question(
            text=talk.script.said(talk.session, "elsewhere.ask"), actions=("leave",), wants="code"
        )

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Whatever gets here is no code."""
        del code
        if isinstance(event, Text):
            talk.say("elsewhere.none")
            return talk.ask()
        return None

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """Leave."""
        if name not in {"leave", "back", "cancel", "skip", "done", "delete"}:
            return None
        talk.home()
        return talk.ask()


def go_elsewhere(talk: TurnContext) -> Turn:
    """Ask for a code to take the draft along; without a draft, ask for the code of one that is elsewhere."""
    if talk.session.submitted:
        talk.say("elsewhere.sent")
        return talk.ask()
    if not has_draft(talk.session):
        return _ask(talk)
    if talk.session.mode.startswith("@"):
        talk.home()
    return talk.turn(talk.session, None, depart=True)


def arrive(talk: TurnContext) -> Turn:
    """Ask the intake for what a code stands for; a draft that is here already would be lost by it."""
    if has_draft(talk.session) or talk.session.submitted:
        talk.say("elsewhere.busy")
        return talk.ask()
    if talk.session.wrong_codes >= MAX_WRONG_CODES:
        return _ask(talk)
    return talk.turn(talk.session, None, arrive=True)


def departing(talk: TurnContext, code: str, minutes: int) -> Turn:
    """Tell the code, above the question in force: until it is used, the conversation goes on here."""
    talk.say("elsewhere.code", code=group_digits(code), minutes=minutes)
    return talk.ask(keep=True)


def arrived(talk: TurnContext, brought: Session | None) -> Turn:
    """Go on with what was brought; with None, say the same words for a wrong code and for one that had its time."""
    if brought is None:
        talk.change(wrong_codes=talk.session.wrong_codes + 1)
        if talk.session.wrong_codes < MAX_WRONG_CODES:
            talk.say("code.wrong")
        return _ask(talk)
    here = talk.session
    talk.session = msgspec.structs.replace(
        brought,
        channel=here.channel,
        erasable=here.erasable,
        reachable=here.reachable,
        mailbox=None,
        handoff_code="",
        page=0,
        said="",
    )
    if talk.session.mode.startswith("@"):
        talk.home()
    # What this channel says in its own words, such as who knows of it, was never said here.
    texts = talk.script.texts(talk.session)
    own = [step.id for step in talk.script.steps if step.type.part == "say" and f"{step.id}.{here.channel}" in texts]
    talk.change(answers=without(talk.session.answers, *own))
    talk.say("elsewhere.here")
    return talk.ask()


def _ask(talk: TurnContext) -> Turn:
    if talk.session.wrong_codes >= MAX_WRONG_CODES:
        talk.home()
        talk.say("code.closed")
    else:
        talk.change(mode="@elsewhere")
    return talk.ask()
