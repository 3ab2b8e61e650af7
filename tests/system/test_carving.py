"""A thief who seizes the machine an epoch later can decrypt no submitted, forgotten, cancelled or expired draft."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from satark.identity.epoch_keys import Epoch
from satark.store import tables
from satark_testing.installation import PHONE_NUMBER_ID, Installation
from satark_testing.waiting import until
from satark_testing.whatsapp.citizen import Citizen
from support.answers import HINDI
from support.carving import Carved, Raw, carve, epochs_in, live_epochs, mounted, unmount
from support.processes.forked import set_up_installation

pytestmark = pytest.mark.slow("a process")

EPOCH_SECONDS = 4
ACCOUNT = f"whatsapp:{PHONE_NUMBER_ID}"
WORDS = "मंदिर के पीछे हथियारों का ढेर"
SETTINGS = {"SATARK_EPOCH_MINUTES": str(EPOCH_SECONDS / 60), "SATARK_REACH_MINUTES": str(2 / 60)}


def on_disk(folder: Path) -> dict[str, str]:
    """Return the settings of an installation that keeps its epoch keys on the disk."""
    return {**SETTINGS, "SATARK_EPOCH_KEY_FILE": str(folder / "data/epoch.keys")}


HANDED_IN = ("handed in", "went silent after the receipt")
NUMBERS = {"handed in": 1, "went silent after the receipt": 2, "forgot": 3, "cancelled": 4, "still at it": 5}


class Seized:
    """The raw bytes and key files that a thief has, and the values by which the test recognises decrypted content."""

    def __init__(self, installation: Installation, citizens: Mapping[str, Citizen]) -> None:
        data = installation.service.folder
        self.edge_key = (data / "edge.key").read_bytes()
        self.epochs = live_epochs(data / "epoch.keys") if (data / "epoch.keys").exists() else []
        engine = create_engine(f"sqlite:///{data / 'satark.db'}")
        with engine.connect() as connection:
            rows = connection.execute(select(tables.tip.c.id, tables.tip.c.document))
            self.documents = {row.id: row.document for row in rows}
        engine.dispose()
        self.senders = {name: (ACCOUNT, addresses(one)) for name, one in citizens.items()}

    def carve(self, raw: Sequence[Raw], epochs: Sequence[Epoch]) -> Carved:
        """Decrypt everything in the raw bytes that these epoch keys open."""
        known: Any = {"documents": self.documents, "senders": self.senders, "words": [WORDS]}
        return carve(raw, self.edge_key, epochs, **known)


def addresses(citizen: Citizen) -> tuple[str, ...]:
    return str(citizen.sender.wa_id), str(citizen.sender.user_id)


async def use(installation: Installation) -> dict[str, Citizen]:
    """Submit, abandon, forget and cancel drafts. One draft is still being written at the end."""
    citizens = {name: installation.citizen(76543210 + number) for name, number in NUMBERS.items()}
    answers: Any = {**HINDI, "क्या हो रहा है\\?": WORDS}
    await asyncio.gather(*(citizens[name].walk(answers) for name in HANDED_IN))
    await say(citizens["handed in"], "forget")
    for name, last in (("forgot", ["forget me"]), ("cancelled", ["cancel", "मिटा दो"]), ("still at it", [])):
        await say(citizens[name], "Hi", "हिन्दी", "अवैध हथियार", WORDS, *last)
    return citizens


async def say(citizen: Citizen, *texts: str) -> None:
    for text in texts:
        await citizen.say(text)
        await citizen.hear()


async def until_only_the_draft_is_kept(installation: Installation) -> None:
    """Wait until a single conversation is kept: on a busy machine a job ends the others several epochs later."""
    engine = create_engine(f"sqlite:///{installation.service.folder / 'satark.db'}")

    def kept() -> int:
        with engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(tables.conversation)).scalar_one()

    try:
        await until(lambda: kept() == 1, every=0.1)
    finally:
        engine.dispose()


class EveryKey:
    """Records every epoch key that was ever in the file: what a thief would have if keys were never destroyed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: dict[bytes, Epoch] = {}

    async def watch(self) -> None:
        """Read the file repeatedly until cancelled."""
        while True:
            if self.path.exists():
                self.seen |= {epoch.id: epoch for epoch in live_epochs(self.path)}
            await asyncio.sleep(0.1)

    async def two_epochs_later(self) -> None:
        """Wait until every epoch of the present has been destroyed."""
        now = {epoch.id for epoch in live_epochs(self.path)}
        await until(lambda: not now & {epoch.id for epoch in live_epochs(self.path)}, every=0.1)


