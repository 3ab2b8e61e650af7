"""A conversation with an engine, for tests of flows: a test types, taps and sends files as a tipster would."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from satark.api.flow import StepType
from satark.api.inbound import Edited, Event, Media, MediaKind, MediaRef, Pin, Revoked, Tap, Text
from satark.api.prompt import Prompt
from satark.dialogue.engine import Engine
from satark.dialogue.flow.definition import FlowSource
from satark.dialogue.flow.loader import load_flow, read_flow
from satark.dialogue.session import Mailbox, Session, Submission, Turn
from satark.dialogue.shown_receipt import Receipt
from satark_words.geography.geography import Geography

RECEIPT = Receipt(number="4K7Q-2XPM", code="8391446070125538")
HANDOFF_CODE = "482719305571"
FORM_TOKEN = "0RxVc3-9kQ"  # noqa: S105 - a test value
NOW = 1_795_000_000
"""A fixed moment: 2026-11-18, 11:06 UTC."""


@dataclass(eq=False)
class Chat:
    """One tipster and one engine. It takes the part of ingest: issues receipts, and opens `mailbox` for a code."""

    engine: Engine
    channel: str = "whatsapp"
    mailbox: Mailbox | None = None
    speaks: bool = field(default=False, kw_only=True)
    forms: tuple[str, ...] = field(default=(), kw_only=True)
    session: Session | None = field(default=None, init=False)
    turn: Turn = field(default_factory=lambda: Turn(session=None), init=False)
    events: list[Event] = field(default_factory=list, init=False)
    turns: list[Turn] = field(default_factory=list, init=False)
    prompts: list[Prompt] = field(default_factory=list, init=False)
    submission: Submission | None = field(default=None, init=False)
    brought: Session | None = field(default=None, init=False)
    """The session that a handoff code brings into this conversation."""

    @classmethod
    def about(cls, flow: FlowSource | Path, step_types: Iterable[StepType] = (), channel: str = "whatsapp") -> Self:
        """Start a conversation about a questionnaire or its file, with a plugin's step types, in the sample area."""
        source = read_flow(flow) if isinstance(flow, Path) else flow
        return cls(Engine(load_flow(source, step_types), source.catalogues, Geography.sample()), channel)

    @property
    def prompt(self) -> Prompt:
        return self.prompts[-1]

    @property
    def text(self) -> str:
        """The text of the newest prompt."""
        return self.prompt.text

    @property
    def step(self) -> str:
        """The id of the current question; empty after the end of the conversation."""
        return self.session.step if self.session else ""

    def hear(self, event: Event, source: str = "") -> Self:
        """Pass one event to the engine, and carry out the turn's requests in place of ingest."""
        session = self.session
        if session is None or self.engine.begins_anew(session, event):
            session = self.engine.begin(
                channel=self.channel,
                tip="0" * 32,
                recipient="age1",
                identity="K",
                tipster_key="K",
                speaks=self.speaks,
                forms=self.forms,
                form_token=FORM_TOKEN if self.forms else "",
            )
        turn = self.engine.advance(session, event, source or f"s{len(self.turns)}", NOW)
        if self.mailbox is None and turn.otherwise:
            turn = turn.otherwise
        self.events.append(event)
        self.turns.append(turn)
        self.turn = turn
        if turn.submission is not None and turn.session is not None:
            self.submission = turn.submission
            turn = self.engine.show_receipt(turn.session, RECEIPT, NOW)
        elif turn.open_mailbox and turn.session is not None:
            turn = self.engine.show_mailbox(turn.session, self.mailbox, NOW)
            self.turn = self.turns[-1] = replace(self.turn, post=turn.post or self.turn.post)
        elif turn.issue_handoff_code and turn.session is not None:
            turn = self.engine.show_handoff_code(turn.session, HANDOFF_CODE, 15, NOW)
        elif turn.redeem_handoff_code and turn.session is not None:
            turn = self.engine.resume(turn.session, self.brought, NOW)
        self.session = turn.session
        if turn.prompt is not None:
            self.prompts.append(turn.prompt)
        return self

    def say(self, *texts: str) -> Self:
        """Type messages."""
        for text in texts:
            self.hear(Text(text))
        return self

    def tap(self, *options: str) -> Self:
        """Tap choices, actions or page buttons of the newest prompt, by option code (`yes`, `@skip`)."""
        for option in options:
            shown = (*self.prompt.choices, *self.prompt.actions, *self.prompt.turns)
            found = next(choice for choice in shown if choice.token.split(":")[1] == option)
            self.hear(Tap(found.token, found.label))
        return self

    def pin(self, latitude: float, longitude: float, name: str = "") -> Self:
        """Send a location."""
        return self.hear(Pin(latitude, longitude, name))

    def send(self, kind: MediaKind = "image", caption: str = "") -> Self:
        return self.hear(Media(MediaRef(account="test:1", id=f"m{len(self.turns)}"), kind, caption))

    def edit(self, source: str, body: str) -> Self:
        return self.hear(Edited(source, body))

    def revoke(self, source: str) -> Self:
        """Delete the message with this source."""
        return self.hear(Revoked(source))

    def offered(self) -> list[str]:
        """The option codes of the newest prompt."""
        return [choice.token.split(":")[1] for choice in self.prompt.choices]
