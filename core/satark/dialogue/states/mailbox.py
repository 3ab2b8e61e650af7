"""The mailbox that a receipt code opens: status, the police's messages and question, and the tipster's answer."""

import msgspec

from satark.api.flow import Question
from satark.api.inbound import Event, Media, Pin, Text
from satark.api.tip import Feedback, Message
from satark.dialogue.session import Mailbox, Turn
from satark.dialogue.states.draft import go_on
from satark.dialogue.tip_status import FEEDBACK_STATUSES, present_status
from satark.dialogue.turn.context import BaseState, TurnContext
from satark.dialogue.turn.receipt_digits import without_codes
from satark.dialogue.turn.session_changes import KEEP
from satark_words.contacts import find_contact
from satark_words.graphemes import replace_surrogates, truncate

MAX_WRONG_CODES = 5
"""Number of wrong codes after which a session can't open a mailbox."""
_TEXTS_WITHOUT_CODE = 2
"""Number of texts without a code in a row after which the code counts as lost. Otherwise the question would repeat
endlessly."""
_MAX_LENGTH = 4000
_ANSWERS = ("answer", "unknown", "decline")
_FEEDBACK: tuple[Feedback, ...] = ("yes", "no", "again")
_LEAVES = frozenset({"leave", "back", "cancel", "delete", "done"})


class ReceiptCodeState(BaseState):
    """Waits for a receipt code. Ingest checks the code, which is stored nowhere."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        return "@code", Question(text=context.text("code.ask"), actions=("leave",), wants="code")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Say that there is no code in the text; the second time, what a lost code means. Codes never come here."""
        del code
        if not isinstance(event, Text):
            return None
        context.change(without_code=context.session.without_code + 1)
        if context.session.without_code < _TEXTS_WITHOUT_CODE:
            return context.ask("code.none")
        context.change(without_code=0)
        context.say("reply.remark.code")
        return close_mailbox(context)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        return _restart(context) if name == "restart" else close_mailbox(context) if name in _LEAVES else None


class MailboxState(BaseState):
    """An open mailbox. Everything that is typed or sent goes to the police."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Offer the three ways to answer the police's question, or invite a message."""
        if context.session.mailbox and context.session.mailbox.question is not None:
            options = tuple(context.option("mailbox", code) for code in _ANSWERS)
            text = context.catalogue.text("mailbox.question")
            return "@mailbox", Question(text=text, options=options, actions=("leave",), wants="choice", free=True)
        text = context.text("mailbox.ask")
        return "@mailbox", Question(text=text, actions=("leave",), wants="text", free=True)

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Post what was typed or sent."""
        if code == "answer":
            context.change(state="@answer")
            return context.ask()
        if code:
            return _post(context, context.catalogue.text(f"mailbox.{code}"))
        if isinstance(event, Media | Pin) or (isinstance(event, Text) and event.body.strip()):
            return _post(context, event)
        return None

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        if name == "restart":
            return _restart(context)
        waiting = context.session.mailbox is not None and context.session.mailbox.question is not None
        if name == "reply":
            context.change(state="@answer")
            return context.ask()
        if name in {"skip", "no"} and waiting:
            return _post(context, context.catalogue.text("mailbox.decline"))
        return close_mailbox(context) if name in _LEAVES or name in {"skip", "edit"} else None


class ReplyState(MailboxState):
    """Waits for the answer to the police's question."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        return "@answer", Question(text=context.text("mailbox.write"), actions=("back",), wants="text", free=True)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        if name in _LEAVES or name == "skip":
            context.leave_menu()
            return context.ask()
        return super().handle_command(context, name) if name in {"restart", "reply"} else None


