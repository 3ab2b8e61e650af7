"""Handoff: a code that moves a draft to another channel, and how the session continues there."""

import msgspec

from satark.api.flow import Question
from satark.api.inbound import Event, Text
from satark.dialogue.session import Session, Turn
from satark.dialogue.shown_receipt import group_digits
from satark.dialogue.states.mailbox import MAX_WRONG_CODES, ask_code
from satark.dialogue.turn.context import BaseState, TurnContext


class HandoffCodeState(BaseState):
    """Waits for the code that was given on the other channel. Ingest checks the code."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        return "@elsewhere", Question(text=context.text("elsewhere.ask"), actions=("leave",), wants="code")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Say that the text contains no code. A text with a code is handled before."""
        del code
        return context.ask("elsewhere.none") if isinstance(event, Text) else None

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        if name not in {"leave", "back", "cancel", "skip", "done", "delete"}:
            return None
        context.leave_menu()
        return context.ask()


def request_handoff(context: TurnContext) -> Turn:
    """Request a code for the draft. Without a draft, ask for the code of a draft on another channel."""
    if context.session.submitted:
        return context.ask("elsewhere.sent")
    if not context.session.has_draft:
        return ask_code(context, "@elsewhere")
    if context.session.state.startswith("@"):
        context.leave_menu()
    return context.turn(context.session, None, issue_handoff_code=True)


def redeem_code(context: TurnContext) -> Turn:
    """Request the session of the code in the event, unless that would lose the draft on this channel."""
    if context.session.has_draft or context.session.submitted:
        return context.ask("elsewhere.busy")
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        return ask_code(context, "@elsewhere")
    return context.turn(context.session, None, redeem_handoff_code=True)


def show_code(context: TurnContext, code: str, minutes: int) -> Turn:
    """Show the code above the current question: until it is used, the conversation goes on here.

    A link to the website contains the code behind the `#`, which browsers send to no server.
    """
    said, website = context.text("elsewhere.code", code=group_digits(code), minutes=minutes), context.loaded.website
    context.said.append(said.replace(website, f"{website}#{code}") if website else said)
    return context.ask(must_arrive=True)


def resume(context: TurnContext, session: Session | None) -> Turn:
    """Continue with the session that a code brought; None: refuse the code, in one wording for wrong and expired."""
    if session is None:
        context.change(wrong_codes=context.session.wrong_codes + 1)
        if context.session.wrong_codes < MAX_WRONG_CODES:
            context.say("code.wrong")
        return ask_code(context, "@elsewhere")
    move(context, msgspec.structs.replace(session, aloud=context.session.aloud, mailbox=None, handoff_code=""))
    if context.session.state.startswith("@"):
        context.leave_menu()
    return context.ask("elsewhere.here")


def move(context: TurnContext, session: Session) -> None:
    """Continue another channel's session on this channel, except for the fields that depend on the channel.

    Texts that this channel words differently are said again.
    """
    here = context.session
    context.session = msgspec.structs.replace(
        session, channel=here.channel, erasable=here.erasable, reachable=here.reachable, speaks=here.speaks,
        forms=here.forms, form_token=here.form_token, form_offered=here.form_offered, calls=here.calls, page=0,
        said="",
    )  # fmt: skip
    texts, channel = context.catalogue, context.session.channel
    own = [step.id for step in context.loaded.steps if step.type.part == "say" and f"{step.id}.{channel}" in texts]
    context.change(answers=context.session.answers_without(*own))
