"""The reader never raises, whatever the text, and reads long texts as fast as short ones."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.dialogue.corpus import asked_at

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

CATALOGUES = Catalogues.of("satark.dialogue")

STEPS = ["category", "what", "place", "station", "police", "police_unit", "evidence", "review", "reach", "cancel"]

ASKED = {step: asked_at(step, GEOGRAPHY, CATALOGUES) for step in STEPS}

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow("a whole corpus")
@LAWS
@given(st.text(max_size=200), st.sampled_from(STEPS))
@example("\ud800", "review")
@example("ا" * 300 + "\u200d", "what")
def test_no_text_makes_the_reader_raise(text: str, step: str) -> None:
    READER.read(text, ASKED[step])
    READER.open(text)
    spans = READER.own_identity(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))


@pytest.mark.slow("a whole corpus")
def test_long_texts_cost_no_more_than_reading_them() -> None:
    words = "roz raat ko lanka ke paas maidan me kuch log aakar sharab bechte hai ramesh xyzab "
    once = _seconds(words * 5)
    assert _seconds(words * 50) < max(once, 0.001) * 40


def _seconds(text: str) -> float:
    """Return the CPU time of the fastest of five readings: the machine's other work slows some of them down."""
    found = []
    for number in range(5):
        began = time.process_time()
        READER.read(f"{text}{number}", ASKED["what"])  # each another text: the reader remembers what it read
        found.append(time.process_time() - began)
    return min(found)