class FeedbackState(MailboxState):
    """Asks whether the work of the police has helped."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Offer yes, no, and "it began again"."""
        options = tuple(context.option("feedback", code) for code in _FEEDBACK)
        text = context.catalogue.text("feedback.ask")
        return "@feedback", Question(text=text, options=options, actions=("leave",), wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Post the answer; post anything else as a message."""
        if code not in _FEEDBACK:
            if isinstance(event, Text) and event.body.strip():
                return _post(context, event.body.strip(), "words")
            return super().handle_event(context, "", event)
        texts = context.catalogue
        return _post(context, f"{texts.text('feedback.ask')} {texts.text(f'feedback.{code}')}", code)


def add_to_tip(context: TurnContext, event: Text | Media | Pin, *, is_wished: bool = False) -> Turn:
    """Add something to the tip that was just sent, and ask again whether its sender may be contacted.

    Words that may identify the tipster are held and asked about first, unless `is_wished`. If the tip was erased
    meanwhile, say so.
    """
    if (sent := context.session.sent) and sent.erased:
        return tell_erased(context, sent.number, is_told=True)
    text = event.body if isinstance(event, Text) else ""
    if not is_wished and (spans := context.loaded.reader.own_identity(context.analysis(text))):
        context.say("identity.added", words=", ".join(f"«{text[one.start : one.end]}»" for one in spans))
        context.hold(text)
        context.suggest(KEEP)
        return context.ask()
    message = tipsters_message(context, _message_text(context, event))
    context.say("reach.added")
    refuses(context)
    return context.ask(post=message)


def hold_back(context: TurnContext) -> Turn | None:
    """Ask again if the words are refused; else return None."""
    return context.ask() if refuses(context) else None


def refuses(context: TurnContext) -> bool:
    """Refuse words that accuse an office that may have the tip. If the same words come again, accept them."""
    if not context.newly_accused:
        return False
    context.say("accused.has_tip", command=context.text("command.restart"))
    return True


def tipsters_message(context: TurnContext, text: str) -> Message:
    """Make a tipster's message to the desks, without the code of their receipt and cut to the greatest length."""
    return Message(sender="tipster", text=truncate(replace_surrogates(without_codes(context, text)), _MAX_LENGTH))


def _message_text(context: TurnContext, event: Text | Media | Pin) -> str:
    """Return a told event as the text of a message. A file is fetched, and its ordinal stands in the text."""
    if isinstance(event, Media):
        ordinal = context.add_mailbox_file(event, "message")
        return f"{context.catalogue.text('mailbox.file', ordinal=ordinal)} {event.caption}".strip()
    if isinstance(event, Pin):
        return f"{event.latitude:.6f}, {event.longitude:.6f} {event.name} {event.address}".strip()
    return event.body.strip()


def show_mailbox(context: TurnContext, mailbox: Mailbox) -> Turn:
    """Show the mailbox that a receipt code opened. If it is open already, post the words that stood beside the code."""
    was, is_beside = context.session.mailbox, context.session.state != "@code"
    if was and is_beside and was.tip == mailbox.open.tip:
        *held, (_, words) = context.session.held
        context.change(held=tuple(held))
        return _post(context, words)
    language = context.session.language or mailbox.language
    if mailbox.erased:
        context.change(language=language, wrong_codes=0)
        return tell_erased(context, mailbox.open.number)
    context.change(state="@mailbox", mailbox=mailbox.open, language=language, wrong_codes=0)
    texts = context.catalogue
    shown = [_without_contact(context, message) for message in mailbox.messages if not message.internal]
    latest = next((message for message in reversed(shown) if message.status), None)
    status = present_status(shown)
    reason = latest.text if latest and latest.text else texts.text("status.no_reason")
    news = _since_the_tipster_wrote(shown)
    has_answered = status == "NEED_INFO" and mailbox.open.question is None and latest not in news
    sentence = texts.text("mailbox.answered" if has_answered else f"status.{status}.text", reason=reason)
    context.say("mailbox.show", number=mailbox.open.number, status=texts.text(f"status.{status}"), sentence=sentence)
    for notice in mailbox.file_notices:
        context.say(f"file.{notice.what}", **notice.values)
    in_sentence = latest if "{reason}" in texts.get(f"status.{status}.text") else None
    for message in _last_words(shown, mailbox.asked and _without_contact(context, mailbox.asked)):
        if message.text and message is not in_sentence:
            context.say("mailbox.asked" if message.question else "mailbox.message", text=message.text)
            context.police_words.append(message.text)
    if status in FEEDBACK_STATUSES and mailbox.open.question is None and news:
        context.change(state="@feedback")
    if context.session.held and (is_beside or not context.session.answers):  # they stood beside the code
        context.suggest(KEEP)
    return context.ask(must_arrive=True)


def _without_contact(context: TurnContext, message: Message) -> Message:
    """Return a message without a text that leads the tipster elsewhere: an officer's own program may have sent it."""
    is_safe = message.sender == "tipster" or not find_contact(message.text)
    return message if is_safe else msgspec.structs.replace(message, text=context.catalogue.text("mailbox.withheld"))


def tell_erased(context: TurnContext, number: str, *, is_told: bool = False) -> Turn:
    """Say that the tip was erased. Return to the earlier question; without one, end the conversation.

    `is_told`: something was told to this tip.
    """
    sent = context.session.sent
    context.leave_menu()
    if is_told:
        context.say("mailbox.not_added")
    if not context.session.has_draft and (sent is None or sent.number == number):
        return context.end("mailbox.erased", values={"number": number}, must_arrive=True)
    context.say("mailbox.erased", number=number)
    return go_on(context)


def refuse_code(context: TurnContext) -> Turn:
    """Refuse a code, with the same words for a wrong and for an unknown one."""
    context.change(wrong_codes=context.session.wrong_codes + 1)
    if context.session.wrong_codes < MAX_WRONG_CODES:
        context.say("code.wrong")
    return ask_code(context)


def ask_code(context: TurnContext, state: str = "@code") -> Turn:
    """Ask for the receipt code, or for the code of another state, unless too many wrong codes were tried."""
    if state == "@code":
        context.change(mailbox=None, without_code=0)
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        context.leave_menu()
        context.say("code.closed")
    else:
        context.change(state=state)
    return context.ask()


def close_mailbox(context: TurnContext) -> Turn:
    """Close the mailbox. Return to the earlier question; without one, end the conversation."""
    opened = context.session.mailbox is not None
    context.change(mailbox=None)
    context.leave_menu()
    if not opened:
        return go_on(context)
    if not context.session.has_draft and not context.session.submitted:
        return context.end("mailbox.left")
    context.say("mailbox.closed")
    return go_on(context)


def _restart(context: TurnContext) -> Turn | None:
    """Close the mailbox, and restart from the earlier question."""
    context.change(mailbox=None)
    context.leave_menu()
    return context.state.handle_command(context, "restart")


def _since_the_tipster_wrote(messages: list[Message]) -> list[Message]:
    """Return the desks' messages since the tipster's last message."""
    news: list[Message] = []
    for message in messages:
        news = [] if message.sender == "tipster" else [*news, message]
    return news


def _last_words(messages: list[Message], asked: Message | None) -> list[Message]:
    """Return the desks' last messages, even if the tipster has answered since, and the question that still waits."""
    words: list[Message] = []
    for before, message in zip([None, *messages], messages, strict=False):
        if message.sender != "tipster":
            words = [message] if before is not None and before.sender == "tipster" else [*words, message]
    return words if asked is None or asked in words else [asked, *words]


def _post(context: TurnContext, told: str | Text | Media | Pin, feedback: Feedback = "") -> Turn:
    """Post a message. If a question of the police waits, the message answers it. To an erased tip, say that it was."""
    box = context.session.mailbox
    if box is None:
        return close_mailbox(context)
    if box.erased:
        context.change(mailbox=None)
        return tell_erased(context, box.number, is_told=True)
    text = told if isinstance(told, str) else _message_text(context, told)
    box = context.session.mailbox or box  # it counts the file that was told
    if len(text) > _MAX_LENGTH:
        context.say("mailbox.long")
    message = msgspec.structs.replace(tipsters_message(context, text), answers=box.question, feedback=feedback)
    # Whoever writes in place of an answer can still give one.
    state = "@feedback" if feedback == "words" else "@mailbox"
    context.change(state=state, mailbox=msgspec.structs.replace(box, question=None))
    context.say("mailbox.posted")
    return context.ask(post=message)
