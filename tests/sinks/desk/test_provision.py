"""Provisioning: a desk is created once, with the passphrase in a private file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from satark.api.routing import Desk
from satark.services import Services
from satark_desk import plugin
from satark_desk.officers import unlock, unlock_any
from satark_desk.provision import ExposedPassphrase, ensure_desk, read_passphrase


def test_a_desk_is_created_once_and_its_passphrase_file_is_private(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "officers" / "new.txt"

    def ensure() -> Desk:
        ensure_desk(services, name="new", title="New", level="circle", area="", officer="co", passphrase_file=file)
        return unlock(services, "new", "co", read_passphrase(file)).desk

    first = ensure()
    assert file.stat().st_mode & 0o077 == 0
    assert ensure() == first
    assert first.level == "circle"


def test_an_existing_passphrase_file_is_used(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "new.txt"
    file.write_text("chosen by hand\r\nsecond line\n")
    file.chmod(0o600)
    ensure_desk(services, name="new", title="New", level="circle", area="", officer="co", passphrase_file=file)
    assert unlock_any(services, "new", "chosen by hand").officer == "co"


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o666, 0o602])
def test_a_passphrase_file_that_everybody_can_read_is_refused_with_advice(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "sp.txt"
    file.write_text("chosen by hand\n")
    file.chmod(mode)
    with pytest.raises(ExposedPassphrase, match=f"chmod 600 {file}") as refusal:
        read_passphrase(file)
    assert "chosen" not in str(refusal.value)


def test_a_passphrase_may_come_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o666)
    writer = threading.Thread(target=pipe.write_text, args=("chosen by hand\n",))
    writer.start()
    assert read_passphrase(pipe) == "chosen by hand"
    writer.join()


def test_the_demo_says_if_a_passphrase_file_is_missing(services: Services, tmp_path: Path) -> None:
    # The fixture has created `sp` and `dig`, without passphrase files.
    *prepared, what_it_lacks = plugin.satark_demo(services, tmp_path, sample_week=False)
    assert "no second factor" in what_it_lacks.line
    assert ["its file is missing" in one.line for one in prepared] == [True, True]


@pytest.mark.slow("the demo")
def test_the_demo_creates_missing_desks_and_unlocks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from support.store import fresh_services  # noqa: PLC0415 - beside the fixture's own store

    services = fresh_services(tmp_path / "demo", plugin.satark_migrations())
    for _ in range(2):
        *prepared, _ = plugin.satark_demo(services, tmp_path, sample_week=False)
        for name, one in zip(("sp", "dig"), prepared, strict=True):
            passphrase = (tmp_path / "officers" / f"{name}.txt").read_text().strip()
            assert passphrase in one.line
            unlocked = unlock_any(services, name, passphrase)
            assert (unlocked.officer, unlocked.temporary) == (name, False)
    *prepared, _ = plugin.satark_demo(services, tmp_path, sample_week=True)
    assert services.roster_state().known_keys == set(), "no sign-in changes a key from now on"
    assert [one.acting.desk for one in prepared] == ["sp", "dig", "lanka", "sigra"]
    services.main.dispose()
    services.keys.dispose()
