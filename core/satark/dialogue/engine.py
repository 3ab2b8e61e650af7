"""The engine: one flow, spoken. Pure: the same session and event always give the same turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from satark.catalogues import Catalogues
from satark.channel import CompleteTip, Edited, Event, FormPage, Media, Pin, Tap, Text
from satark.dialogue.events.dispatch import STATES, handle_event
from satark.dialogue.flow.definition import Flow
from satark.dialogue.rendering.form_view import FormView, show_form
from satark.dialogue.session import FileNotice, Mailbox, Session, Turn
from satark.dialogue.states import handoff
from satark.dialogue.states import mailbox as mailboxes
from satark.dialogue.steps.contract import Step
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import MAX_FILES, LoadedFlow
from satark.dialogue.turn.prompts import make_prompt
from satark.geography.geography import Geography
from satark.graphemes import replace_surrogates
from satark.prompt import Prompt
from satark.tip import Receipt

Interpreter: TypeAlias = Callable[[Event, Step | None, Session], Event | None]
"""Reads an event otherwise than the engine would, or leaves it (None): `Plugins.interpret`."""


class Engine:
    """Carries a conversation through one flow, one turn at a time."""

    def __init__(
        self,
        flow: Flow,
        catalogues: Catalogues,
        geography: Geography,
        interpret: Interpreter | None = None,
        max_files: int = MAX_FILES,
    ) -> None:
        self.flow = flow
        self._loaded = LoadedFlow(flow, catalogues, geography, max_files)
        self._interpret = interpret

    def begin(
        self,
        *,
        channel: str,
        tip: str,
        recipient: str,
        identity: str,
        erasable: bool = False,
        reachable: bool = True,
    ) -> Session:
        """Begin a conversation; nothing is said until the first event is given to `advance`."""
        session = Session(
            flow=self.flow.hash,
            channel=channel,
            tip=tip,
            recipient=recipient,
            identity=identity,
            erasable=erasable,
            reachable=reachable,
        )
        return self._loaded.start(session)

    def advance(self, session: Session, event: Event, source: str, now: int, untold: Sequence[FileNotice] = ()) -> Turn:
        """Take one event.

        Args:
            session: where the conversation stands.
            event: what came. `original` of an edited or revoked message is hashed in the same way as `source`.
            source: keyed hash of the event's key.
            now: seconds since 1970, for steps that ask for a day.
            untold: what became of files; it is said above whatever is asked next.
        """
        context = self._context(session, source, now)
        for one in untold:
            context.say(f"file.{one.what}", megabytes=one.megabytes)
        if self._interpret is not None:
            event = self._interpret(event, context.step, session) or event
        return handle_event(context, _scrubbed(event))

    def show_receipt(self, session: Session, receipt: Receipt, now: int) -> Turn:
        """Show the receipt of the tip that was just handed in, and ask whether the tipster may be reached here.

        Where they can't be, that is said instead, and the conversation is over.
        """
        kept = Session(
            flow=session.flow,
            channel=session.channel,
            tip=session.tip,
            recipient=session.recipient,
            identity="",
            language=session.language,
            revision=session.revision,
            state="@reach",
            erasable=session.erasable,
            submitted=True,
        )
        context = self._context(kept, "", now)
        context.say("receipt", number=receipt.number, code=receipt.grouped)
        return (
            context.ask(must_arrive=True)
            if session.reachable
            else context.end("reach.cannot", must_arrive=True, reach=False)
        )

    def show_mailbox(self, session: Session, mailbox: Mailbox | None, now: int) -> Turn:
        """Show the mailbox that a receipt code opened; None: it opened none."""
        context = self._context(session, "", now)
        return mailboxes.wrong(context) if mailbox is None else mailboxes.show(context, mailbox)

    def show_handoff_code(self, session: Session, code: str, minutes: int, now: int) -> Turn:
        """Tell the code, good for so many minutes, that takes the session to another channel."""
        return handoff.departing(self._context(session, "", now), code, minutes)

    def resume(self, session: Session, brought: Session | None, now: int) -> Turn:
        """Go on with the session that a code brought here; None: it brought none."""
        return handoff.arrived(self._context(session, "", now), brought)

    def handed_off_notice(self, session: Session) -> Prompt:
        """Say, where a session was, that it goes on elsewhere."""
        return self._notice("elsewhere.left", session.language)

    def repeat_question(self, session: Session) -> Prompt:
        """Put the question in force once more, with the same tokens, under what was said as far as that is kept."""
        context = self._context(session, "", 0)
        name, question = context.state.question(context)
        return make_prompt(self._loaded, session, name, question, said=(session.said,) if session.said else ())

    def form(self, session: Session, now: int) -> FormView:
        """Show the questionnaire as a form, as far as a session has filled it in."""
        return show_form(self._context(session, "", now))

    def expire(self, session: Session) -> Turn:
        """End a conversation whose time ran out. An unanswered "may we reach you" means no; a draft is erased."""
        context = self._context(session, "", 0)
        if session.submitted:
            return context.turn(None, None, reach=False)
        return context.end("expired", erase=True)

    def news_notice(self, language: str) -> Prompt:
        """Tell, in words that betray nothing, that a tip has news."""
        return self._notice("news", language)

    def failure_notice(self, language: str) -> Prompt:
        """Say that a message could not be taken and ask for it again."""
        return self._notice("failed", language)

    def file_notice(self, untold: FileNotice, language: str) -> Prompt:
        """Say what became of a file: `lost`, `too_large` (megabytes), `tip_full`, `encrypted`, `own_card`."""
        return self._notice(f"file.{untold.what}", language, megabytes=untold.megabytes)

    def spooled_notice(self) -> Prompt:
        """Say in every language that a message is kept safe and answered later: the database is down."""
        return self._announcement("outage.kept")

    def unavailable_notice(self) -> Prompt:
        """Say in every language that a message could not even be kept, and what to do instead."""
        return self._announcement("outage.refused")

    def _announcement(self, key: str) -> Prompt:
        languages = self.flow.languages
        text = "\n".join(self._loaded.catalogues[language].text(key) for language in languages)
        return Prompt(text=text, language=languages[0], must_arrive=True)

    def _notice(self, key: str, language: str, **values: int) -> Prompt:
        texts = self._loaded.catalogues[language or self.flow.languages[0]]
        return Prompt(text=texts.text(key, **values), language=texts.language, must_arrive=True)

    def _context(self, session: Session, source: str, now: int) -> TurnContext:
        return TurnContext(self._loaded, STATES, session, source, now)


def _scrubbed(event: Event) -> Event:
    """Replace in every text what no encoding can carry."""
    if isinstance(event, CompleteTip):
        typed = Text(replace_surrogates(event.typed.body)) if event.typed else None
        return CompleteTip(_scrubbed_words(event.told), event.last, typed)
    if isinstance(event, FormPage):
        answers = tuple((name, _scrubbed_told(told)) for name, told in event.answers)
        return msgspec.structs.replace(event, answers=answers)
    return _scrubbed_told(event) if isinstance(event, Text | Tap | Pin | Media) else _scrubbed_edit(event)


def _scrubbed_edit(event: Event) -> Event:
    if isinstance(event, Edited):
        return msgspec.structs.replace(event, body=replace_surrogates(event.body))
    return event


def _scrubbed_told(told: Text | Tap | Pin | Media) -> Text | Tap | Pin | Media:
    if isinstance(told, Tap):
        return msgspec.structs.replace(told, title=replace_surrogates(told.title))
    if isinstance(told, Pin):
        return msgspec.structs.replace(
            told, name=replace_surrogates(told.name), address=replace_surrogates(told.address)
        )
    return _scrubbed_words(told)


def _scrubbed_words(event: Text | Media) -> Text | Media:
    if isinstance(event, Text):
        return msgspec.structs.replace(event, body=replace_surrogates(event.body))
    return msgspec.structs.replace(event, caption=replace_surrogates(event.caption))
