"""The weights fit the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_words.danger import read_letters
from satark_words.weights import read_weights
from support.dialogue.corpus import read_corpus
from support.dialogue.counting import Sample, digest_of, label, regress

CORPORA = Path(__file__).parent / "corpora"


@pytest.mark.slow("a third of a second of a processor")
def test_the_weights_were_computed_from_the_present_corpus_and_lexicon() -> None:
    now = digest_of(label(read_corpus(CORPORA)))
    assert (read_weights().digest, read_letters().digest) == (now, now), (
        "the corpus or the words have changed: run `make lexicon`, and commit it"
    )


def test_a_word_weighs_for_the_sense_that_it_occurs_with() -> None:
    samples = [Sample((0, 2), has=True, counts=1.0), Sample((1, 2), has=False, counts=1.0)] * 20
    for_it, against_it, for_neither, base = regress(samples, 3)
    assert for_it > 1
    assert against_it < -1
    assert abs(for_neither + base) < 0.1
