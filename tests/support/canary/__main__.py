"""`python -m support.canary`: runs the canary, then sabotages the code in a copy, and sees each sabotage caught."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from satark_testing.canary.command import broker_url
from satark_testing.canary.run import run_canary
from support.canary.sabotages import SABOTAGES, possible, run_sabotaged


def missed(broker: str, *, one_by_one: bool) -> Iterator[str]:
    """Run the sabotages, print the result of each, and yield the names of those that the canary missed."""
    tryable = possible(SABOTAGES, broker)
    for sabotage in SABOTAGES:
        if sabotage not in tryable:
            click.echo(f"left out: {sabotage.name} (needs a server that is not installed here)")
    runs = [[one] for one in tryable]
    if not one_by_one:
        runs = [[one for one in tryable if one.group == group] for group in sorted({one.group for one in tryable})]
    caught = 0
    for tried in runs:
        with TemporaryDirectory(prefix="satark-canary-") as folder:
            finds = run_sabotaged(Path(folder), tried, broker).finds
        for sabotage in tried:
            is_caught = sabotage.is_caught(finds)
            caught += is_caught
            click.echo(f"{'caught' if is_caught else 'MISSED'}: {sabotage.name}")
            if not is_caught:
                yield sabotage.name
    click.echo(f"{caught}/{len(tryable)} sabotages caught")


def main(arguments: list[str]) -> int:
    """Run the canary and the sabotages, with `--one-by-one` each in a run of its own; return the exit code."""
    with broker_url() as broker:
        with TemporaryDirectory(prefix="satark-canary-") as folder:
            report = asyncio.run(run_canary(Path(folder), broker=broker, wait_for_log=True))
        click.echo(report)
        return int(bool(report.finds) or bool(list(missed(broker, one_by_one="--one-by-one" in arguments))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
