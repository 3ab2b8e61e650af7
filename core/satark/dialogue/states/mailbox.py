"""The mailbox: what a receipt opens. Status, the police's messages and question, and the tipster's answer."""

from __future__ import annotations

import msgspec

from satark.channel import Event, Media, Pin, Text
from satark.dialogue.session import Mailbox, Turn
from satark.dialogue.states.draft import go_on
from satark.dialogue.steps.contract import Option, Question
from satark.dialogue.turn.context import BaseState, TurnContext
from satark.graphemes import replace_surrogates, truncate
from satark.tip import Message

MAX_WRONG_CODES = 5
"""Wrong codes after which a session opens no mailbox any more."""
_LONGEST = 4000
_ANSWERS = ("answer", "unknown", "decline")
_FEEDBACK = ("yes", "no", "again")
_ASKS_FEEDBACK = frozenset({"ACTED", "CLOSED"})
_LEAVE = frozenset({"leave", "back", "cancel", "delete", "done"})


class ReceiptCodeState(BaseState):
    """Waits for a receipt code. The code itself is the intake's business and is kept nowhere."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Ask for it."""
        return "@code", Question(text=context.text("code.ask"), actions=("leave",), wants="code")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Whatever gets here is no code."""
        del code
        if isinstance(event, Text):
            context.say("code.none")
            return context.ask()
        return None

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Leave, or begin afresh."""
        if name == "restart":
            return _afresh(context)
        return leave(context) if name in _LEAVE else None


class MailboxState(BaseState):
    """An open mailbox: whatever is typed or sent goes to the police."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """The three ways to deal with the police's question, or an invitation to write."""
        texts = context.catalogue
        if context.session.mailbox and context.session.mailbox.question is not None:
            options = tuple(_option(context, "mailbox", code) for code in _ANSWERS)
            return "@mailbox", Question(
                text=texts.text("mailbox.question"), options=options, actions=("leave",), wants="choice", free=True
            )
        text = context.text("mailbox.ask")
        return "@mailbox", Question(text=text, actions=("leave",), wants="text", free=True)

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Pass on what was said or sent."""
        if code == "answer":
            context.change(state="@answer")
            return context.ask()
        if code:
            return _post(context, context.catalogue.text(f"mailbox.{code}"))
        if isinstance(event, Text) and event.body.strip():
            return _post(context, event.body.strip())
        if isinstance(event, Media):
            return _file(context, event)
        if isinstance(event, Pin):
            return _post(context, f"{event.latitude:.6f}, {event.longitude:.6f} {event.name} {event.address}".strip())
        return None

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Leave, answer, or begin afresh."""
        if name == "restart":
            return _afresh(context)
        waiting = context.session.mailbox is not None and context.session.mailbox.question is not None
        if name == "reply":
            context.change(state="@answer")
            return context.ask()
        if name in {"skip", "no"} and waiting:
            return _post(context, context.catalogue.text("mailbox.decline"))
        return leave(context) if name in _LEAVE or name in {"skip", "edit"} else None


class ReplyState(MailboxState):
    """Waits for the answer to the police's question."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Ask for it."""
        text = context.text("mailbox.write")
        return "@answer", Question(text=text, actions=("back",), wants="text", free=True)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Go back to the mailbox, or begin afresh."""
        if name == "restart":
            return _afresh(context)
        if name in _LEAVE or name == "skip":
            context.leave_menu()
            return context.ask()
        return None


class FeedbackState(MailboxState):
    """Whether what the police did has helped."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Yes, no, or it began again."""
        texts = context.catalogue
        options = tuple(_option(context, "feedback", code) for code in _FEEDBACK)
        return "@feedback", Question(
            text=texts.text("feedback.ask"), options=options, actions=("leave",), wants="choice"
        )

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Pass the answer on; anything else is a message."""
        if not code:
            return super().handle_event(context, "", event)
        texts = context.catalogue
        return _post(context, f"{texts.text('feedback.ask')} {texts.text(f'feedback.{code}')}")


def show(context: TurnContext, mailbox: Mailbox) -> Turn:
    """Show what a receipt opened."""
    context.change(
        state="@mailbox",
        mailbox=mailbox.open,
        language=context.session.language or mailbox.language,
        wrong_codes=0,
    )
    texts = context.catalogue
    shown = [message for message in mailbox.messages if not message.internal]
    latest = next((message for message in reversed(shown) if message.status), None)
    status = latest.status if latest and latest.status else "RECEIVED"
    reason = latest.text if latest and latest.text else texts.text("status.no_reason")
    sentence = texts.text(f"status.{status}.text", reason=reason)
    context.say("mailbox.show", number=mailbox.open.number, status=texts.text(f"status.{status}"), sentence=sentence)
    for one in mailbox.file_notices:
        context.say(f"file.{one.what}", megabytes=one.megabytes)
    told = latest if "{reason}" in texts.get(f"status.{status}.text") else None
    for message in _news(shown):
        if message.text and message is not told:
            context.say("mailbox.asked" if message.question else "mailbox.message", text=message.text)
    if status in _ASKS_FEEDBACK and mailbox.open.question is None and _news(shown):
        context.change(state="@feedback")
    return context.ask(must_arrive=True)


def wrong(context: TurnContext) -> Turn:
    """A code that opens nothing: the same words for a wrong and for an unknown one."""
    context.change(wrong_codes=context.session.wrong_codes + 1, mailbox=None)
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        context.leave_menu()
        context.say("code.closed")
    else:
        context.change(state="@code")
        context.say("code.wrong")
    return context.ask()


def ask_code(context: TurnContext) -> Turn:
    """Ask for the receipt code, unless too many wrong ones were tried."""
    context.change(mailbox=None)
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        context.leave_menu()
        context.say("code.closed")
    else:
        context.change(state="@code")
    return context.ask()


def leave(context: TurnContext) -> Turn:
    """Close the mailbox and go back to where it was; where nothing was, the conversation ends."""
    opened = context.session.mailbox is not None
    context.change(mailbox=None)
    context.leave_menu()
    if not opened:
        return go_on(context)
    if not context.session.has_draft and not context.session.submitted:
        return context.end("mailbox.left")
    context.say("mailbox.closed")
    return go_on(context)


def _afresh(context: TurnContext) -> Turn | None:
    """Close the mailbox, and begin afresh as one does where it was."""
    context.change(mailbox=None)
    context.leave_menu()
    return context.state.handle_command(context, "restart")


def _option(context: TurnContext, menu: str, code: str) -> Option:
    texts = context.catalogue
    return Option(code, texts.text(f"{menu}.{code}"), words=texts.words(f"{menu}.{code}.words"))


def _news(messages: list[Message]) -> list[Message]:
    """What the desks wrote since the tipster last did."""
    news: list[Message] = []
    for message in messages:
        news = [] if message.sender == "tipster" else [*news, message]
    return news


def _file(context: TurnContext, media: Media) -> Turn:
    ordinal = context.add_mailbox_file(media, "message")
    texts = context.catalogue
    said = texts.text("mailbox.file", ordinal=ordinal)
    return _post(context, f"{said} {media.caption}".strip())


def _post(context: TurnContext, text: str) -> Turn:
    """Hand a message to the intake, as the answer to the police's question where one waits."""
    box = context.session.mailbox
    if box is None:
        return leave(context)
    if len(text) > _LONGEST:
        context.say("mailbox.long")
    message = Message(sender="tipster", text=truncate(replace_surrogates(text), _LONGEST), answers=box.question)
    context.change(state="@mailbox", mailbox=msgspec.structs.replace(box, question=None))
    context.say("mailbox.posted")
    return context.ask(post=message)
