"""The folder of backups reveals nothing, and keeps the given number of backups."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from satark.api.sealing import CantOpen, new_identity
from satark.backup.folder import KEYS, MAIN, SPOOL, BackupFolder
from satark.backup.sealed_stream import read_records
from satark.store import tables
from satark_testing.identifier_search import search
from support.backups import OPERATOR, SPOOLED, WORDS, Place, store_of, tip_with_file
from support.desks import SeededDesk


@pytest.mark.slow("a third of a second of a processor")
def test_a_backup_folder_reveals_nothing_without_the_operators_key(
    here: Place, elsewhere: Place, sp: SeededDesk, folder: BackupFolder, tmp_path: Path
) -> None:
    seeded = tip_with_file(here, sp)
    here.spool.add("sms", SPOOLED)
    made = here.back_up(folder)
    secrets = {"phone": "9140112233", "words": WORDS, "number": seeded.number, "desk": "sp title"}
    secrets |= {"edge key": "e" * 32, "name key": "n" * 32}
    store = store_of(folder, tmp_path)
    assert search({one.name: one.name.encode() + store.read(one.name) for one in store.files()}, secrets) == []
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "backups").rglob("*")} <= {0}
    # Whoever has the operator's key finds what the databases hold, and nothing of the sender in the spool.
    key, stored = folder.key(made.name, OPERATOR).identity, folder.manifest(made.name).parts
    parts = {part: folder.open(made.name, part, stored[part]) for part in (MAIN, KEYS, SPOOL)}
    opened = {}
    for part, file in parts.items():
        with file:
            opened[part] = str(list(read_records(file, part, key, tmp_path))).encode()
    del secrets["number"], secrets["desk"]
    assert search(opened, secrets) == []
    with pytest.raises(CantOpen):
        elsewhere.restore(folder, made.name, new_identity()[1])
    assert elsewhere.services.read(lambda c: c.execute(select(tables.tip)).all()) == []


@pytest.mark.slow("a third of a second of a processor")
def test_only_the_newest_backup_holds_what_waited_for_the_database(
    here: Place, elsewhere: Place, folder: BackupFolder, tmp_path: Path
) -> None:
    here.spool.add("sms", SPOOLED)
    older, newer = (here.back_up(folder).name for _ in range(2))
    spools = [one.name for one in store_of(folder, tmp_path).files() if one.name.endswith(SPOOL)]
    assert spools == [f"{newer}/{SPOOL}"]
    assert elsewhere.restore(folder, older).spooled == 0, "the older one is still whole"


@pytest.mark.slow("a third of a second of a processor")
def test_only_the_newest_backups_are_kept(here: Place, folder: BackupFolder) -> None:
    names = [here.back_up(folder, keep=2).name for _ in range(3)]
    assert folder.names() == names[1:]
