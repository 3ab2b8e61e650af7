"""The mailbox: what a receipt opens. Status, the police's messages and question, and the tipster's answer."""

from __future__ import annotations

import msgspec

from satark.channel import Event, Media, Pin, Text
from satark.dialogue.session import Mailbox, Turn
from satark.dialogue.states.draft import go_on
from satark.dialogue.steps.contract import Option, Question
from satark.dialogue.turn.context import BaseState, TurnContext
from satark.dialogue.turn.loaded_flow import has_draft
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

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """Ask for it."""
        return "@code", Question(text=talk.script.said(talk.session, "code.ask"), actions=("leave",), wants="code")

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Whatever gets here is no code."""
        del code
        if isinstance(event, Text):
            talk.say("code.none")
            return talk.ask()
        return None

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """Leave, or begin afresh."""
        if name == "restart":
            return _afresh(talk)
        return leave(talk) if name in _LEAVE else None


class MailboxState(BaseState):
    """An open mailbox: whatever is typed or sent goes to the police."""

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """The three ways to deal with the police's question, or an invitation to write."""
        texts = talk.script.texts(talk.session)
        if talk.session.mailbox and talk.session.mailbox.question is not None:
            offers = tuple(_offer(talk, "mailbox", code) for code in _ANSWERS)
            return "@mailbox", Question(
                text=texts.text("mailbox.question"), offers=offers, actions=("leave",), wants="choice", free=True
            )
        text = talk.script.said(talk.session, "mailbox.ask")
        return "@mailbox", Question(text=text, actions=("leave",), wants="text", free=True)

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Pass on what was said or sent."""
        if code == "answer":
            talk.change(mode="@answer")
            return talk.ask()
        if code:
            return _post(talk, talk.script.texts(talk.session).text(f"mailbox.{code}"))
        if isinstance(event, Text) and event.body.strip():
            return _post(talk, event.body.strip())
        if isinstance(event, Media):
            return _file(talk, event)
        if isinstance(event, Pin):
            return _post(talk, f"{event.latitude:.6f}, {event.longitude:.6f} {event.name} {event.address}".strip())
        return None

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """Leave, answer, or begin afresh."""
        if name == "restart":
            return _afresh(talk)
        waiting = talk.session.mailbox is not None and talk.session.mailbox.question is not None
        if name == "reply":
            talk.change(mode="@answer")
            return talk.ask()
        if name in {"skip", "no"} and waiting:
            return _post(talk, talk.script.texts(talk.session).text("mailbox.decline"))
        return leave(talk) if name in _LEAVE or name in {"skip", "edit"} else None


class ReplyState(MailboxState):
    """Waits for the answer to the police's question."""

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """Ask for it."""
        text = talk.script.said(talk.session, "mailbox.write")
        return "@answer", Question(text=text, actions=("back",), wants="text", free=True)

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """Go back to the mailbox, or begin afresh."""
        if name == "restart":
            return _afresh(talk)
        if name in _LEAVE or name == "skip":
            talk.home()
            return talk.ask()
        return None


class FeedbackState(MailboxState):
    """Whether what the police did has helped."""

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """Yes, no, or it began again."""
        texts = talk.script.texts(talk.session)
        offers = tuple(_offer(talk, "feedback", code) for code in _FEEDBACK)
        return "@feedback", Question(text=texts.text("feedback.ask"), offers=offers, actions=("leave",), wants="choice")

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Pass the answer on; anything else is a message."""
        if not code:
            return super().hear(talk, "", event)
        texts = talk.script.texts(talk.session)
        return _post(talk, f"{texts.text('feedback.ask')} {texts.text(f'feedback.{code}')}")


def show(talk: TurnContext, mailbox: Mailbox) -> Turn:
    """Show what a receipt opened."""
    talk.change(
        mode="@mailbox",
        mailbox=mailbox.open,
        language=talk.session.language or mailbox.language,
        wrong_codes=0,
    )
    texts = talk.script.texts(talk.session)
    shown = [message for message in mailbox.messages if not message.internal]
    latest = next((message for message in reversed(shown) if message.status), None)
    status = latest.status if latest and latest.status else "RECEIVED"
    reason = latest.text if latest and latest.text else texts.text("status.no_reason")
    sentence = texts.text(f"status.{status}.text", reason=reason)
    talk.say("mailbox.show", number=mailbox.open.number, status=texts.text(f"status.{status}"), sentence=sentence)
    for one in mailbox.untold:
        talk.say(f"file.{one.what}", megabytes=one.megabytes)
    told = latest if "{reason}" in texts.get(f"status.{status}.text") else None
    for message in _news(shown):
        if message.text and message is not told:
            talk.say("mailbox.asked" if message.question else "mailbox.message", text=message.text)
    if status in _ASKS_FEEDBACK and mailbox.open.question is None and _news(shown):
        talk.change(mode="@feedback")
    return talk.ask(keep=True)


def wrong(talk: TurnContext) -> Turn:
    """A code that opens nothing: the same words for a wrong and for an unknown one."""
    talk.change(wrong_codes=talk.session.wrong_codes + 1, mailbox=None)
    if talk.session.wrong_codes >= MAX_WRONG_CODES:
        talk.home()
        talk.say("code.closed")
    else:
        talk.change(mode="@code")
        talk.say("code.wrong")
    return talk.ask()


def ask_code(talk: TurnContext) -> Turn:
    """Ask for the receipt code, unless too many wrong ones were tried."""
    talk.change(mailbox=None)
    if talk.session.wrong_codes >= MAX_WRONG_CODES:
        talk.home()
        talk.say("code.closed")
    else:
        talk.change(mode="@code")
    return talk.ask()


def leave(talk: TurnContext) -> Turn:
    """Close the mailbox and go back to where it was; where nothing was, the conversation ends."""
    opened = talk.session.mailbox is not None
    talk.change(mailbox=None)
    talk.home()
    if not opened:
        return go_on(talk)
    if not has_draft(talk.session) and not talk.session.submitted:
        return talk.end("mailbox.left")
    talk.say("mailbox.closed")
    return go_on(talk)


def _afresh(talk: TurnContext) -> Turn | None:
    """Close the mailbox, and begin afresh as one does where it was."""
    talk.change(mailbox=None)
    talk.home()
    return talk.room.command(talk, "restart")


def _offer(talk: TurnContext, menu: str, code: str) -> Option:
    texts = talk.script.texts(talk.session)
    return Option(code, texts.text(f"{menu}.{code}"), words=texts.words(f"{menu}.{code}.words"))


def _news(messages: list[Message]) -> list[Message]:
    """What the desks wrote since the tipster last did."""
    news: list[Message] = []
    for message in messages:
        news = [] if message.sender == "tipster" else [*news, message]
    return news


def _file(talk: TurnContext, media: Media) -> Turn:
    ordinal = talk.keep_later(media, "message")
    texts = talk.script.texts(talk.session)
    said = texts.text("mailbox.file", ordinal=ordinal)
    return _post(talk, f"{said} {media.caption}".strip())


def _post(talk: TurnContext, text: str) -> Turn:
    """Hand a message to the intake, as the answer to the police's question where one waits."""
    box = talk.session.mailbox
    if box is None:
        return leave(talk)
    if len(text) > _LONGEST:
        talk.say("mailbox.long")
    message = Message(sender="tipster", text=truncate(replace_surrogates(text), _LONGEST), answers=box.question)
    talk.change(mode="@mailbox", mailbox=msgspec.structs.replace(box, question=None))
    talk.say("mailbox.posted")
    return talk.ask(post=message)
