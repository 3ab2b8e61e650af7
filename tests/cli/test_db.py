"""`satark db`: upgrade, downgrade and current revisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.custody.comparison import find_losses
from satark.settings.settings import Settings
from satark.store.tables import tip_witness
from support.commands import run
from support.store import opened_services


@pytest.mark.slow("a third of a second of a processor")
def test_the_database_is_upgraded_and_downgraded(data: Path) -> None:
    assert "run: satark db upgrade" in run("db", "current").stderr
    assert run("db", "upgrade").stdout.startswith("now at ")
    assert run("db", "upgrade").stdout == "already at the newest revision\n"
    assert run("db", "current").stdout
    run("db", "downgrade", "base", code=1, text="n\n")
    error = run("db", "downgrade", "nowhere", "--yes", code=1).stderr
    assert "Can't locate revision identified by 'nowhere'" in error
    assert "satark db current" in error
    assert "now at nothing" in run("db", "downgrade", "base", "--yes").stdout
    assert run("db", "current").stdout == ""


def test_drafts_whose_epoch_keys_are_lost_can_be_given_up(data: Path) -> None:
    error = run("db", "forget-drafts", "--yes", code=1).stderr
    assert "run: satark db upgrade" in error
    run("db", "upgrade")
    run("db", "forget-drafts", code=1, text="n\n")
    assert "erased 0 drafts" in run("db", "forget-drafts", "--yes").stdout
    Settings(data_dir=data).epoch_key_file.chmod(0o644)
    assert "chmod 600" in run("db", "forget-drafts", "--yes", code=78).output


def test_losses_of_an_older_copy_are_reported_until_accepted(data: Path) -> None:
    run("db", "upgrade")
    services = opened_services(data)
    services.write_now(lambda unit: unit.upsert(tip_witness, [{"day": 20_422, "process": "p", "tips": 3}]))
    lost = "tips that were acknowledged and that the main database lacks (3 of 2025-11-30): 3"
    assert list(map(str, find_losses(services))) == [lost]
    run("db", "accept-loss", code=1, text="n\n")
    assert lost in run("db", "accept-loss", "--yes").stdout
    assert find_losses(services) == []
    services.close()
