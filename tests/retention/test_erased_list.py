"""The list of erased tips: a file that a failing disk damaged loses no other tip, and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.identity.edge_key import Identity
from satark.retention.erased_list import ErasedList
from support.store import fresh_services


@pytest.mark.parametrize("damage", [b"00ff", b"\xff\x00\xfe" * 20, b"zz" * 16], ids=["cut", "binary", "no tag"])
def test_a_damaged_line_is_passed_over_and_both_places_are_completed(tmp_path: Path, damage: bytes) -> None:
    services = fresh_services(tmp_path / "data")
    file = tmp_path / "erased.list"
    listed = ErasedList(file, Identity(b"k" * 32))
    stored, filed = listed.tag("stored"), listed.tag("filed")
    services.write_now(lambda unit: listed.add(unit, "stored"))
    file.write_bytes(filed.hex().encode() + b"\n" + damage + b"\n")
    assert services.write_now(listed.complete) == {stored, filed}
    assert stored.hex().encode() in file.read_bytes()
    services.close()
