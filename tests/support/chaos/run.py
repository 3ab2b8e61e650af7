"""One run on one kind of database."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from itertools import cycle, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import func, select

from satark.runtime import compose
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import envelopes, tables
from satark_testing.dialogue.walking import LostError
from satark_testing.installation import DESKS, Installation
from satark_testing.processes.service import Service
from support.chaos.blows import KILL, Blows
from support.chaos.chat_people import TroubledCitizen, answers_of, story
from support.chaos.ledger import Counts, Ledger
from support.peers.postgres import empty_database, postgres_server
from support.processes.forked import ForkedService, set_up_installation

PAUSE = 1.0
"""Maximum number of seconds from a receipt to the next fault, so that faults occur at every step of a turn."""
LOOK_EVERY = 0.5
DELIVERED_WITHIN = 600.0
"""Seconds after the last receipt within which everything must be delivered."""
ACCUSING = 5
"""One citizen in this many accuses the SP's office."""


class Run(NamedTuple):
    """The result of a run."""

    counts: Counts
    blows: Counter[str]
    seconds: float


async def chaos(
    database: str, *, tips: int, kills: int, together: int, seed: int, limit: float, workers: int = 1
) -> Run:
    """Let citizens send tips during faults, until all have a receipt or the time is over; then compare.

    Args:
        database: `sqlite` or `postgresql`.
        tips: how many citizens come.
        kills: the number of `kill -9`; there are as many other faults.
        together: how many citizens write at once.
        seed: seed of the random choice of faults.
        limit: seconds after which no citizen begins a tip.
        workers: how many processes serve; more than one serve no desk's pages.

    Raises:
        TimeoutError: sent tips are not delivered within ten minutes.
    """
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="satark-chaos-")))
        main, keys = stack.enter_context(databases(database, folder))
        environment = {
            "SATARK_DATABASE_URL": main,
            "SATARK_KEYS_URL": keys,
            "SATARK_RECEIPT_CODES_AHEAD": "200",
        }
        installation = await stack.enter_async_context(
            set_up_installation(
                folder, environment, command=_command(workers), service=ForkedService if workers == 1 else Service
            ),
        )
        await installation.service.start()
        ledger, blows = Ledger(), Blows(installation, main, seed)
        numbers = takewhile(lambda _: time.monotonic() - began < limit, range(tips))
        async with asyncio.TaskGroup() as tasks:
            striking = tasks.create_task(strike(ledger, blows, every=tips / (2 * kills + 1), kills=kills, seed=seed))
            await send_together(installation, ledger, numbers, together)
            ledger.end()
            await striking
        await blows.end_jumps()
        async with asyncio.timeout(DELIVERED_WITHIN):
            counts = await compare(installation, ledger)
        return Run(counts, blows.counts, time.monotonic() - began)


def _command(workers: int) -> Sequence[str]:
    """Return the command that serves with so many processes."""
    if workers == 1:
        return ()
    return (str(Path(sys.executable).with_name("satark")), "serve", "--role", "web,worker", "--workers", str(workers))


async def strike(ledger: Ledger, blows: Blows, *, every: float, kills: int, seed: int) -> None:
    """Cause a fault after every so many receipts, until all citizens have one. Half of the faults are `kill -9`."""
    chance = random.Random(seed)
    others = cycle(kind for kind in blows.kinds if kind != KILL)
    for blow in range(2 * kills):
        if not await ledger.reached(int(every * blow)):
            return
        await asyncio.sleep(chance.uniform(0, PAUSE))
        await blows.strike(KILL if blow % 2 else next(others))
        show(f"{ledger.receipts} receipts, {blow + 1} of {2 * kills} blows")


async def send_together(installation: Installation, ledger: Ledger, numbers: Iterator[int], together: int) -> None:
    """Have so many citizens send tips at once, until no numbers are left."""
    async with asyncio.TaskGroup() as tasks:
        for _ in range(together):
            tasks.create_task(send_tips(installation, ledger, numbers))


async def send_tips(installation: Installation, ledger: Ledger, numbers: Iterator[int]) -> None:
    """Let one citizen after the other send a tip, and record their receipts."""
    for number in numbers:
        accuses_sp = number % ACCUSING == 0
        async with TroubledCitizen(installation, number) as citizen:
            try:
                receipt = await citizen.walk(answers_of(number, accuses_sp=accuses_sp))
            except LostError as error:
                error.add_note(f"{citizen.repeated} answers came twice")
                error.add_note(await asyncio.to_thread(_replies, installation))
                raise
            ledger.acknowledged(story(number), ["dig"] if accuses_sp else ["sp", "dig"], receipt)
            ledger.repeated += citizen.repeated
            ledger.webhooks += citizen.posted


async def compare(installation: Installation, ledger: Ledger) -> Counts:
    """Wait until the worker has delivered everything; then open all tips at each desk."""
    while await asyncio.to_thread(_undelivered, installation):  # noqa: ASYNC110 - another process delivers
        await asyncio.sleep(LOOK_EVERY)
    found = {desk: [str(tip["answers"]["what"]) for tip in await installation.tips(desk)] for desk, _ in DESKS}
    return ledger.compare(found, await asyncio.to_thread(_stored, installation))


@contextmanager
def _store(installation: Installation) -> Iterator[Services]:
    environment = installation.service.environment
    settings = Settings(
        data_dir=installation.service.folder,
        database_url=environment["SATARK_DATABASE_URL"],
        keys_url=environment["SATARK_KEYS_URL"],
    )
    services = compose.load_services(settings, compose.load_geography(settings))
    try:
        yield services
    finally:
        services.close()


def _undelivered(installation: Installation) -> int:
    query = select(func.count()).select_from(tables.delivery).where(tables.delivery.c.state == "due")
    with _store(installation) as services:
        return int(services.read(lambda connection: connection.execute(query).scalar_one()))


def _replies(installation: Installation) -> str:
    """Describe the replies in the outbox, for which a waiting citizen may wait."""
    row = tables.outbox.c
    query = select(row.state, row.attempts, (row.due_at - int(time.time())).label("due_in"), row.reason)
    with _store(installation) as services:
        found = services.read(lambda connection: connection.execute(query.order_by(row.due_at)).all())
    return "\n".join(["in the outbox:", *(f"  {one._asdict()}" for one in found)])


def _stored(installation: Installation) -> dict[str, int]:
    """Count the tips of which the key store has an envelope for each desk."""
    names = [desk for desk, _ in DESKS]
    with _store(installation) as services:
        tips = services.read(lambda connection: connection.execute(select(tables.tip.c.id)).scalars().all())
        holders = services.read_keys(lambda keys: [envelopes.holders_of(keys, tip, names) for tip in tips])
    return {name: sum(name in one for one in holders) for name in names}


def show(line: str) -> None:
    """Show the progress on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the URLs of two empty databases, `sqlite` or `postgresql`."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'main.db'}", f"sqlite:///{folder / 'keys.db'}"
        return
    with postgres_server() as server, empty_database(server) as main, empty_database(server) as keys:
        yield main, keys
