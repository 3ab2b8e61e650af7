"""`satark backup --drill`: a running service, a backup, and a synthetic tip that opens in the restored backup."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from satark.runtime.machine_faults import backup_ages, backup_faults
from satark.settings.settings import Settings
from satark_files.file_store import FolderStore
from satark_testing.processes.service import Service
from support.backups import RECIPIENT, chunks_of

pytestmark = pytest.mark.slow("a server")
PASSPHRASE = "nineteen mangoes under a bridge"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A running service with a desk for tips and one for synthetic tips, whose passphrase is in a file."""
    (tmp_path / "passphrase").touch(0o600)
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    environment = {"SATARK_PLUGINS": '["web_form", "desk"]', "SATARK_BACKUP_RECIPIENTS": f'["{RECIPIENT}"]'}
    made = Service(tmp_path / "data", {**environment, "SATARK_DATA_DIR": str(tmp_path / "data")})
    await asyncio.to_thread(made.run, "db", "upgrade")
    await asyncio.to_thread(made.run, "desk", "add", "dig", "--title", "DIG", "--level", "range")
    probe = ("desk", "add", "probe", "--title", "Probe", "--level", "outpost")
    await asyncio.to_thread(made.run, *probe, "--passphrase-file", str(tmp_path / "passphrase"))
    async with made:
        yield made


async def test_a_drill_opens_a_synthetic_tip_in_the_restored_backup_and_a_failed_one_is_a_fault(
    service: Service, tmp_path: Path
) -> None:
    settings, passphrase = Settings(data_dir=service.folder), tmp_path / "passphrase"
    backup = ("backup", str(tmp_path / "backups"), "--drill", str(passphrase))
    printed = (await asyncio.to_thread(service.run, *backup)).output
    assert "restored: 1 tip" in printed
    assert "✓ nothing is missing" in printed
    assert list(backup_faults(settings)) == []
    assert {*backup_ages(service.folder)} == {"backup", "drill"}
    assert "0 tips" in (await asyncio.to_thread(service.run, "backup", str(tmp_path / "backups"))).output
    passphrase.write_text("it is another one, which opens nothing")
    failed = await asyncio.to_thread(lambda: service.run(*backup, check=False))
    assert failed.exit_code == 1
    (fault,) = backup_faults(settings)
    assert fault.code == "drill_failed"
    assert "the desk probe can't open its tips" in fault.text
    assert "count on no backup until a drill passes" in fault.do
    passphrase.write_text(PASSPHRASE)
    await asyncio.to_thread(service.run, *backup)
    assert list(backup_faults(settings)) == []
    await service.stop()
    assert chunks_of(FolderStore(tmp_path / "backups" / "files")) == []
    assert not [path for path in service.folder.iterdir() if path.is_dir() and path.name.startswith("tmp")]


async def test_a_backup_is_made_even_if_no_worker_delivers_the_synthetic_tip(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.cli.backup._TIP_SECONDS", 0.0)
    await service.stop()
    to, drill = str(tmp_path / "backups"), ("--drill", str(tmp_path / "passphrase"))
    assert (await asyncio.to_thread(lambda: service.run("backup", to, *drill, check=False))).exit_code == 1
    (fault,) = backup_faults(Settings(data_dir=service.folder))
    assert "the synthetic tip was lost" in fault.text
    assert "has all its parts" in (await asyncio.to_thread(service.run, "verify", to)).output
