"""`satark bench`: measures how many messages this machine takes, with a scratch installation and simulated citizens."""

import asyncio
import os
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Final

import click
import msgspec

from satark_testing.canary.listing import family
from satark_testing.installation import Installation, set_up_installation
from satark_testing.whatsapp.citizen import Citizen, Place, Reply, receipt_in

_WORDS: Final = "Three men sell liquor behind the old mill every evening"
_LEAD_AWAY: Final = ("Back", "पीछे", "Continue elsewhere", "कहीं और जारी रखें")
_PLACE: Final = Place(25.3176, 82.9739)
_REST_SECONDS: Final = 5.0
"""Seconds for which the service makes receipts in advance before the citizens write, as in a quiet minute."""


class Capacity(msgspec.Struct):
    """The measured values."""

    waits: list[float] = msgspec.field(default_factory=list)
    """Seconds from each message to its answer."""
    tips: int = 0
    cpu_seconds: float = 0.0
    """Processor time of the service alone, not of the simulated citizens."""

    def __str__(self) -> str:
        """Return lines for an operator."""
        messages, cores = len(self.waits), os.cpu_count() or 1
        each = self.cpu_seconds / messages
        percentiles = quantiles(self.waits, n=100)
        return (
            f"{messages} messages and {self.tips} tips took {1000 * each:.2f} s of processor time per 1,000 messages\n"
            f"one core takes at least {1 / each:,.0f} messages a second, {self.tips / messages / each:,.0f} tips; "
            f"this machine has {cores}: run a web process for each (docs/operations.md)\n"
            f"half of the answers came within {1000 * percentiles[49]:.0f} ms, 99 of 100 within "
            f"{1000 * percentiles[98]:.0f} ms, while the simulated citizens took as much of the machine as they could"
        )


@click.command()
@click.option("--seconds", default=10.0, show_default=True, help="How long the citizens write.")
@click.option("--citizens", default=32, show_default=True, help="Number of citizens who write at once.")
@click.option("--database-url", default="", help="An empty PostgreSQL database; SQLite in a scratch folder otherwise.")
def bench(*, seconds: float, citizens: int, database_url: str) -> None:
    """Measure how many messages and tips a core of this machine takes.

    It starts a Satark of its own in a scratch folder, with a simulated Meta, and touches nothing of this installation.
    Stop other work on the machine first.
    """
    database = {"SATARK_DATABASE_URL": database_url} if database_url else {}
    with TemporaryDirectory(prefix="satark-bench-") as folder:
        click.echo(f"measuring for {seconds:.0f} s …", err=True)
        click.echo(str(asyncio.run(measure(Path(folder), seconds, citizens, database))))


async def measure(folder: Path, seconds: float, citizens: int, environment: Mapping[str, str]) -> Capacity:
    """Let citizens tell one tip after another for `seconds`.

    Raises:
        LostError: a citizen got no answer.
    """
    found = Capacity()
    async with set_up_installation(folder, environment) as installation:
        await installation.service.start()
        await asyncio.sleep(_REST_SECONDS)
        before, ends, numbers = _processor_seconds(installation), time.perf_counter() + seconds, count(1)
        async with asyncio.TaskGroup() as group:
            for _ in range(citizens):
                group.create_task(_tell_tips(installation, numbers, ends, found))
        found.cpu_seconds = _processor_seconds(installation) - before
    return found


async def _tell_tips(installation: Installation, numbers: "count[int]", ends: float, found: Capacity) -> None:
    while time.perf_counter() < ends:
        async with installation.citizen(next(numbers)) as citizen:
            await _tell_tip(citizen, ends, found)


async def _tell_tip(citizen: Citizen, ends: float, found: Capacity) -> None:
    reply: Reply = "Hi"
    while time.perf_counter() < ends:
        began = time.perf_counter()
        await citizen.reply(reply)
        heard = await citizen.hear()
        found.waits.append(time.perf_counter() - began)
        if receipt_in(heard.text):
            found.tips += 1
            return
        offered = [offer.label for offer in heard.offers if offer.label not in _LEAD_AWAY]
        reply = _PLACE if heard.kind == "location_request_message" else next(iter(offered), _WORDS)


def _processor_seconds(installation: Installation) -> float:
    """Return user and system time of the service's processes (proc(5): `stat`, fields 14 and 15)."""
    stats = (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in family(installation.service.pid)
    )
    return sum(int(ticks) for fields in stats for ticks in fields[11:13]) / os.sysconf("SC_CLK_TCK")
