"""A restored backup whose desks' keys were changed since is read by the officers who had them at the backup."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from satark.backup.folder import BackupFolder
from satark.roster.chain import read_state
from satark.roster.roster import COPY_NAME, RENEWALS_NAME
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewDesk, make_desk, unlock
from satark_desk.own_keys import change_passphrase
from support.backups import Place
from support.store import opened_services
from support.tips import seed_tip

pytestmark = pytest.mark.slow("whole backups")

FIRST, OWN = "kupfer wolke 71 anker", "harfe nebel 92 quitte"


def head(services: Services, passphrase: str) -> UnlockedDesk:
    return unlock(services, "sp", "rana", passphrase)


def with_copies_of(old: Place, new: Place) -> None:
    for name in (COPY_NAME, RENEWALS_NAME):
        if (old.services.data_dir / name).exists():
            shutil.copy(old.services.data_dir / name, new.services.data_dir / name)


@pytest.fixture
def backed_up(here: Place, folder: BackupFolder) -> str:
    """The name of a backup with one tip at the desk."""
    make_desk(
        here.services, NewDesk(name="sp", title="SP", level="district", area="", officer="rana", passphrase=FIRST)
    )
    seed_tip(here.services, [here.services.desk("sp")], answers={"what": "BEFORE"})
    head(here.services, FIRST)
    return here.back_up(folder).name


def reopened(place: Place) -> Services:
    return opened_services(place.settings.core.data_dir)


def told(services: Services, passphrase: str) -> list[str]:
    seed_tip(services, [services.desk("sp")], answers={"what": "AFTER"})
    work = head(services, passphrase).casework(services)
    return sorted(str(work.open(one.header.number).tip.answers["what"]) for one in work.summaries())


def test_no_tip_is_sealed_to_a_key_that_a_backup_is_too_old_to_have(
    here: Place, elsewhere: Place, folder: BackupFolder, backed_up: str
) -> None:
    newer = change_passphrase(here.services, head(here.services, FIRST), FIRST, OWN)
    with_copies_of(here, elsewhere)
    restored = elsewhere.restore(folder, backed_up)
    assert restored.problems == ()
    assert len(restored.undone) >= 1
    services = reopened(elsewhere)
    assert services.desk("sp").recipient != newer.desk.recipient
    assert told(services, FIRST) == ["AFTER", "BEFORE"]
    kept = Path(services.data_dir / f"{COPY_NAME}.newer")
    assert kept.read_bytes() == (here.services.data_dir / COPY_NAME).read_bytes()


def test_a_roster_with_no_newer_key_counts_after_a_restore(
    here: Place, elsewhere: Place, folder: BackupFolder, backed_up: str
) -> None:
    make_desk(here.services, NewDesk(name="dig", title="DIG", level="range", area="", officer="rao", passphrase=OWN))
    with_copies_of(here, elsewhere)
    restored = elsewhere.restore(folder, backed_up)
    assert restored.undone == ()
    services = reopened(elsewhere)
    assert services.read_keys(services.roster.check).state.head == here.services.read_keys(read_state).head
    assert told(services, FIRST) == ["AFTER", "BEFORE"]
