"""Lets libFuzzer (atheris) choose the inputs: it mutates inputs that reach new code."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

from support.fuzz.mutation import MAX_BYTES, Mutator
from support.fuzz.seeded import try_one
from support.fuzz.target import Report, Target

_LIMIT_SECONDS = 120
"""Seconds after which an input counts as endless and ends the run."""


def instrumented(packages: Sequence[str]) -> AbstractContextManager[object]:
    """Measure the coverage of modules imported from these packages while this context is open."""
    import atheris  # noqa: PLC0415 - a wheel of Linux alone: whoever fuzzes by seed does without

    manager: AbstractContextManager[object] = atheris.instrument_imports(include=list(packages))
    return manager


def run_guided(
    target: Target,
    corpus: Sequence[bytes],
    folder: Path,
    *,
    seconds: float,
    done: Callable[[Report], int],
    until_fault: bool = False,
) -> NoReturn:
    """Fuzz for so many seconds, then call `done` with the results, and end the process with its exit code.

    Args:
        target: the parser to fuzz; its code was imported inside `instrumented`.
        corpus: the inputs to begin with.
        folder: an empty folder for the inputs that libFuzzer keeps.
        seconds: how long.
        done: shows the results; returns the exit code.
        until_fault: whether the first fault ends the run.
    """
    import atheris  # noqa: PLC0415 - see `instrumented`

    report, began, mutator = Report(), time.monotonic(), Mutator(target.words, corpus)
    for number, data in enumerate(corpus):
        (folder / f"{number:04}").write_bytes(data)

    def one(data: bytes) -> None:
        if time.monotonic() - began >= seconds or (until_fault and report.faults):
            report.seconds = time.monotonic() - began
            # libFuzzer has no way to be stopped from inside, and what it would do at exit would delay the report.
            code = done(report)
            sys.stdout.flush()
            os._exit(code)
        try_one(target, data, report)

    def mutated(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.2:
            with contextlib.suppress(Exception):
                return bytes(atheris.Mutate(data, max_size))
        return mutator.mutate(data, rng)[:max_size]

    options = [f"-max_len={MAX_BYTES}", f"-timeout={_LIMIT_SECONDS}", "-verbosity=0", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *options, str(folder)], one, custom_mutator=mutated)
    atheris.Fuzz()
    raise SystemExit(done(report))
