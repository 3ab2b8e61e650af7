"""Tries a few hundred mutated inputs on each parser that strangers reach; `make fuzz` tries as many as time allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from support.fuzz.corpus import corpus_of
from support.fuzz.seeded import run_seeded
from support.fuzz.target import Fault, Report
from support.fuzz.targets import TARGETS

CORPORA = Path(__file__).parent / "corpora"
INPUTS = 250


class Planted:
    """A parser with two faults: it raises an exception for capital letters, and accepts an empty text."""

    words: Sequence[str] = ("A", "")

    def seeds(self) -> Sequence[bytes]:
        return [b'{"text": "a"}']

    def try_one(self, data: bytes) -> None:
        if b"A" in data:
            raise LookupError
        if b'""' in data:
            raise Fault("an empty text was taken")

    def close(self) -> None:
        pass


def enough(report: Report) -> bool:
    return report.inputs < INPUTS


@pytest.mark.full("damages inputs")
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_mutated_or_stored_input_makes_a_parser_fail(name: str, tmp_path: Path) -> None:
    target = TARGETS[name].open(tmp_path)
    corpus = corpus_of(name, target, CORPORA)
    report = run_seeded(target, corpus, seed=20261126, more=enough)
    target.close()
    assert {where: fault.data for where, fault in report.faults.items()} == {}
    assert report.inputs >= INPUTS


def test_different_faults_are_found_and_distinguished() -> None:
    report = run_seeded(Planted(), Planted().seeds(), seed=1, more=enough)
    assert {where.partition(" ")[0] for where in report.faults} == {"LookupError", "Fault"}
    assert all(b"A" in fault.data or b'""' in fault.data for fault in report.faults.values())


def test_the_same_seed_tries_the_same_inputs() -> None:
    runs = [run_seeded(Planted(), Planted().seeds(), seed=seed, more=enough) for seed in (7, 7, 8)]
    assert runs[0].faults == runs[1].faults
    assert runs[0].counts == runs[1].counts
    assert runs[0].counts != runs[2].counts


def test_each_corpus_is_small_and_belongs_to_a_target() -> None:
    folders = [folder for folder in CORPORA.iterdir() if folder.is_dir()]
    assert {folder.name for folder in folders} <= set(TARGETS)
    assert all(sum(path.stat().st_size for path in folder.iterdir()) < 500_000 for folder in folders)
