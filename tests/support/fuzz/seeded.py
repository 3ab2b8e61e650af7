"""Tries mutated inputs in an order that a seed determines. The same seed tries the same inputs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from support.fuzz.mutation import Mutator
from support.fuzz.target import Fault, Report, Target

CPU_SECONDS: Final = 10.0
"""Maximum CPU time of one input in seconds, most of which the coverage measurement takes."""


def run_seeded(target: Target, corpus: Sequence[bytes], *, seed: int, more: Callable[[Report], bool]) -> Report:
    """Try every input of the corpus unchanged, then mutated inputs as long as `more` returns True.

    Args:
        target: the parser to fuzz.
        corpus: valid inputs, and those that found a fault before.
        seed: of the random mutations.
        more: called before each input with the results so far.
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
