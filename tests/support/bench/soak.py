"""`python -m support.bench.soak`: steady load for an hour; memory, handles and times by minute.

It exits with 1 if memory or handles grew, or a message was refused or waits.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from statistics import median
from typing import Final, NamedTuple

import click

from support.bench.contestants import CONTESTANTS
from support.bench.driver import Measured, prepared
from support.bench.scenarios import Scenario

_TITLES: Final = ("minute", "messages/s", "reply p50 ms", "reply p99 ms", "memory MB", "handles", "refused", "others")
_MEMORY_GROWTH: Final = 1.05
"""Highest allowed ratio of memory in the last quarter of the run to memory in the second quarter."""
_MORE_HANDLES: Final = 8
"""Number of additional files and sockets that count as no leak: connections that are kept open."""


class Minute(NamedTuple):
    """The measurements of one minute."""

    messages_per_second: float
    reply_p50_ms: float
    reply_p99_ms: float
    rss_mb: float
    handles: int
    refused: int
    unanswered: int
    others: float
    """Share of the machine's processor time that other processes took."""

    def __str__(self) -> str:
        cells = (
            *(f"{value:,.1f}" for value in self[:4]),
            str(self.handles),
            str(self.refused + self.unanswered),
            f"{self.others:.0%}",
        )
        return "".join(f"{cell:>14}" for cell in cells)


def growth(minutes: Sequence[Minute]) -> list[str]:
    """Describe what grew between the second quarter of the minutes, when caches are full, and the last quarter."""
    quarter = max(1, len(minutes) // 4)
    early, late = minutes[quarter : 2 * quarter] or minutes, minutes[-quarter:]
    memory = [median(one.rss_mb for one in some) for some in (early, late)]
    handles = [median(one.handles for one in some) for some in (early, late)]
    found = []
    if memory[1] > memory[0] * _MEMORY_GROWTH:
        found.append(f"memory grew from {memory[0]:.0f} to {memory[1]:.0f} MB")
    if handles[1] > handles[0] + _MORE_HANDLES:
        found.append(f"handles grew from {handles[0]:.0f} to {handles[1]:.0f}")
    if lost := sum(one.refused for one in minutes) + minutes[-1].unanswered:
        found.append(f"{lost} messages were refused, or not answered within a second")
    return found


async def soak(name: str, *, minutes: int, per_second: float, citizens: int) -> AsyncIterator[Minute]:
    """Yield the measurements of each minute.

    Raises:
        BotError: the contestant did not start, or answered nothing.
    """
    async with prepared(CONTESTANTS[name], Scenario("soak", per_second=per_second), citizens) as load:
        await load.begin()
        for _ in range(minutes):
            measured = Measured(name, load)
            await asyncio.sleep(60)
            result = measured.result()
            yield Minute(
                messages_per_second=result.messages_per_second,
                reply_p50_ms=result.reply_p50_ms,
                reply_p99_ms=result.reply_p99_ms,
                rss_mb=result.rss_mb,
                handles=load.bot.handles(),
                refused=result.refused,
                unanswered=result.unanswered,
                others=result.foreign_load,
            )


@click.command()
@click.option("--minutes", default=60, show_default=True, type=click.IntRange(1, 1440))
@click.option("--per-second", default=300.0, show_default=True, help="Webhooks: half of what `make bench` measures.")
@click.option("--citizens", default=256, show_default=True, help="Number of concurrent citizens.")
@click.option("--only", default="satark (SQLite)", show_default=True, type=click.Choice(list(CONTESTANTS)))
def main(*, minutes: int, per_second: float, citizens: int, only: str) -> None:
    """Keep a load steady, and print the measurements of each minute."""

    async def run() -> list[Minute]:
        seen = []
        async for minute in soak(only, minutes=minutes, per_second=per_second, citizens=citizens):
            seen.append(minute)
            click.echo(f"{len(seen):>6}{minute}")
        return seen

    click.echo(f"{_TITLES[0]:>6}" + "".join(f"{title:>14}" for title in _TITLES[1:]))
    found = growth(asyncio.run(run()))
    click.echo("; ".join(found) or "memory and handles are flat, every message was answered")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
