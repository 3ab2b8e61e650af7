"""A backup copies each sealed file once."""

from __future__ import annotations

from satark.backup.folder import BackupFolder
from support.backups import Place, tip_with_file
from support.desks import SeededDesk


def test_a_file_is_copied_once(here: Place, sp: SeededDesk, folder: BackupFolder) -> None:
    tip_with_file(here, sp)
    assert here.back_up(folder).copied == 2
    assert here.back_up(folder).copied == 0
    tip_with_file(here, sp)
    made = here.back_up(folder)
    assert (made.files, made.copied) == (2, 2)
