"""Configured police systems: their keys are read at the start, and a bad one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.api.settings import SettingsError
from satark_police_system.settings import PoliceSettings
from satark_police_system.systems import load_systems
from satark_testing.peers.police import SECRET


def load(**fields: Any) -> Any:
    section = PoliceSettings.model_validate({"secret": SECRET, **fields})
    readers: dict[str, Any] = {}
    systems = load_systems(section, lambda to: readers.setdefault(to, object()))
    return systems, readers


def test_each_system_reads_with_the_key_of_its_own_destination() -> None:
    further = {"secret": SECRET, "url": "https://b.example/tips"}
    systems, readers = load(url="https://a.example/tips", systems={"cyber": further})
    assert set(systems) == {"main", "cyber"}
    assert set(readers) == {"police_system:main", "police_system:cyber"}
    assert "whsec" not in repr(systems)


def test_an_unusable_signing_key_is_named_with_how_to_make_one(tmp_path: Path) -> None:
    for file in (tmp_path / "absent", tmp_path / "wrong"):
        (tmp_path / "wrong").write_text("no key")
        with pytest.raises(SettingsError) as refused:
            load(url="https://a.example/tips", signing_key_file=file)
        (problem,) = refused.value.problems
        assert "signing_key_file can't be used" in problem.message
        assert "openssl genpkey" in problem.hint