@asynccontextmanager
async def watched(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def check(now: Carved) -> None:
    """Check that the remaining keys open only the draft that is still being written."""
    assert not now.tips
    assert now.senders == {"still at it"}
    assert now.drafts > 0, "the carver finds what is there"


@pytest.mark.full("a disk image")
async def test_a_copy_of_the_disk_reveals_nothing_an_epoch_later(tmp_path: Path) -> None:
    with mounted(tmp_path) as (image, disk):
        async with set_up_installation(disk, on_disk(disk)) as installation:
            service = installation.service
            keys = EveryKey(service.folder / "epoch.keys")
            await service.start()
            async with watched(keys.watch()):
                citizens = await use(installation)
                await until_only_the_draft_is_kept(installation)
                await keys.two_epochs_later()
                await keys.two_epochs_later()
            await service.kill()
            seized = Seized(installation, citizens)
        unmount(disk)
        with image.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as raw:
            assert raw.find(seized.edge_key) > 0, "the disk is the one that was in use"
            check(seized.carve([raw], seized.epochs))
            # Nothing but that draft is left on the disk at all: keys that somebody had copied in time open no more.
            assert seized.carve([raw], list(keys.seen.values())).senders <= {"still at it"}


async def test_a_disk_whose_plug_was_pulled_reveals_nothing(tmp_path: Path) -> None:
    with mounted(tmp_path) as (image, disk):
        memory = tmp_path / "memory"
        memory.mkdir()
        async with set_up_installation(disk, {**SETTINGS, "SATARK_EPOCH_KEY_FILE": str(memory)}) as installation:
            await installation.service.start()
            citizens = await use(installation)
            await installation.service.kill()
            seized = Seized(installation, citizens)
            (in_memory,) = (one for one in memory.iterdir() if one.suffix != ".tips")
            epochs = live_epochs(in_memory)
        unmount(disk)
        with image.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as raw:
            assert epochs_in(raw[:]) == []
            nothing = seized.carve([raw], [])
            assert (nothing.drafts, set(nothing.tips), set(nothing.senders)) == (0, set(), set())
            assert seized.carve([raw], epochs).drafts > 0, "only the keys are missing"


@pytest.mark.full("a disk image")
async def test_copies_of_files_reveal_nothing_an_epoch_later(tmp_path: Path) -> None:
    async with set_up_installation(tmp_path, on_disk(tmp_path)) as installation:
        service = installation.service
        keys, copies = EveryKey(service.folder / "epoch.keys"), Copies(service.folder)
        await service.start()
        async with watched(keys.watch()), watched(copies.watch()):
            citizens = await use(installation)
            await until_only_the_draft_is_kept(installation)
            await keys.two_epochs_later()
            await keys.two_epochs_later()
        await service.kill()
        seized = Seized(installation, citizens)
        copies.take()
    assert len(copies.taken) > 20
    check(seized.carve(copies.taken, seized.epochs))
    everything = seized.carve(copies.taken, list(keys.seen.values()))
    assert everything.drafts >= len(NUMBERS), "the copies hold it all: only the keys are gone"
    assert len(everything.tips) == len(HANDED_IN)
    assert everything.senders == set(NUMBERS)


class Copies:
    """Copies of a folder's files except the keys, taken at each change, as a backup or a snapshot would be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: list[bytes] = []
        self._last: dict[Path, bytes] = {}

    def take(self) -> None:
        """Copy the files that have changed."""
        for path in self.folder.rglob("*"):
            if path.suffix not in {".key", ".keys"} and path.is_file():
                with contextlib.suppress(FileNotFoundError):
                    self._note(path, path.read_bytes())

    def _note(self, path: Path, content: bytes) -> None:
        if self._last.get(path) != content:
            self._last[path] = content
            self.taken.append(content)

    async def watch(self) -> None:
        """Copy repeatedly until cancelled."""
        while True:
            await asyncio.to_thread(self.take)
            await asyncio.sleep(0.05)
