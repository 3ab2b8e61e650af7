"""The row that names an office's host counts only where this installation wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from satark.api import Desk, new_identity
from satark.audit.keys import holders_above
from satark.roster.chain import chain_hash
from satark.roster.entries import DeskAdded, Entry, desk_verifier
from satark.roster.roster import lines_of
from satark.routing.rules import encode_rules
from satark.services import Services
from satark.store import host_link, tables
from support.desks import SeededDesk


def row_of(thief: str, identity: str) -> dict[str, Any]:
    """A host whose roster has one desk above all others, the thief's."""
    desk = Desk(name="above", title="Above", level="state", area="", recipient=thief)
    entry = Entry(body=DeskAdded(desk=desk, verifier=desk_verifier(identity))).encode()
    keys = {"recipient": thief, "verifier": desk_verifier(identity), "paired": chain_hash("", entry)}
    return {**keys, "directory": 1, "destination_rules": encode_rules(()), "roster": lines_of([entry]), "tips": b""}


@pytest.mark.parametrize("tag", [b"", b"\x07" * 16])
def test_no_desk_gives_its_audit_key_to_a_host_that_somebody_wrote_into_the_database(
    services: Services, tag: bytes
) -> None:
    SeededDesk(services, "sp")
    before = services.write_now(lambda unit: holders_above(unit, services, "sp"))
    thief, identity = new_identity()
    services.write_now(
        lambda unit: unit.main.execute(insert(tables.host_link).values(**row_of(thief, identity), tag=tag))
    )
    assert services.signers().host is None
    assert services.write_now(lambda unit: holders_above(unit, services, "sp")) == before
    assert thief not in {one.recipient for one in services.desks()}
    (alarm,) = services.inspect_rosters()
    assert "host was not written here" in alarm


def test_a_row_with_its_tag_counts_until_one_of_its_keys_changes(services: Services) -> None:
    thief, identity = new_identity()
    row = row_of(thief, identity)
    tag = services.read(lambda c: host_link.tag_of(c, row["recipient"], row["verifier"], row["paired"]))
    services.write_now(lambda unit: unit.main.execute(insert(tables.host_link).values(**row, tag=tag)))
    assert services.read(host_link.read) is not None
    for column in ("recipient", "verifier", "paired"):
        change(services, {column: "ff" * 32})
        assert services.read(host_link.read) is None
        change(services, {column: row[column]})
    assert services.read(host_link.read) is not None


def change(services: Services, values: dict[str, str]) -> None:
    services.write_now(lambda unit: unit.main.execute(tables.host_link.update().values(values)))
