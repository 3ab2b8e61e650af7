"""How long a caller listens, measured on the synthetic voice of the machine, from the first word to the receipt."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.speech.voice_notes import can_speak, speak
from satark_words.geography.geography import Geography

SOURCE = default_flow()
ENGINE = Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample())
MOST_SECONDS = 150
CHARACTERS_A_SECOND = 13
"""Speed that is used if espeak-ng is not installed."""
RATES = {"slow": 0.75, "x-slow": 0.5}

LANGUAGES = {"hi": "1", "en": "2"}
CATEGORIES = {"INTOX": ["2"], "MINE": ["6"], "TRAFF": ["5"], "HEIN": ["8", "4"], "OTHER": ["8", "5"]}
"""Category → the keys that choose it: on the first page of the menu and on the second."""
ANSWERS = {"what": [""], "now": ["2"], "place": [""], "police": ["2"], "evidence": ["0"]}
"""Question → the keys that answer it. An empty text means that it is answered by voice."""


@cache
def seconds(text: str, language: str) -> float:
    """Return how long a line takes."""
    if not can_speak(language):
        return len(text) / CHARACTERS_A_SECOND
    sound = speak(text, language)
    return (len(sound) - sound.index(b"data") - 8) / 2 / int.from_bytes(sound[24:28], "little")


def length(document: ET.Element, *, until_code: bool = False) -> float:
    """Return how long a document is spoken; with `until_code`, up to the end of the first receipt code in it."""
    total, groups = 0.0, 0
    for verb in document.iter():
        if verb.tag == "Pause":
            total += int(verb.attrib["length"])
        if verb.tag == "Say":
            text = "".join(verb.itertext()).strip()
            slowly = next((RATES[one.attrib["rate"]] for one in verb.iter("prosody")), 1.0)
            total += seconds(text, verb.attrib["language"][:2]) / slowly
            groups += bool(text.replace(" ", "").isdecimal())
        if until_code and groups == 4 and verb.tag == "Pause":
            return total
    return total


@pytest.mark.slow("espeak-ng")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("category", CATEGORIES)
def test_a_caller_listens_for_at_most_150_seconds_before_the_receipt(
    language: str, category: str, dial: Callable[[Engine], Any]
) -> None:
    call = dial(ENGINE)
    heard = length(call.document)
    keys = {"@language": [LANGUAGES[language]], "category": CATEGORIES[category], **ANSWERS}
    while call.chat.step != "review":
        for key in keys[call.chat.step]:
            call.press(key) if key else call.speak()
            heard += length(call.document)
    heard += length(call.press("1").document, until_code=True)
    assert call.chat.submission is not None
    assert call.chat.submission.answers["category"] == category
    assert heard <= MOST_SECONDS
