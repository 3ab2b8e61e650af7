"""`python -m satark_torture`: so many tips, so many `kill -9`, and what came of it. Exits with 1 where a tip is lost,
has had two effects, came to the wrong place, or a later revision came before an earlier one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select, update

from satark.services import Services
from satark.store import deliveries, tables
from satark.testing.postgres import empty_database, postgres_server
from satark.testing.store import fresh_services
from satark_torture.police import Police
from satark_torture.targets import Mail, Target

TARGETS: Mapping[str, type[Mail | Police]] = {"email": Mail, "police_system": Police}
REVISED = 4
"""Every so many a tip gets something added once its first revision was tried."""


class Counts(NamedTuple):
    """What came of a run."""

    deliveries: int
    kills: int
    lost: int
    doubled: int
    misrouted: int
    disordered: int
    repeats: int
    """Deliveries that came again under the same key, as they may after a crash: the receiver knows them for one."""

    @property
    def failures(self) -> int:
        """What must be none."""
        return self.lost + self.doubled + self.misrouted + self.disordered


class Torture:
    """One run on PostgreSQL."""

    def __init__(self, services: Services, target: Target, folder: Path, urls: tuple[str, str], seed: int) -> None:
        self._services = services
        self._target = target
        self._chance = random.Random(seed)
        self._environment = {
            **os.environ,
            **target.settings,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "SATARK_PLUGINS": f'["{target.plugin}"]',
            "SATARK_DATA_DIR": str(folder / "data"),
            "SATARK_DATABASE_URL": urls[0],
            "SATARK_KEYS_URL": urls[1],
        }
        self._workers: list[subprocess.Popen[bytes]] = []

    async def run(self, *, workers: int, kills: int, limit: float) -> Counts:
        """Work, kill, mend, and count.

        Raises:
            TimeoutError: it is not done within `limit` seconds.
        """
        self._workers = [self._start() for _ in range(workers)]
        killed, revised, began = 0, 0, time.monotonic()
        try:
            while not await asyncio.to_thread(self._is_done, mended=killed >= kills):
                if time.monotonic() - began > limit:
                    raise TimeoutError
                await asyncio.sleep(self._chance.uniform(1.0, 4.0))
                if killed < kills:
                    await asyncio.to_thread(self._kill)
                    killed += 1
                    revised = await asyncio.to_thread(self._revise, revised)
                else:
                    self._target.mend()
                    await asyncio.to_thread(self._hurry)
        finally:
            for worker in self._workers:
                worker.kill()
                worker.wait()
        return await asyncio.to_thread(self._count, killed)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "satark_torture.worker"]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)

    def _kill(self) -> None:
        # The oldest, so that every worker has begun to work before its turn comes.
        oldest = self._workers.pop(0)
        oldest.kill()
        oldest.wait()
        self._workers.append(self._start())

    def _revise(self, since: int) -> int:
        """Add something to some tips, and have the dead ones tried again, as an operator would."""
        query = select(tables.tip.c.id).order_by(tables.tip.c.id).offset(since).limit(20)
        names = list(self._services.read(lambda c: c.execute(query).scalars()))
        tried = select(tables.delivery.c.tip).where(tables.delivery.c.attempts > 0).limit(20)
        names += list(self._services.read(lambda c: c.execute(tried).scalars()))
        for name in names[::REVISED]:
            self._services.write_now(lambda unit, name=name: deliveries.renew(unit, name))  # type: ignore[misc]
        self._services.write_now(deliveries.retry)
        return since + 20

    def _hurry(self) -> None:
        """Let the time of what waits come: backing off for an hour is tried elsewhere."""

        def hurry(unit: Any) -> None:
            row = tables.delivery.c
            late = (row.state == "due", row.due_at > unit.now + deliveries.LEASE + 1)
            unit.main.execute(update(tables.delivery).where(*late).values(due_at=unit.now))
            unit.main.execute(update(tables.outage).values(probe_at=unit.now))
            deliveries.retry(unit)

        self._services.write_now(hurry)

    def _is_done(self, *, mended: bool) -> bool:
        return mended and not self._services.read(deliveries.counts)

    def _count(self, killed: int) -> Counts:
        row = tables.delivery.c
        rows = self._services.read(
            lambda c: c.execute(select(row.id, row.tip, row.destination, row.revision, row.reason)).all()
        )
        keys = {self._target.key_of(one.id.hex()): one for one in rows if one.reason != deliveries.OVERTAKEN}
        first: dict[str, int] = {}
        effects = self._target.effects
        for n, effect in enumerate(effects):
            first.setdefault(effect.key, n)
        arrived: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for key, one in keys.items():
            if key in first:
                arrived.setdefault((one.tip, one.destination), []).append((first[key], one.revision))
        return Counts(
            deliveries=len(keys),
            kills=killed,
            lost=len(keys.keys() - first.keys()),
            doubled=len(first.keys() - keys.keys()),
            misrouted=sum(e.key in keys and keys[e.key].destination != e.destination for e in effects),
            disordered=sum([r for _, r in sorted(one)] != sorted(r for _, r in one) for one in arrived.values()),
            repeats=len(effects) - len(first),
        )


async def torture(*, to: str, tips: int, kills: int, workers: int, faulty: float, seed: int, limit: float) -> Counts:
    """Make everything, run, and take it down."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="satark-torture-")))
        server = stack.enter_context(postgres_server())
        main, keys = (stack.enter_context(empty_database(server)) for _ in range(2))
        services = fresh_services(folder / "data", database_url=main, keys_url=keys)
        stack.callback(services.close)
        target: Target = TARGETS[to](seed, faulty=faulty, folder=folder)
        async with target.running():
            run = Torture(services, target, folder, (main, keys), seed)
            await asyncio.to_thread(target.plant, services, tips)
            return await run.run(workers=workers, kills=kills, limit=limit)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="satark_torture", description=__doc__)
    parser.add_argument("--to", choices=sorted(TARGETS), default="email", help="the kind of destination")
    parser.add_argument("--tips", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--faulty", type=float, default=0.1, help="share of attempts that the destination spoils")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which it is given up")
    with suppress(KeyboardInterrupt):
        counts = asyncio.run(torture(**vars(parser.parse_args())))
        for name, value in {**counts._asdict(), "failures": counts.failures}.items():
            sys.stdout.write(f"{name:<12} {value}\n")
        return int(bool(counts.failures))
    return 1


if __name__ == "__main__":
    sys.exit(main())
