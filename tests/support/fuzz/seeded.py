"""Tries damaged inputs in an order that a seed decides: the same seed tries the same ones."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from support.fuzz.mutation import Mutator
from support.fuzz.target import Fault, Report, Target

CPU_SECONDS: Final = 10.0
"""CPU time that one input may take, of which measuring the coverage takes most."""


def run_seeded(target: Target, corpus: Sequence[bytes], *, seed: int, more: Callable[[Report], bool]) -> Report:
    """Try every input of the corpus as it is, then damaged ones as long as `more` says so.

    Args:
        target: what is fuzzed.
        corpus: valid inputs, and those that found a fault before.
        seed: decides the damages.
        more: asked before each input, given the results so far.
    """
    report, began, mutator = Report(), time.monotonic(), Mutator(target.words, corpus)
    # Not for secrets: a run must be reproducible.
    rng = random.Random(seed)
    for data in corpus:
        try_one(target, data, report)
    while more(report):
        try_one(target, mutator.mutate(rng.choice(corpus), rng), report)
    report.seconds = time.monotonic() - began
    return report


def try_one(target: Target, data: bytes, report: Report) -> None:
    """Give one input to the target, and record a fault."""
    began = time.process_time()
    try:
        target.try_one(data)
    except Exception as error:  # noqa: BLE001 - any exception is a fault
        report.note(error, data)
    took = time.process_time() - began
    if took > CPU_SECONDS:
        report.note(Fault("an input takes too much work"), data)
    report.inputs += 1
    report.slowest = max(report.slowest, took)
