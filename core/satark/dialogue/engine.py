"""The engine: leads conversations through one flow. The same session and event always give the same turn."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Final, Self, TypeAlias

import msgspec

from satark.api.flow import FormView, Step
from satark.api.inbound import Event
from satark.api.prompt import Choice, Prompt, ReceiptPicture
from satark.dialogue.events.dispatch import handle_event, notice_voice
from satark.dialogue.events.suggestions import SuggestionMenu
from satark.dialogue.events.text_messages import is_complete_tip, read_text, without_surrogates, words_of
from satark.dialogue.flow.definition import Flow
from satark.dialogue.rendering.form_view import make_form
from satark.dialogue.session import FileNotice, Mailbox, OpenMailbox, Session, Turn
from satark.dialogue.shown_receipt import Receipt, code_token
from satark.dialogue.states import handoff
from satark.dialogue.states import mailbox as mailbox_states
from satark.dialogue.states.draft import DRAFT
from satark.dialogue.states.handoff import HandoffCodeState
from satark.dialogue.states.mailbox import FeedbackState, MailboxState, ReceiptCodeState, ReplyState
from satark.dialogue.states.menus import (
    LANGUAGE,
    CancelMenu,
    ChangeMenu,
    ContactMenu,
    DetailsMenu,
    IdentityMenu,
    OriginMenu,
    RestartMenu,
    UnsentState,
)
from satark.dialogue.turn.consent import UNSENT, consent_of
from satark.dialogue.turn.context import DialogueState, TurnContext
from satark.dialogue.turn.loaded_flow import MAX_FILES, LoadedFlow, make_prompt
from satark.dialogue.turn.receipt_digits import is_called_code
from satark.dialogue.turn.session_changes import SUGGESTED
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.languages import script_of
from satark_words.reading import Danger, Reading

Interpreter: TypeAlias = Callable[[Event, Step | None, Session], Event | None]
"""Replaces an event by one that the engine reads better; None: leaves it unchanged. See `Plugins.interpret`."""

_KEPT_AFTER_SENDING: Final = (
    "flow", "channel", "tip", "language", "own_letters", "revision", "erasable", "speaks", "aloud",
    "lapsed", "may_be_lost", "accused",
)  # fmt: skip
"""Fields of a session that stay when its tip is submitted."""


class Engine:
    """Leads conversations through one flow, one turn at a time."""

    def __init__(
        self,
        flow: Flow,
        catalogues: Catalogues,
        geography: Geography,
        interpret: Interpreter | None = None,
        *,
        max_files: int = MAX_FILES,
        website: str = "",
    ) -> None:
        self.flow = flow
        self._loaded = LoadedFlow(flow, catalogues, geography, max_files, website=website)
        self._interpret = interpret
        self._is_above_range: Callable[[], bool] = lambda: False

    def among(self, is_above_range: Callable[[], bool]) -> Self:
        """Return this engine for desks of which one may stand above the range's; asked only if a tip accuses that."""
        engine = copy(self)
        engine._is_above_range = is_above_range  # noqa: SLF001 - its own
        return engine

    def get_ready(self) -> None:
        """Build the reader of typed texts, which takes half a second, so that the first text need not wait for it."""
        self._loaded.reader  # noqa: B018 - to ask for it is to build it

    def begin(
        self,
        *,
        channel: str,
        tip: str,
        recipient: str,
        identity: str,
        erasable: bool = False,
        reachable: bool = True,
        speaks: bool = False,
        forms: tuple[str, ...] = (),
        form_token: str = "",
        tipster_key: str = "",
        calls: bool = False,
    ) -> Session:
        """Begin a session. The tipster is told nothing until the first event is given to `advance`.

        The last seven arguments are as in `Session`.
        """
        return Session(
            flow=self.flow.hash, language=self.flow.only_language, channel=channel, tip=tip, recipient=recipient,
            identity=identity, erasable=erasable, reachable=reachable, speaks=speaks, forms=forms,
            form_token=form_token, tipster_key=tipster_key, calls=calls,
        )  # fmt: skip

    def advance(
        self,
        session: Session,
        event: Event,
        source: str,
        now: int,
        notices: Sequence[FileNotice] = (),
        *,
        unseen: bool = False,
    ) -> Turn:
        """Handle one event.

        Args:
            session: the state of the conversation.
            event: the inbound event. `original` of an edited or revoked message is hashed in the same way as `source`.
            source: keyed hash of the event's key.
            now: Unix time in seconds, for steps that ask for a day.
            notices: what happened to files, which is said above the next question.
            unseen: whether the session's question was not sent yet: no word or number is an answer to it.
        """
        given = (session, event, source, now, notices)
        turn = self._turn(*given, unseen=unseen)
        if not turn.open_mailbox or session.state == "@code":
            return turn
        if is_called_code(self._loaded.reader.analyse(words_of(event))):
            return turn
        told = self._turn(*given, unseen=unseen, numbers_stay=True)
        if told.session is not None:
            guessed = msgspec.structs.replace(told.session, wrong_codes=session.wrong_codes + 1)
            told = msgspec.structs.replace(told, session=guessed)
        return msgspec.structs.replace(turn, otherwise=told)

    def _turn(
        self,
        session: Session,
        event: Event,
        source: str,
        now: int,
        notices: Sequence[FileNotice],
        *,
        unseen: bool,
        numbers_stay: bool = False,
    ) -> Turn:
        """Handle one event. If `numbers_stay`, no number is taken for a receipt's code."""
        session = _with_letters(session, event)
        context = self._context(session, source, now)
        context.numbers_stay = numbers_stay
        for notice in notices:
            context.say(f"file.{notice.what}", **notice.values)
        _say_dangers(context)
        event = without_surrogates(event)
        context.consent = consent_of(context, event, whole_tip=is_complete_tip(self._loaded, event), unseen=unseen)
        if self._interpret is not None:
            event = without_surrogates(self._interpret(event, context.step, session) or event)
        notice_voice(context, event)
        return handle_event(context, event)

    def begins_anew(self, session: Session, event: Event) -> bool:
        """Whether an event is a complete tip after the one that this session has sent. It begins a new session."""
        return session.submitted and session.mailbox is None and is_complete_tip(self._loaded, event)

    def show_receipt(self, session: Session, receipt: Receipt, now: int) -> Turn:
        """Show the receipt of the tip that was just submitted, and ask whether the tipster may be contacted here.

        If they can't be contacted, they are told so instead, and the conversation ends.
        """
        sent = OpenMailbox(
            session.tip, receipt.number, session.recipient, len(session.files), session.last_ordinal,
            root=receipt.root, tipster_key=session.tipster_key,
        )  # fmt: skip
        kept = {name: getattr(session, name) for name in _KEPT_AFTER_SENDING}
        submitted = Session(**kept, recipient="", identity="", state="@reach", submitted=True, sent=sent)
        context = self._context(submitted, "", now)
        context.said = [session.said] if session.said else []
        if session.files_uncleaned:
            context.say("file.uncleaned", **FileNotice("uncleaned", files=session.files_uncleaned).values)
        context.say("receipt", number=receipt.number, code=receipt.grouped)
        if session.reachable:
            return _with_picture(context, context.ask(must_arrive=True), receipt)
        return context.end("reach.cannot", must_arrive=True)

    def show_mailbox(self, session: Session, mailbox: Mailbox | None, now: int) -> Turn:
        """Show the mailbox that a receipt code opened. `mailbox` is None if the code opened none."""
        context = self._context(session, "", now)
        _say_dangers(context)
        return mailbox_states.refuse_code(context) if mailbox is None else mailbox_states.show_mailbox(context, mailbox)

    def show_handoff_code(self, session: Session, code: str, minutes: int, now: int) -> Turn:
        """Show the code that moves the session to another channel and that is valid for `minutes` minutes."""
        return handoff.show_code(self._context(session, "", now), code, minutes)

    def resume(self, session: Session, handed_off: Session | None, now: int) -> Turn:
        """Replace `session` by the session that a handoff code brought here; None: the code brought none."""
        context = self._context(session, "", now)
        _say_dangers(context)
        return handoff.resume(context, handed_off)

    def move(self, session: Session, here: Session) -> Session:
        """Continue a session on another medium of the same person, in place of `here`, which would begin there."""
        context = self._context(here, "", 0)
        handoff.move(context, session)
        return context.session

    def expire(self, session: Session) -> Session | None:
        """End a conversation that has expired. Say nothing, since somebody else may be looking at the phone.

        Returns:
            What remains of the session, so that the next conversation can tell that a draft was lost; None if no draft
            was lost.
        """
        told = bool(session.files or session.held) or self._loaded.opening_step in session.answers
        if session.submitted or not told:
            return None
        return Session(flow=session.flow, channel=session.channel, tip="", recipient="", identity="", lapsed=True)

    def ask_unsent(self, session: Session) -> tuple[Session, Prompt] | None:
        """Ask about a complete draft that was not sent, in words that betray nothing; None: nothing may be asked.

        No answer to that question sends anything: it leads back to the review.
        """
        if not (session.complete and session.may_remind) or session.submitted:
            return None
        asked = msgspec.structs.replace(session, state=UNSENT, may_remind=False)
        return asked, self._notice("unsent.ask", session.language)

    def repeat_question(self, session: Session) -> Prompt:
        """Return the current question's prompt again, with the same tokens and the same statements above it."""
        context = self._context(session, "", 0)
        name, question = context.whole_question()
        return make_prompt(self._loaded, session, name, question, said=(session.said,) if session.said else ())

    def form(self, session: Session, now: int) -> FormView:
        """Show the questionnaire as a form, as far as the session has filled it in."""
        return make_form(self._context(session, "", now))

    def read(self, session: Session, body: str) -> Reading:
        """Read a typed text at a session's current question, as `advance` would."""
        context = self._context(session, "", 0)
        name, question = context.state.question(context)
        return read_text(context, name, question, body)

    def read_at(self, step: str, body: str, language: str) -> Reading:
        """Read a typed text at a step, or at one of the engine's own questions (`@reach`), without a conversation.

        Raises:
            KeyError: there is no such question, or the question is asked only within a conversation.
        """
        begun = self.begin(channel="", tip="", recipient="", identity="")
        context = self._context(msgspec.structs.replace(begun, language=language), "", 0)
        if step.startswith("@"):
            return read_text(context, *STATES[step].question(context), body)
        asked = self.flow.by_id[step]
        return read_text(context, step, asked.type.ask(asked, context.view(asked)), body)

    def handed_off_notice(self, session: Session) -> Prompt:
        """Say, on the channel that a session left, that it continues on another."""
        return self._notice("elsewhere.left", session.language)

    def news_notice(self, language: str) -> Prompt:
        """Say that a tip has news, in neutral words."""
        return self._notice("news", language)

    def file_notice(self, notice: FileNotice, language: str) -> Prompt:
        """Say what happened to a file."""
        return self._notice(f"file.{notice.what}", language, **notice.values)

    def danger_notice(self, kinds: Sequence[str], language: str) -> Prompt:
        """Say whom to call in the dangers that a voice note tells of."""
        texts = self._loaded.catalogues[language or self.flow.languages[0]]
        said = "\n".join(texts.text(f"danger.{kind}") for kind in kinds)
        return Prompt(text=said, language=texts.language, must_arrive=True)

    def file_name(self, ordinal: str, language: str) -> str:
        """Name a file for the desks and the tipster."""
        return self._loaded.catalogues[language or self.flow.languages[0]].text("mailbox.file", ordinal=ordinal)

    def dangers(self, words: str) -> tuple[Danger, ...]:
        """Find the dangers that words tell of."""
        return self._loaded.reader.dangers(words)

    def spooled_notice(self) -> Prompt:
        """Say in every language that a message is stored and will be answered later. Used while the database is
        down."""
        return self._notice_in_every_language("database_down.saved")

    def unavailable_notice(self) -> Prompt:
        """Say in every language that a message could not be stored, and what to do instead."""
        return self._notice_in_every_language("database_down.refused")

    def _notice_in_every_language(self, key: str) -> Prompt:
        languages = self.flow.languages
        text = "\n".join(self._loaded.catalogues[language].text(key) for language in languages)
        return Prompt(text=text, language=languages[0], must_arrive=True)

    def _notice(self, key: str, language: str, **values: str) -> Prompt:
        texts = self._loaded.catalogues[language or self.flow.languages[0]]
        return Prompt(text=texts.text(key, **values), language=texts.language, must_arrive=True)

    def _context(self, session: Session, source: str, now: int) -> TurnContext:
        context = TurnContext(self._loaded, STATES, session, source, now)
        context.is_above_range = self._is_above_range
        return context


