"""A session survives storing, contains no receipt code, and never counts a file twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.api.inbound import Edited, Event, Media, MediaRef, Moved, Pin, Revoked, Tap, Text, Unsupported
from satark.api.tip import Message
from satark.dialogue.engine import Engine
from satark.dialogue.flow.command_words import COMMANDS
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Mailbox, OpenMailbox, Session
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography

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
"""Which of the shown choices and actions is tapped."""

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
    """Carry a conversation; a number taps one of the things that the newest prompt shows."""
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


@pytest.mark.slow("a third of a second of a processor")
@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(taps, events), min_size=1, max_size=15))
def test_a_session_survives_storing_and_a_turn_leaves_the_earlier_one_unchanged(moves: list[Event | int]) -> None:
    chat = play(moves)
    if chat.session is None:
        return
    stored = msgspec.msgpack.encode(chat.session)
    restored = msgspec.msgpack.decode(stored, type=Session)
    before = ENGINE.advance(chat.session, Text("2"), "x", 0)
    after = ENGINE.advance(restored, Text("2"), "x", 0)
    assert msgspec.msgpack.encode(before) == msgspec.msgpack.encode(after)
    assert msgspec.msgpack.encode(chat.session) == stored


@pytest.mark.slow("a third of a second of a processor")
@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(taps, events), min_size=1, max_size=15))
def test_the_receipt_code_is_never_kept_in_a_session(moves: list[Event | int]) -> None:
    chat = play([Text("Hi"), Text("2"), Text("status"), *moves])
    chat.hear(Text("status 1234 5678 9012 3456"))
    if chat.session is not None:
        stored = msgspec.msgpack.encode(chat.session)
        assert b"1234 5678" not in stored
        assert b"1234567890123456" not in stored


@pytest.mark.slow("a third of a second of a processor")
@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(taps, events), max_size=20))
def test_ordinals_are_never_used_twice_in_a_session(moves: list[Event | int]) -> None:
    chat = Chat(ENGINE)
    seen: set[str] = set()
    chat.say("Hi", "2")
    for move in moves:
        if isinstance(move, int):
            continue
        chat.hear(move)
        if chat.session is None or chat.session.submitted:
            return
        new = [keep.ordinal for keep in chat.turn.media_jobs if keep.tip == chat.session.tip]
        assert not seen & set(new)
        seen |= set(new)
