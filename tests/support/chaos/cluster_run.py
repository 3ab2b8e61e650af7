"""One run of the cluster: citizens tell tips with photos by form and WhatsApp while machines are killed."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, Table, func, select

from satark.store import tables
from satark_testing.installation import DESKS
from satark_testing.whatsapp.citizen import Photo
from support.chaos.chat_people import TroubledCitizen, answers_of, story
from support.chaos.cluster import Cluster, photo_of, running_cluster
from support.chaos.form_people import PatientCitizen
from support.chaos.ledger import Counts, Ledger
from support.chaos.machines import start
from support.chaos.run import ACCUSING, DELIVERED_WITHIN, LOOK_EVERY, PAUSE, show

STORE, PRIMARY = "store", "primary"
_QUEUES: Final = (tables.delivery, tables.file)
FORM_STORY: Final = "They sell liquor behind the school every night, case {}"


class ClusterRun(NamedTuple):
    """The result of a run."""

    counts: Counts
    files_missing: int
    """Photos that a desk lacks, or that show another tip's number."""
    files_doubled: int
    """Photos that a tip has once more, since their citizen got no answer and sent them again."""
    kills: Counter[str]
    seconds: float

    @property
    def failures(self) -> int:
        """The number of errors."""
        return self.counts.failures + self.files_missing + self.files_doubled


async def cluster_chaos(*, tips: int, kills: int, together: int, seed: int, limit: float) -> ClusterRun:
    """Let citizens tell tips while machines are killed, until all have a receipt or the time is over; then compare.

    Args:
        tips: how many citizens come, half of them to the form.
        kills: how often a node, the store or the primary is killed.
        together: how many citizens write at once.
        seed: of the random order.
        limit: seconds after which nobody begins a tip any more.

    Raises:
        TimeoutError: what was sent is not delivered within ten minutes.
    """
    began = time.monotonic()
    ledger, killed, photos = Ledger(), Counter[str](), dict[str, int]()
    with TemporaryDirectory(prefix="satark-cluster-") as folder:
        async with running_cluster(Path(folder)) as cluster:
            numbers = takewhile(lambda _: time.monotonic() - began < limit, range(tips))
            async with asyncio.TaskGroup() as tasks:
                striking = tasks.create_task(_strike(cluster, ledger, killed, tips=tips, kills=kills, seed=seed))
                async with asyncio.TaskGroup() as people:
                    for _ in range(together):
                        people.create_task(_send_tips(cluster, ledger, photos, numbers))
                ledger.end()
                await striking
            async with asyncio.timeout(DELIVERED_WITHIN):
                while await asyncio.to_thread(_undone, cluster):  # noqa: ASYNC110 - other processes work
                    await asyncio.sleep(LOOK_EVERY)
            return _compare(cluster, ledger, photos, killed, time.monotonic() - began)


async def _strike(cluster: Cluster, ledger: Ledger, killed: Counter[str], *, tips: int, kills: int, seed: int) -> None:
    """Kill something after every so many receipts: each node, the store and the primary in turn, shuffled."""
    chance = random.Random(seed)
    targets: list[str] = []
    for kill in range(kills):
        if not await ledger.reached(tips * kill // (kills + 1)):
            return
        if not targets:
            targets = [*cluster.nodes, STORE, PRIMARY]
            chance.shuffle(targets)
        target = targets.pop()
        await asyncio.sleep(chance.uniform(0, PAUSE))
        await _kill(cluster, target)
        killed[target] += 1
        show(f"{ledger.receipts} receipts, {kill + 1} of {kills} kills")


async def _kill(cluster: Cluster, target: str) -> None:
    if target == PRIMARY:
        await cluster.pair.fail_over()
    elif target == STORE:
        cluster.store.stop()
        await asyncio.to_thread(cluster.store.start)
    else:
        await cluster.nodes[target].kill()
        await start(cluster.nodes[target])


async def _send_tips(cluster: Cluster, ledger: Ledger, photos: dict[str, int], numbers: Iterator[int]) -> None:
    """Let one citizen after the other tell a tip, by turns on WhatsApp and at the form; record their receipts."""
    for number in numbers:
        if number % 2:
            words, receipt = await _by_form(cluster, ledger, number)
            desks = ["sp", "dig"]
        else:
            words, receipt = await _by_whatsapp(cluster, ledger, number)
            desks = ["dig"] if number % ACCUSING == 0 else ["sp", "dig"]
        photos[words] = number
        ledger.acknowledged(words, desks, receipt)


async def _by_form(cluster: Cluster, ledger: Ledger, number: int) -> tuple[str, str]:
    words = FORM_STORY.format(number)
    async with PatientCitizen(cluster.front) as citizen:
        receipt = await citizen.tell(words, photo_of(number))
        ledger.webhooks += citizen.pressed
    return words, receipt


async def _by_whatsapp(cluster: Cluster, ledger: Ledger, number: int) -> tuple[str, str]:
    answers = answers_of(number, accuses_sp=number % ACCUSING == 0)
    answers["हो गया"] = [Photo(photo_of(number)), "हो गया"]
    async with TroubledCitizen(cluster, number) as citizen:
        receipt = await citizen.walk(answers)
        ledger.repeated += citizen.repeated
        ledger.webhooks += citizen.posted
    return story(number), receipt


def _undone(cluster: Cluster) -> int:
    """Count what a worker still has to do."""
    with cluster.services() as services:
        return services.read(lambda found: sum(int(found.execute(_due(one)).scalar_one()) for one in _QUEUES))


def _due(table: Table) -> Select[Any]:
    return select(func.count()).select_from(table).where(table.c.state == "due")


def _compare(
    cluster: Cluster, ledger: Ledger, photos: dict[str, int], killed: Counter[str], seconds: float
) -> ClusterRun:
    """Open all tips and photos at each desk."""
    opened = {desk: cluster.opened(desk) for desk, _ in DESKS}
    found = {desk: [words for words, many in tips.items() for _ in many] for desk, tips in opened.items()}
    missing = doubled = 0
    for tips in opened.values():
        for words, many in tips.items():
            shown = [one for _, numbers in many for one in numbers]
            missing += photos.get(words) not in shown
            doubled += len(shown) - 1 if shown else 0
            missing += sum(one != photos.get(words) for one in shown)
    counts = ledger.compare(found, {desk: len(words) for desk, words in found.items()})
    return ClusterRun(counts, missing, doubled, killed, seconds)


def report(**options: Any) -> int:
    """Run, and print the counts; return 1 if something is wrong."""
    run = asyncio.run(cluster_chaos(**options))
    counts = ", ".join(f"{value} {name}" for name, value in run.counts._asdict().items())
    kills = ", ".join(f"{count} × {target}" for target, count in sorted(run.kills.items()))
    files = f"{run.files_missing} files missing or swapped, {run.files_doubled} doubled"
    sys.stdout.write(f"cluster: {counts}; {files}\n  in {run.seconds:.0f} s, {run.kills.total()} kills: {kills}\n")
    return int(bool(run.failures))
