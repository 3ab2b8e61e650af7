"""An older copy of a database is restored: the operator is told how many tips of which day are missing."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from satark_testing.installation import Installation
from satark_testing.waiting import until
from support.processes.forked import set_up_installation
from system.test_key_files import send_tip

pytestmark = pytest.mark.full("a process, started six times")

MAIN, KEYS = "satark.db", "keys.db"


def keep(folder: Path, name: str) -> None:
    """Copy the databases of a stopped service."""
    (folder / name).mkdir()
    for file in (MAIN, KEYS):
        shutil.copy(folder / "data" / file, folder / name / file)


async def notified(installation: Installation, folder: Path, main: str, keys: str, says: str) -> tuple[str, str]:
    """Start the service on these copies; return what `/readyz` says once it says this, and what `check` says."""
    for name, kept in ((MAIN, main), (KEYS, keys)):
        shutil.copy(folder / kept / name, folder / "data" / name)
        for log in ("-wal", "-shm"):
            (folder / "data" / f"{name}{log}").unlink(missing_ok=True)
    note = folder / "data" / "tips.witness"
    before = note.stat().st_ino
    await installation.service.start()
    await until(lambda: note.stat().st_ino != before)  # it has looked
    async with AsyncClient() as client:

        async def ready() -> str:
            text = (await client.get(f"{installation.service.url}/readyz")).text
            return text if says in text else ""

        shown = await until(ready, every=0.1)
    checked = await asyncio.to_thread(installation.service.run, "check", "--role", "web", check=False)
    await installation.service.stop()
    return shown, checked.stdout


async def test_an_older_copy_of_either_database_or_both_is_reported_until_the_newer_ones_are_back(
    tmp_path: Path,
) -> None:
    async with set_up_installation(tmp_path, {}) as installation:
        await installation.service.start()
        await installation.service.stop()
        keep(tmp_path, "older")
        await installation.service.start()
        await send_tip(installation)
        await installation.service.stop()
        keep(tmp_path, "newer")
        lost = f"(1 of {datetime.now(UTC):%Y-%m-%d}): 1"
        for main, keys, says in (
            ("older", "newer", f"that the main database lacks {lost}"),
            ("newer", "older", f"whose keys the key store lacks {lost}"),
            ("older", "older", f"that the main database lacks {lost}"),
            ("newer", "newer", ""),
        ):
            ready, checked = await notified(installation, tmp_path, main, keys, says)
            assert says in checked
            assert ("acknowledged" in ready) == ("acknowledged" in checked) == bool(says)
