"""Measures how much a thousand photos delay the answers to others: `python -m support.bench.photo_burst`.

Each round runs Satark without and with the photos, and compares the two; the median of the rounds counts.
"""

from __future__ import annotations

import asyncio
from statistics import median

import click

from support.bench.contestants import CONTESTANTS
from support.bench.driver import measure
from support.bench.results import Result
from support.bench.scenarios import SCENARIOS

_NAME = "satark (SQLite)"


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
@click.option("--seconds", default=10.0, show_default=True, help="Measured time of each run.")
@click.option("--citizens", default=32, show_default=True, help="Number of concurrent citizens.")
def main(*, rounds: int, seconds: float, citizens: int) -> None:
    """Measure how much a thousand photos delay the answers to others."""
    found = [_round(seconds, citizens) for _ in range(rounds)]
    click.echo(line("half of the answers", [(calm.reply_p50_ms, busy.reply_p50_ms) for calm, busy in found]))
    click.echo(line("99 of 100", [(calm.reply_p99_ms, busy.reply_p99_ms) for calm, busy in found]))


def line(title: str, pairs: list[tuple[float, float]]) -> str:
    """Return the median times in milliseconds without and with photos, and the median of their ratios."""
    calm, busy = (median(times) for times in zip(*pairs, strict=True))
    ratio = median(later / earlier for earlier, later in pairs)
    return f"{title:22} within {calm:8.1f} ms, with a thousand photos {busy:8.1f} ms: {100 * (ratio - 1):+.0f} %"


def _round(seconds: float, citizens: int) -> tuple[Result, Result]:
    calm, busy = (
        asyncio.run(measure(_NAME, CONTESTANTS[_NAME], SCENARIOS[name], citizens, seconds))
        for name in ("calm", "photos")
    )
    return calm, busy


if __name__ == "__main__":
    main()
