"""Texts are short, since people in fear read little: each has a limit in every language."""

from __future__ import annotations

import re

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography

FIRST_ANSWER = 350
RECEIPT = 300
ANY_TEXT = 175
LONGER = {"help": 340, "notice": 290, "receipt": 290, "reach.erase.done": 240}
"""Texts that must say more: the ways on, what a provider knows, the receipt, what stays after a deleted chat."""
SENTENCE = 120
WEBSITE = "https://satark.varanasipolice.in"
END = re.compile(r"(?<=[.?!।:;])\s+|\n+")
CATALOGUES = Catalogues.of("satark.dialogue")
CHATS = ["whatsapp", "telegram"]


@pytest.fixture(scope="module")
def with_website() -> Engine:
    """An engine whose tipsters have a website to go to."""
    source = default_flow()
    return Engine(load_flow(source), source.catalogues, Geography.sample(), website=WEBSITE)


@pytest.mark.parametrize("channel", CHATS)
@pytest.mark.parametrize("language", ["हिन्दी", "English"])
def test_the_first_answer_is_short_and_still_warns(with_website: Engine, channel: str, language: str) -> None:
    greeted = Chat(with_website, channel=channel).say("Hi")
    assert len(greeted.text) <= FIRST_ANSWER
    first = greeted.say(language).text
    assert len(first) <= FIRST_ANSWER
    assert WEBSITE in first
    assert "112" in first


@pytest.mark.parametrize("language", ["हिन्दी", "English"])
def test_without_a_website_the_sentence_that_names_it_is_left_out(engine: Engine, language: str) -> None:
    text = Chat(engine).say("Hi", language).text
    assert "website" not in text
    assert "Without a number" not in text
    assert "बिना नंबर" not in text
    assert "Meta" in text


@pytest.mark.parametrize("channel", CHATS)
@pytest.mark.parametrize("language", ["हिन्दी", "English"])
def test_the_receipts_message_is_short(engine: Engine, channel: str, language: str) -> None:
    chat = Chat(engine, channel=channel)
    chat.session = engine.begin(
        channel=channel, tip="0" * 32, recipient="age1", identity="K", erasable=channel == "telegram"
    )
    chat.say("Hi", language).tap("INTOX").say("Liquor is sold every night", "Lanka").tap("no", "@skip", "send")
    assert "8391 4460 7012 5538" in chat.text
    assert len(chat.text) <= RECEIPT


def _texts(catalogue: Catalogue) -> dict[str, str]:
    """The texts that are read on a screen; those of a text message and a call have limits of their own."""
    return {key: catalogue.get(key) for key in catalogue if not key.endswith((".words", ".sms", ".voice"))}


def _ceiling(key: str) -> int:
    return next((most for name, most in LONGER.items() if f"{key}.".startswith(f"{name}.")), ANY_TEXT)


@pytest.mark.parametrize("language", ["hi", "en"])
def test_every_text_is_within_its_limit(language: str) -> None:
    texts = _texts(CATALOGUES[language])
    too_long = {key: len(text) for key, text in texts.items() if len(text) > _ceiling(key)}
    assert not too_long


@pytest.mark.parametrize("language", ["hi", "en"])
def test_every_sentence_is_short(language: str) -> None:
    long = {
        sentence: len(sentence)
        for key, text in _texts(CATALOGUES[language]).items()
        if not key.startswith(("help", "status."))
        for sentence in END.split(text)
        if len(sentence) > SENTENCE
    }
    assert not long
