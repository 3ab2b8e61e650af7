"""The weights fit the corpus."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from satark_words.weights import FILE, weights
from support.dialogue.corpus import read_corpus
from support.dialogue.counting import Sample, digest_of, label, regress
from support.dialogue.data_files import weights_file

CORPORA = Path(__file__).parent / "corpora"
WRITTEN = (files("satark_words") / FILE).read_text("utf-8")


@pytest.mark.slow("a third of a second of a processor")
def test_the_weights_were_computed_from_the_present_corpus_and_lexicon() -> None:
    now = digest_of(label(read_corpus(CORPORA)))
    kept = WRITTEN.partition("\n")[0]
    assert kept == now, "the corpus or the words have changed: run `make lexicon`, and commit it"


def test_the_shipped_weights_are_written_as_they_were_computed() -> None:
    assert weights_file(WRITTEN.partition("\n")[0], weights()) == WRITTEN
    assert len(WRITTEN.encode()) < 600_000


def test_a_word_weighs_for_the_sense_that_it_occurs_with() -> None:
    samples = [Sample((0, 2), has=True, counts=1.0), Sample((1, 2), has=False, counts=1.0)] * 20
    for_it, against_it, for_neither, base = regress(samples, 3)
    assert for_it > 1
    assert against_it < -1
    assert abs(for_neither + base) < 0.1
