"""Copies of the keys that no backup holds are asked for once a year."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from satark.cli.key_copies import find_missing_copies
from satark.settings.settings import Settings
from satark_files import atomic_files
from support.commands import run

ASKED = "no copy of the {} was compared within a year"


def asked() -> set[str]:
    warnings = "".join(find_missing_copies(Settings()))
    return {name for name in ("edge key", "name key") if ASKED.format(name) in warnings}


@pytest.fixture
def medium(data: Path, tmp_path: Path) -> Path:
    data.mkdir(exist_ok=True)
    atomic_files.create(data / "edge.key", os.urandom(32))
    run("db", "upgrade")
    medium = tmp_path / "medium"
    medium.mkdir()
    for name in ("edge.key", "name.key"):
        shutil.copy(data / name, medium)
    return medium


def test_a_copy_is_asked_for_until_compared_and_again_after_a_year(
    medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked() == {"edge key", "name key"}
    assert "is a copy of the name key" in run("keys", "compare", str(medium / "name.key")).stdout
    assert asked() == {"edge key"}
    run("keys", "compare", str(medium / "edge.key"), str(medium / "name.key"))
    assert asked() == set()
    later = time.time() + 367 * 86_400
    monkeypatch.setattr("satark.cli.key_copies.time.time", lambda: later)
    assert asked() == {"edge key", "name key"}


def test_a_damaged_copy_and_one_of_a_former_key_do_not_count(data: Path, medium: Path) -> None:
    damaged = medium / "name.key"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert "is neither the edge key nor the name key in use" in run("keys", "compare", str(damaged), code=1).stderr
    run("keys", "compare", str(medium / "edge.key"))
    run("keys", "rotate-edge", str(data / "new.key"))
    (data / "new.key").replace(data / "edge.key")
    assert asked() == {"edge key", "name key"}
