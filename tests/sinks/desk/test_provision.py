"""Provisioning: a desk is created once, with the passphrase in a private file."""

from __future__ import annotations

from pathlib import Path

from satark.desk import Desk
from satark.services import Services
from satark_desk.officers import unlock, unlock_any
from satark_desk.provision import ensure_desk, read_passphrase


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
    ensure_desk(services, name="new", title="New", level="circle", area="", officer="co", passphrase_file=file)
    assert unlock_any(services, "new", "chosen by hand").officer == "co"
