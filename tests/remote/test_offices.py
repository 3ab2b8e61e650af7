"""Registration of offices: the directory of desks, and sending everything again."""

from __future__ import annotations

import os
from typing import Any

import pytest
from sqlalchemy import delete

from satark.api.routing import NoSuchDesk
from satark.remote.frames import CHUNK_SIZE
from satark.remote.messages import (
    DirectoryMessage,
)
from satark.remote.offices import office_of, resend
from satark.store import tables
from support.tips import seed_file

PHOTO = os.urandom(3 * CHUNK_SIZE)


async def test_an_older_directory_does_not_replace_a_newer_one(link: Any) -> None:
    office = link.host.read(lambda c: office_of(c, "sp"))
    for version, desks in ((2, ()), (1, ())):
        await link.host_outbox.send(
            office, DirectoryMessage(version=version, desks=desks, destination_rules=b"[]"), link.connection.publish
        )
    await link.receive_at_office()
    assert [row.directory for row in link.rows(link.office, tables.host_link)] == [2]


async def test_resend_restores_an_office_that_lost_its_store(link: Any) -> None:
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", PHOTO)
    await link.exchange_all()
    for table in (tables.tip, tables.file, tables.announced_file, tables.message):
        link.office.write_now(lambda unit, table=table: unit.main.execute(delete(table)))
    assert link.host.write_now(lambda unit: resend(unit, "sp")) == 1
    await link.exchange_all()
    assert link.content(seeded.number, "1", original=True) == PHOTO
    with pytest.raises(NoSuchDesk):
        link.host.write_now(lambda unit: resend(unit, "dig"))
