"""The weights of words fit the corpus, and what they tell counts only where nothing surer does."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import Kind
from satark_words.weights import read_weights
from support.dialogue.corpus import asked_at, read_corpus
from support.dialogue.counting import Sample, digest_of, label, regress
from support.loops import every_row

CORPORA = Path(__file__).parent / "corpora"
GEOGRAPHY = Geography.sample()


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.shared(GEOGRAPHY)


def test_the_weights_were_computed_from_the_present_corpus_and_lexicon() -> None:
    now = digest_of(label(read_corpus(CORPORA)))
    assert read_weights().digest == now, "the corpus or the words have changed: run `make lexicon`, and commit it"


def test_a_word_weighs_for_what_it_stands_beside() -> None:
    samples = [Sample((0, 2), has=True, counts=1.0), Sample((1, 2), has=False, counts=1.0)] * 20
    for_it, against_it, for_neither, base = regress(samples, 3)
    assert for_it > 1
    assert against_it < -1
    assert abs(for_neither + base) < 0.1


DANGER = "jis tarah usne meri bhanji ko raat bhar rakha wo ab kaanp rahi hai"
"""Told in words that no rule has."""


@every_row("step", ["what", "place", "category", "evidence"])
def test_a_danger_that_no_rule_knows_is_heard_by_its_words(reader: Reader, step: str) -> None:
    assert [danger.rule for danger in reader.dangers(DANGER)] == ["words"]
    reading = reader.read(DANGER, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue")))
    assert (reading.kind, reading.story, reading.dangers[0].numbers[0]) == (Kind.DANGER, True, "112")


def test_words_that_speak_for_a_danger_don_t_overrule_that_there_is_none(reader: Reader) -> None:
    assert reader.dangers(f"{DANGER} nothing happened") == ()


@every_row("step", ["review", "reach", "cancel", "restart", "origin"])
def test_weights_choose_nothing_that_acts(reader: Reader, step: str) -> None:
    asked = asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue"))
    acting = {option.id for option in asked.options if option.acts}
    assert reader.read(DANGER, asked).option not in acting
