"""Going on elsewhere: a code for a draft that is to be continued on another channel, and the arrival there."""

from __future__ import annotations

import msgspec

from satark.channel import Event, Text
from satark.codes import group_digits
from satark.dialogue.session import Session, Turn
from satark.dialogue.states.mailbox import MAX_WRONG_CODES
from satark.dialogue.steps.contract import Question
from satark.dialogue.turn.context import BaseState, TurnContext


class HandoffCodeState(BaseState):
    """Waits for the code that was given on the other channel; what opens it is the intake's business."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Ask for it."""
        return "@elsewhere", Question(text=context.text("elsewhere.ask"), actions=("leave",), wants="code")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Whatever gets here is no code."""
        del code
        if isinstance(event, Text):
            context.say("elsewhere.none")
            return context.ask()
        return None

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Leave."""
        if name not in {"leave", "back", "cancel", "skip", "done", "delete"}:
            return None
        context.leave_menu()
        return context.ask()


def go_elsewhere(context: TurnContext) -> Turn:
    """Ask for a code to take the draft along; without a draft, ask for the code of one that is elsewhere."""
    if context.session.submitted:
        context.say("elsewhere.sent")
        return context.ask()
    if not context.session.has_draft:
        return _ask(context)
    if context.session.state.startswith("@"):
        context.leave_menu()
    return context.turn(context.session, None, issue_handoff_code=True)


def arrive(context: TurnContext) -> Turn:
    """Ask the intake for what a code stands for; a draft that is here already would be lost by it."""
    if context.session.has_draft or context.session.submitted:
        context.say("elsewhere.busy")
        return context.ask()
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        return _ask(context)
    return context.turn(context.session, None, redeem_handoff_code=True)


def departing(context: TurnContext, code: str, minutes: int) -> Turn:
    """Tell the code, above the question in force: until it is used, the conversation goes on here."""
    context.say("elsewhere.code", code=group_digits(code), minutes=minutes)
    return context.ask(must_arrive=True)


def arrived(context: TurnContext, brought: Session | None) -> Turn:
    """Go on with what was brought; with None, say the same words for a wrong code and for one that had its time."""
    if brought is None:
        context.change(wrong_codes=context.session.wrong_codes + 1)
        if context.session.wrong_codes < MAX_WRONG_CODES:
            context.say("code.wrong")
        return _ask(context)
    here = context.session
    context.session = msgspec.structs.replace(
        brought,
        channel=here.channel,
        erasable=here.erasable,
        reachable=here.reachable,
        mailbox=None,
        handoff_code="",
        page=0,
        said="",
    )
    if context.session.state.startswith("@"):
        context.leave_menu()
    # What this channel says in its own words, such as who knows of it, was never said here.
    texts = context.catalogue
    own = [step.id for step in context.loaded.steps if step.type.part == "say" and f"{step.id}.{here.channel}" in texts]
    context.change(answers=context.session.answers_without(*own))
    context.say("elsewhere.here")
    return context.ask()


def _ask(context: TurnContext) -> Turn:
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        context.leave_menu()
        context.say("code.closed")
    else:
        context.change(state="@elsewhere")
    return context.ask()
