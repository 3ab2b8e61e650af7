"""The command of `make fuzz`: ten thousand hostile files against the evidence pipeline."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click

from satark.testing.evidence.fuzzing import Report, run

_EVERY = 100


@click.command()
@click.option("--count", default=10_000, show_default=True, help="Number of files.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same files.")
def main(count: int, seed: int) -> None:
    """Process damaged files, and report the results; anything but a copy or a reason is a fault."""
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run(count, seed, Path(folder), lambda so_far: _progress(so_far, count)))
    click.echo(f"\n{report.files:,} files in {report.seconds:.0f} s; the slowest took {report.slowest:.1f} s")
    click.echo(f"peak memory of the worker {report.worker_bytes / 1e6:.0f} MB")
    for outcome, number in report.outcomes.most_common():
        click.echo(f"{number:8,}  {outcome}")
    for fault in report.faults:
        click.echo(f"FAULT {fault}", err=True)
    raise SystemExit(1 if report.faults else 0)


def _progress(report: Report, count: int) -> None:
    if report.files % _EVERY == 0:
        click.echo(f"\r{report.files:,} of {count:,}, {len(report.faults)} faults", err=True, nl=False)


if __name__ == "__main__":
    main()
