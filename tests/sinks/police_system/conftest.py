"""Settings of a police system, and a reader of the tips that the system gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from satark.api.sealing import CantOpen
from satark_police_system.settings import SystemSettings
from satark_police_system.systems import PoliceSystem
from satark_testing.peers.police import SECRET
from support.police_tip import CONTENT


class TipReader:
    """Opens every delivery as the same tip, except a delivery that is not sealed to the system's key."""

    def open(self, delivery: Any) -> Any:
        if delivery.tip == "altered":
            raise CantOpen
        return SimpleNamespace(content=CONTENT, clean=self.clean)

    def clean(self, ordinal: str) -> Iterator[bytes]:
        return iter([f"clean {ordinal}".encode()])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder into which the system's archives are put."""
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture
def system(folder: Path) -> PoliceSystem:
    """A system that gets archives with evidence."""
    settings = SystemSettings.model_validate(
        {"secret": SECRET, "folder": folder, "payload": "full", "fields": ["what", "evidence"]}
    )
    reader: Any = TipReader()
    return PoliceSystem("main", settings, reader)


@pytest.fixture
def make_folder(tmp_path: Path) -> Any:
    """Make the workspace of one archive."""

    def make() -> AbstractContextManager[Path]:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        return nullcontext(work)

    return make
