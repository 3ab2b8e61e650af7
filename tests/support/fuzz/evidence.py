"""Fuzzes the evidence pipeline: damaged files of every type, cleaned in the sandbox as in production."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click

from support.evidence.fuzzing import Report, run

_EVERY = 100


def fuzz_evidence(seconds: float, seed: int) -> int:
    """Process damaged files for so many seconds and report the results; return the exit code.

    Each result other than a clean copy or a reason for a missing one is a fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run(None, seed, Path(folder), _progress, seconds=seconds))
    click.echo(f"\nevidence: {report.files:,} files in {report.seconds:.0f} s; the slowest took {report.slowest:.1f} s")
    click.echo(f"peak memory of the worker {report.worker_bytes / 1e6:.0f} MB")
    for outcome, number in report.outcomes.most_common():
        click.echo(f"{number:8,}  {outcome}")
    for fault in report.faults:
        click.echo(f"FAULT {fault}", err=True)
    return 1 if report.faults else 0


def _progress(report: Report) -> None:
    if report.files % _EVERY == 0:
        click.echo(f"\r{report.files:,} files, {len(report.faults)} faults", err=True, nl=False)
