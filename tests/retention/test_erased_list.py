"""The list of erased tips is kept in two places, each completed from the other, and names no tip.

If a failing disk damages a line of the file, all other tips stay in the list and the job goes on.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, select

from satark.identity.edge_key import Identity
from satark.retention.erased_list import ErasedList
from satark.services import Services
from satark.store.tables import erased_tip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "apart" / "erased"


@pytest.fixture
def listed(file: Path) -> ErasedList:
    return ErasedList(file, Identity(b"e" * 32))


def stored_tags(services: Services) -> set[bytes]:
    return set(services.read_keys(lambda c: c.execute(select(erased_tip.c.tag)).scalars()))


def test_a_tip_is_in_both_places_under_a_tag_of_the_edge_key(
    services: Services, listed: ErasedList, file: Path
) -> None:
    services.write_now(lambda unit: listed.add(unit, "the tip's id"))
    tag = listed.tag("the tip's id")
    assert stored_tags(services) == {tag}
    assert file.read_text("ascii") == f"{tag.hex()}\n"
    assert file.stat().st_mode & 0o077 == 0
    assert ErasedList(file, Identity(b"f" * 32)).tag("the tip's id") != tag


def test_either_place_is_completed_from_the_other(services: Services, listed: ErasedList, file: Path) -> None:
    services.write_now(lambda unit: listed.add(unit, "one"))
    file.unlink()
    assert services.write_now(listed.complete) == {listed.tag("one")}
    assert file.exists()
    services.write_now(lambda unit: unit.keys.execute(delete(erased_tip)))
    services.write_now(listed.complete)
    assert stored_tags(services) == {listed.tag("one")}


@pytest.mark.parametrize("damage", [b"00ff", b"\xff\x00\xfe" * 20, b"zz" * 16], ids=["cut", "binary", "no tag"])
def test_a_damaged_line_is_passed_over_and_both_places_are_completed(
    services: Services, listed: ErasedList, file: Path, damage: bytes
) -> None:
    services.write_now(lambda unit: listed.add(unit, "stored"))
    stored, filed = listed.tag("stored"), listed.tag("filed")
    file.write_bytes(filed.hex().encode() + b"\n" + damage + b"\n")
    assert services.write_now(listed.complete) == {stored, filed}
    assert stored.hex().encode() in file.read_bytes()
