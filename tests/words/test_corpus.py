"""The corpus in this folder is understood to the shares in the README, and no reading acts against its sender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import Danger
from support.dialogue.corpus import Utterance, asked_at, judge, read_corpus
from support.loops import every_row

pytestmark = pytest.mark.slow("a corpus")

CORPORA = Path(__file__).parent / "corpora"
ALL = list(read_corpus(CORPORA / "tuning"))
INDIRECT = list(read_corpus(CORPORA / "indirect"))
LABELLED = {"danger", "harmless", "identity", "anonymous"}
STEPS = [one for one in ALL if one.step not in LABELLED]
HELD_OUT = list(read_corpus(CORPORA / "held_out"))
MOST_SWALLOWED = 0.01
LEAST = {"hi-Latn": 0.95, "hi-Deva": 0.95, "en": 0.95, "Latn": 0.95, "bho": 0.85, "ur": 0.85}
"""`Latn`: texts in roman letters of any language, from groups in several scripts."""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Geography.sample())


@pytest.fixture(scope="module")
def outcomes(reader: Reader) -> list[tuple[Utterance, str]]:
    return judged(STEPS, reader)


def judged(utterances: Sequence[Utterance], reader: Reader) -> list[tuple[Utterance, str]]:
    steps = {one.step for one in utterances}
    asked = {step: asked_at(step, Geography.sample(), Catalogues.of("satark.dialogue")) for step in steps}
    return [(one, judge(one, reader, asked[one.step]).name) for one in utterances]


def test_the_corpus_is_large_enough() -> None:
    assert len(STEPS) >= 2500
    assert sum(one.step in {"danger", "harmless"} for one in ALL) >= 600
    assert sum(one.step in {"identity", "anonymous"} for one in ALL) >= 500


@pytest.mark.slow("many utterances")
def test_no_utterance_is_acted_on_against_its_meaning(outcomes: list[tuple[Utterance, str]]) -> None:
    assert [one.text for one, outcome in outcomes if outcome == "acted"] == []


@pytest.mark.slow("many utterances")
@every_row("script", LEAST)
def test_each_script_is_understood(outcomes: list[tuple[Utterance, str]], script: str) -> None:
    counts = Counter(outcome for one, outcome in outcomes if one.script == script)
    assert counts["understood"] / counts.total() >= LEAST[script]


def test_few_texts_are_taken_for_an_answer_by_mistake(outcomes: list[tuple[Utterance, str]]) -> None:
    counts = Counter(outcome for _, outcome in outcomes)
    assert counts["swallowed"] / counts.total() <= MOST_SWALLOWED


@pytest.mark.slow("many utterances")
def test_the_rounds_that_were_scored_unseen_stay_understood(reader: Reader) -> None:
    counts = Counter(outcome for _, outcome in judged([one for one in HELD_OUT if one.step not in LABELLED], reader))
    assert counts["acted"] == 0
    assert counts["understood"] / counts.total() >= 0.96
    recall, precision = _shares(HELD_OUT, reader.dangers, "danger", "harmless")
    assert recall >= 0.99
    assert precision >= 0.93
    recall, precision = _shares(HELD_OUT, lambda text: _sure(reader, text), "danger", "harmless")
    assert recall >= 0.84  # threats, habits and what is over are shown the numbers, and make no tip urgent
    assert precision >= 0.99


@pytest.mark.parametrize(
    ("wanted", "unwanted", "recall"), [("danger", "harmless", 0.99), ("identity", "anonymous", 0.95)]
)
def test_dangers_and_identity_are_found(reader: Reader, wanted: str, unwanted: str, recall: float) -> None:
    finds = reader.dangers if wanted == "danger" else reader.own_identity
    found, precision = _shares(ALL, finds, wanted, unwanted)
    assert found >= recall
    assert precision >= 0.8


def test_cries_by_people_who_saw_no_code_show_a_number_and_few_of_their_tips_are_urgent(reader: Reader) -> None:
    told = list(read_corpus(CORPORA / "strangers"))
    shown = [bool(reader.dangers(one.text)) for one in told if one.step == "danger"]
    urgent = [bool(_sure(reader, one.text)) for one in told if one.step == "harmless"]
    assert sum(shown) / len(shown) >= 0.97
    assert sum(urgent) / len(urgent) <= 0.05


def test_long_and_indirect_dangers_are_mostly_found(reader: Reader) -> None:
    """Meanings that nobody can read from single words: they miss the goal of 0.99, as the README says."""
    recall, precision = _shares(INDIRECT, reader.dangers, "danger", "harmless")
    assert recall >= 0.8
    assert precision >= 0.9


def _sure(reader: Reader, text: str) -> Sequence[Danger]:
    return [danger for danger in reader.dangers(text) if danger.sure]


def _shares(
    texts: Sequence[Utterance], finds: Callable[[str], Sequence[object]], wanted: str, unwanted: str
) -> tuple[float, float]:
    found = {name: sum(bool(finds(one.text)) for one in texts if one.step == name) for name in (wanted, unwanted)}
    return found[wanted] / sum(one.step == wanted for one in texts), found[wanted] / sum(found.values())
