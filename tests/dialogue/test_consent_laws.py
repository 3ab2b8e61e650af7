"""No sequence of texts carries out an act that can't be undone, unless the last text is one of the act's own words.

The texts are those of the whole corpus, with agreements, refusals, waits and questions between them. The own words are
in a table of their own, which neither the catalogues nor the engine read.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from satark.api.inbound import Edited, Event, Media, MediaRef, Pin, Tap, Text, Unsupported
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Session
from satark_testing.dialogue.chat import NOW
from satark_words.analysis import Analysis
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import Asked, Reading
from support.dialogue.acting import MEDIA, QUESTIONS, acted, consents
from support.dialogue.corpus import read_corpus
from support.loops import every_row

CORPORA = Path(__file__).parents[1] / "words" / "corpora"
BETWEEN = (
    "haan", "हाँ", "ji", "ok", "theek hai", "👍", "yes", "sahi hai", "no", "nahi", "नहीं", "mat bhejo", "rehne do",
    "abhi nahi", "ruko", "bhejna mat", "mita do mat", "wait", "baad me", "kya hoga?", "kaun dekhega", "bhej du?",
    "rehne do mita do", "sab mita do yaar", "cancel kar do na", "submit mat karna", "bhej", "1", "2", "हाँ जी", "back",
)  # fmt: skip


class _Remembering(Reader):
    """Keeps every analysis and reading: the same text is read at each question, and at each on five media."""

    def __init__(self, geography: Geography) -> None:
        super().__init__(geography)
        self._kept: dict[str, Analysis] = {}
        self._read: dict[tuple[str, Asked], Reading] = {}

    def analyse(self, text: str) -> Analysis:
        """Return the analysis of a text, which is made once."""
        if text not in self._kept:
            self._kept[text] = super().analyse(text)
        return self._kept[text]

    def read(self, text: str | Analysis, asked: Asked) -> Reading:
        """Return the reading of a text at a question, which is made once: it depends on nothing else."""
        key = (text.text if isinstance(text, Analysis) else text, asked)
        if key not in self._read:
            self._read[key] = super().read(text, asked)
        return self._read[key]


@pytest.fixture(scope="module")
def remembering() -> Engine:
    """An engine that analyses each text once."""
    source = default_flow()
    engine = Engine(load_flow(source), source.catalogues, Geography.sample())
    engine._loaded.__dict__["reader"] = _Remembering(Geography.sample())
    return engine


@cache
def texts() -> tuple[str, ...]:
    """Return every text of the corpus, once."""
    return tuple(dict.fromkeys(one.text for one in read_corpus(CORPORA)))


REF = MediaRef(account="test:1", id="m")
ACTS = (
    "review:send",
    "@cancel:yes",
    "@restart:yes",
    "@reach:yes",
    "@reach:no",
    "@origin:yes",
    "@identity:send",
    "@identity:all",
)
EVENTS: tuple[Event, ...] = (
    *map(Text, BETWEEN),
    *(Tap(f"{act}:0") for act in ACTS),
    Media(REF, "voice"),
    Media(REF, "image", "haan"),
    Pin(25.3, 83.0),
    Edited("s0", "haan"),
    Unsupported("poll"),
)
"""Events between the texts of the corpus: taps on old buttons, recordings and others."""


def _asked(session: Session) -> str:
    return session.state if session.state.startswith("@") else session.step


def _consents(session: Session, event: Event) -> bool:
    """Return whether an event is an own word, or a tap on a button of the question; that of a review must be newest."""
    asked = _asked(session)
    if isinstance(event, Text):
        return consents(asked, event.body)
    return isinstance(event, Tap) and asked != "review" and event.token.startswith(f"{asked}:")


def _violations(engine: Engine, session: Session, sequence: Sequence[Event]) -> list[str]:
    for at, event in enumerate(sequence):
        turn = engine.advance(session, event, f"s{at}", NOW)
        did = [act for act in acted(session, turn) if not (isinstance(event, Edited) and act == "took words out")]
        if did and not _consents(session, event):  # whoever edits a message of their own takes its old words out
            return [f"{did} at {_asked(session)} on {sequence[: at + 1]}"]
        if turn.session is None or turn.submission or turn.prompt is None:
            return []
        session = turn.session
    return []


@cache
def _at(engine: Engine, question: str, channel: str) -> Session:
    session = QUESTIONS[question](engine, channel).session
    assert session is not None
    assert _asked(session) == question
    return session


@pytest.mark.full("the whole corpus at every question on every medium")
@pytest.mark.parametrize("channel", MEDIA)
@pytest.mark.parametrize("question", QUESTIONS)
def test_no_text_of_the_corpus_acts_without_consent(remembering: Engine, question: str, channel: str) -> None:
    session = _at(remembering, question, channel)
    assert [miss for text in texts() for miss in _violations(remembering, session, [Text(text)])] == []


def _sequences(many: int, seed: str) -> list[list[Event]]:
    chance = random.Random(seed)

    def pick() -> Event:
        return Text(chance.choice(texts())) if chance.random() < 0.5 else chance.choice(EVENTS)

    return [[pick() for _ in range(chance.choice((2, 3)))] for _ in range(many)]


@pytest.mark.slow("pairs and triples of texts")
@every_row("channel", MEDIA)
@every_row("question", QUESTIONS)
def test_no_sequence_of_texts_acts_without_consent(remembering: Engine, question: str, channel: str) -> None:
    session = _at(remembering, question, channel)
    sequences = _sequences(25, f"{question} {channel}")
    assert [miss for one in sequences for miss in _violations(remembering, session, one)] == []


@pytest.mark.full("many pairs and triples of texts")
@every_row("channel", MEDIA)
@every_row("question", QUESTIONS)
def test_no_sequence_of_many_texts_acts_without_consent(remembering: Engine, question: str, channel: str) -> None:
    session = _at(remembering, question, channel)
    pairs = [[one, two] for one in EVENTS for two in EVENTS]
    sequences = [*_sequences(1500, f"many {question} {channel}"), *pairs]
    assert [miss for one in sequences for miss in _violations(remembering, session, one)] == []
