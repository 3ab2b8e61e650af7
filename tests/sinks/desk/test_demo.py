"""The demo's desks."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.services import Services
from satark_desk import plugin
from satark_desk.officers import unlock_any


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
    services.main.dispose()
    services.keys.dispose()
