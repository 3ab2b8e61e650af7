"""A plain yes, no or ok is refused as the label or a word of an act that can't be undone, in any language."""

from __future__ import annotations

import pytest

from satark.dialogue.flow.command_words import plain_words
from satark.dialogue.flow.consent_words import ACTS, plain_word_problems
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import load_flow
from satark.dialogue.turn.consent import is_plain
from satark_words.catalogues import Catalogues
from satark_words.tokens import fold
from support.dialogue.small_flows import SEND, small_flow

ASKS = "- {id: a, type: text}" + SEND


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("r.send", "Yes"),
        ("r.send.words", "send, ok"),
        ("r.send.sms", "Yes!"),
        ("cancel.yes", "yeah"),
        ("cancel.yes.words", "erase, right"),
        ("reach.yes", "YES"),
        ("reach.no.words", "no"),
        ("origin.yes.words", "all right"),
        ("identity.send.words", "remove and send, sure"),
        ("command.forget.words", "forget, okay"),
    ],
)
def test_a_plain_word_for_an_act_is_refused_and_named(key: str, text: str) -> None:
    with pytest.raises(FlowError, match=f"in '{key}' is a plain yes, no or ok"):
        load_flow(small_flow(ASKS, texts={key: text}))


def test_an_own_word_for_an_act_is_accepted() -> None:
    flow = load_flow(small_flow(ASKS, texts={"r.send": "Yes, send", "r.send.words": "off it goes"}))
    assert flow.languages == ("en",)


def test_no_shipped_catalogue_has_a_plain_word_for_an_act() -> None:
    catalogues = Catalogues.of("satark.dialogue")
    assert {"hi", "en", "ur", "bho"} <= set(catalogues.languages)
    assert list(plain_word_problems(load_flow(small_flow(ASKS)), catalogues)) == []
    plain = plain_words(catalogues)
    worded = catalogues["hi"].reworded("satark.dialogue", "sms")
    assert worded is not None
    acts = ("review.send", "cancel.yes", "restart.yes", "reach.yes", "reach.no", "origin.yes", "identity.send")
    assert [key for key in acts if fold(worded.text(key)) in plain] == []


def test_every_own_word_of_an_act_has_only_plain_signs() -> None:
    keys = {act.removeprefix("@").replace(":", ".") if ":" in act else f"command.{act}" for act in ACTS}
    for catalogue in Catalogues.of("satark.dialogue"):
        for key in (key for key in catalogue if key.removesuffix(".words") in keys):
            words = catalogue.words(key) if key.endswith(".words") else (catalogue.get(key),)
            assert [word for word in words if not is_plain(word)] == [], key
