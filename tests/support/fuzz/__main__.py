"""The command `python -m support.fuzz TARGET --seconds N`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from support.fuzz.corpus import corpus_of, keep_fault
from support.fuzz.evidence import fuzz_evidence
from support.fuzz.guided import instrumented, run_guided
from support.fuzz.seeded import run_seeded
from support.fuzz.target import Report
from support.fuzz.targets import TARGETS

EVIDENCE: Final = "evidence"


@click.command()
@click.argument("target", type=click.Choice([*TARGETS, EVIDENCE]))
@click.option("--seconds", default=60.0, show_default=True, help="How long to fuzz.")
@click.option("--seed", type=int, help="Try the same inputs for the same seed, without the guidance of coverage.")
@click.option("--keep/--no-keep", default=True, help="Keep the inputs that found a fault, for the tests.")
def main(target: str, seconds: float, seed: int | None, *, keep: bool) -> None:
    """Send damaged inputs to a parser that strangers reach, and report faults."""
    chosen = seed if seed is not None else int(time.time())
    if target == EVIDENCE:
        raise SystemExit(fuzz_evidence(seconds, chosen))
    guided = seed is None and find_spec("atheris") is not None
    entry = TARGETS[target]
    with TemporaryDirectory(prefix="satark-fuzz-") as folder:
        with instrumented(entry.packages) if guided else nullcontext():
            opened = entry.open(_inside(folder, "target"))
        corpus = corpus_of(target, opened)
        if guided:
            run_guided(opened, corpus, _inside(folder, "inputs"), seconds=seconds, done=_shown(target, keep=keep))
        began = time.monotonic()
        report = run_seeded(opened, corpus, seed=chosen, more=lambda _: time.monotonic() - began < seconds)
        opened.close()
    raise SystemExit(_shown(target, keep=keep)(report))


def _shown(target: str, *, keep: bool) -> Callable[[Report], int]:
    def show(report: Report) -> int:
        rate = report.inputs / report.seconds if report.seconds else 0
        click.echo(
            f"{target}: {report.inputs:,} inputs in {report.seconds:.0f} s ({rate:,.0f} a second), "
            f"the slowest took {report.slowest:.2f} s of CPU, {len(report.faults)} faults"
        )
        for where, fault in report.faults.items():
            name = hashlib.sha256(fault.data).hexdigest()[:12]
            click.echo(f"FAULT {report.counts[where]:,} × {where} [{name}]", err=True)
            if keep:
                keep_fault(target, name, fault.data)
        return 1 if report.faults else 0

    return show


def _inside(folder: str, name: str) -> Path:
    made = Path(folder) / name
    made.mkdir()
    return made


if __name__ == "__main__":
    main()