def _say_dangers(context: TurnContext) -> None:
    """Say whom to call in each danger that was told and not answered yet."""
    if context.session.dangers_unsaid:
        context.say_numbers(context.text(f"danger.{kind}") for kind in context.session.dangers_unsaid)
        context.change(dangers_unsaid=())


def _with_letters(session: Session, event: Event) -> Session:
    """Record that a tipster writes in a script other than Latin. Replies then use this script."""
    words = "" if session.own_letters else words_of(event)
    if not words or script_of(words) in {"", "LATIN"}:
        return session
    return msgspec.structs.replace(session, own_letters=True)


def _with_picture(context: TurnContext, turn: Turn, receipt: Receipt) -> Turn:
    """Mark a receipt that is read out, so that it is sent as a picture too."""
    if turn.prompt is None or not turn.prompt.aloud:
        return turn
    button = Choice(code_token(receipt.grouped), context.text("aloud.answer"))
    picture = ReceiptPicture(code=receipt.grouped, caption=context.text("aloud.receipt"), button=button)
    return msgspec.structs.replace(turn, prompt=msgspec.structs.replace(turn.prompt, receipt=picture))


STATES: Final[Mapping[str, DialogueState]] = {
    "": DRAFT,
    "@language": LANGUAGE,
    "@cancel": CancelMenu(),
    "@restart": RestartMenu(),
    "@identity": IdentityMenu(),
    "@origin": OriginMenu(),
    "@details": DetailsMenu(),
    "@change": ChangeMenu(),
    SUGGESTED: SuggestionMenu(),
    "@reach": ContactMenu(),
    "@code": ReceiptCodeState(),
    "@mailbox": MailboxState(),
    "@answer": ReplyState(),
    "@feedback": FeedbackState(),
    "@elsewhere": HandoffCodeState(),
    UNSENT: UnsentState(),
}
