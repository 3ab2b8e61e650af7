"""A whole tip by text message takes few segments: they are paid for one by one."""

from __future__ import annotations

import pytest

from satark.api.inbound import Text
from satark.dialogue.engine import Engine
from satark.dialogue.flow.command_words import CommandWords
from satark.dialogue.flow.definition import FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_sms_ivr.segments import fit_to_sms, is_gsm7, to_gsm7
from satark_testing.dialogue.chat import Chat
from satark_testing.dialogue.tip_costs import TIPS, tip_costs
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.tokens import fold

SOURCE = default_flow()
ENGINE = Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample())
HINDI = Catalogues.of("satark.dialogue")["hi"]
LATIN = HINDI.reworded("satark.dialogue", "sms")
CEILINGS = {"hi": 12, "hi-Latn": 10, "en": 12}
FAREWELL = 1
"""Segments of the message after the receipt."""


@pytest.mark.parametrize("written", TIPS)
def test_a_tip_by_text_message_takes_few_segments(written: str) -> None:
    costs = tip_costs("sms", written)
    assert costs.segments <= CEILINGS[written]
    assert costs.segments - FAREWELL <= 11, "from the first message to the receipt"
    assert costs.incoming == costs.outgoing == 9, "nobody pays for turning a page"


def test_a_tip_in_a_chat_takes_at_most_nine_messages() -> None:
    assert tip_costs("whatsapp", "hi").outgoing <= 9


def texts(*said: str) -> list[str]:
    chat = Chat(ENGINE, "sms")
    for words in said:
        chat.hear(Text(words))
    return [fit_to_sms(prompt).text for prompt in chat.prompts]


def test_hindi_is_in_latin_letters_until_the_tipster_writes_devanagari() -> None:
    latin = texts("Hi", "1", "6", "balu ka khanan hota hai raat ko", "kahin door gaon", "1")
    assert [is_gsm7(to_gsm7(text)) for text in latin] == [False, *[True] * 5], "stations are named in Latin letters too"
    own = texts("Hi", "1", "6", "रात को बालू का खनन होता है", "lanka", "2")
    assert [is_gsm7(to_gsm7(text)) for text in own] == [False, True, True, False, False, False]
    assert "मोबाइल" in texts("नमस्ते", "1")[-1]


def test_the_wording_in_latin_letters_fits_the_short_alphabet_and_has_the_same_placeholders_and_commands() -> None:
    assert LATIN is not None
    known = CommandWords(Catalogues.of("satark.dialogue"))
    changed = [key for key in LATIN if LATIN.get(key) != HINDI.get(key)]
    assert len(changed) > 200
    for key in changed:
        assert is_gsm7(LATIN.get(key)), key
        assert LATIN.places(key) == HINDI.places(HINDI.own(key.removesuffix(".sms"), "sms")), key
        if key.startswith("command."):
            meant = {key.removeprefix("command.").removesuffix(".sms")}
            assert known.command(fold(LATIN.get(key))) in meant | ({"delete"} if "cancel" in meant else set())


def test_texts_of_a_custom_flow_are_sent_unchanged() -> None:
    own = Catalogues([HINDI.__class__("hi", {"what.ask.sms": "क्या देखा?"}).over(HINDI), SOURCE.catalogues["en"]])
    source = FlowSource(name="satark", text=SOURCE.text, catalogues=own)
    chat = Chat(Engine(load_flow(source), own, Geography.sample()), "sms").say("Hi", "1", "6")
    assert "क्या देखा?" in chat.text
