"""Laws for every conversation: it never breaks, it answers, and the same events give the same turns."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.api.inbound import Edited, Event, Media, MediaRef, Moved, Pin, Revoked, Tap, Text, Unsupported
from satark.api.prompt import Capabilities, parse_token
from satark.api.tip import Message
from satark.dialogue.engine import Engine
from satark.dialogue.flow.command_words import COMMANDS
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.fit import fit
from satark.dialogue.session import Mailbox, OpenMailbox, Turn
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography

pytestmark = pytest.mark.slow("many conversations")

SOURCE = default_flow()

ENGINE = Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample())

MAILBOX = Mailbox(
    open=OpenMailbox(tip="1" * 32, number="4K7Q-2XPM", recipient="age1", files=2, question=4),
    language="hi",
    messages=(
        Message(sender="desk", status="ACTED", text="done"),
        Message(sender="desk", text="where exactly?", question=True),
    ),
)

WHATSAPP = Capabilities(
    kind="chat", text=4096, body=1024, buttons=3, button_label=20, rows=10, row_label=24, row_description=72,
    menu_label=20, token=200,
)  # fmt: skip

SMS = Capabilities(kind="sms", text=320, body=320, unit="utf16")

WORDS = [SOURCE.catalogues[lang].get(f"command.{name}") for lang in ("hi", "en") for name in COMMANDS]

SPOKEN = [*WORDS, "1", "२", "3️⃣", "12", "daru", "लंका", "8391 4460 7012 5538", "status 8391446070125538", "hi", "English"]

STEPS = [step.id for step in ENGINE.flow.steps]

REF = MediaRef(account="test:1", id="m")

ROOM_IDS = [
    "@language",
    "@cancel",
    "@restart",
    "@details",
    "@change",
    "@reach",
    "@mailbox",
    "@feedback",
    "@code",
    "@elsewhere",
]

texts = st.one_of(
    st.sampled_from(SPOKEN),
    st.text(max_size=40),
    st.sampled_from(["lots of daru is sold near the temple every night", "x" * 10_000, "", " \n", "\ud83d", "???"]),
)

tokens = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}:{}:{}".format,
        st.sampled_from([*STEPS, *ROOM_IDS]),
        st.sampled_from(
            ["yes", "no", "unknown", "COW", "POLCOR", "send", "change", "details", "@back", "@skip", "@done"]
        ),
        st.integers(0, 40).map(str),
    ),
)

taps = st.integers(0, 12)
"""Which of the shown choices and actions to tap."""

events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Text, texts),
    st.builds(Tap, tokens, texts),
    st.builds(Pin, st.floats(), st.floats(), texts, texts),
    st.builds(Media, st.just(REF), st.sampled_from(["image", "voice", "audio", "video", "document", "sticker"]), texts),
    st.builds(Edited, st.integers(0, 12).map("s{}".format), texts),
    st.builds(Revoked, st.integers(0, 12).map("s{}".format)),
    st.just(Unsupported("poll")),
    st.just(Moved()),
)


def play(moves: list[Event | int]) -> Chat:
    """Play a conversation; a number taps one of the choices or actions of the newest prompt."""
    chat = Chat(ENGINE, mailbox=MAILBOX)
    for move in moves:
        if not isinstance(move, int):
            chat.hear(move)
            continue
        shown = (*chat.prompt.choices, *chat.prompt.actions) if chat.prompts else ()
        if shown:
            choice = shown[move % len(shown)]
            chat.hear(Tap(choice.token, choice.label))
    return chat


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(taps, taps, events), min_size=1, max_size=25))
def test_any_conversation_is_answered_and_gives_the_same_turns_again(moves: list[Event | int]) -> None:
    first, second = play(moves), play(moves)
    for event, turn in zip(first.events, first.turns, strict=True):
        asks_the_host = (
            turn.submission is not None or turn.open_mailbox or turn.issue_handoff_code or turn.redeem_handoff_code
        )
        wipes_the_chat = isinstance(event, Edited | Revoked) and turn == Turn(session=None)
        assert turn.prompt is not None or asks_the_host or wipes_the_chat
    assert [msgspec.json.encode(p) for p in first.prompts] == [msgspec.json.encode(p) for p in second.prompts]
    assert [msgspec.msgpack.encode(t) for t in first.turns] == [msgspec.msgpack.encode(t) for t in second.turns]
    for prompt in first.prompts:
        assert prompt.text
        assert prompt.language in {"hi", "en"}
        for choice in (*prompt.choices, *prompt.actions, *prompt.turns):
            assert parse_token(choice.token)
            assert len(choice.token.encode()) <= 64
        for medium in (WHATSAPP, SMS):
            assert fit(prompt, medium).text
