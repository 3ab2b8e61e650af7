"""Damage is named without a key; a drill restores beside the installation."""

from __future__ import annotations

import pytest

from satark.backup.folder import BackupFolder
from satark.backup.verify import run_drill
from support.backups import OPERATOR, Place, chunks_of, tip_with_file
from support.desks import SeededDesk


@pytest.mark.slow("a whole restore")
def test_a_drill_restores_a_backup_beside_the_installation_and_leaves_nothing(
    here: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    tip_with_file(here, sp)
    made = here.back_up(folder)
    drill = run_drill(here.settings, here.plugins, folder, made.name, OPERATOR)
    assert (drill.restored.tips, drill.problems) == (1, ())
    chunks_of(folder)[0].unlink()
    drill = run_drill(here.settings, here.plugins, folder, made.name, OPERATOR)
    assert any("files that the evidence folder lacks: 1" in problem for problem in drill.problems)
