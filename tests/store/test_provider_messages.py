"""Provider message ids: sealed, only of conversations that exist, and deleted once unused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.identity.edge_key import Identity
from satark.services import Services
from satark.store import provider_messages, tables
from satark.store.provider_messages import DELETABLE_HOURS
from satark.store.unit_of_work import UnitOfWork
from support.store import fresh_services

EDGE = Identity(b"k" * 32)
ASHA = b"a" * 32


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    row = {"id": ASHA, "draft": b"", "handle": b"", "due": b"", "ends_by": 0}
    services.write_now(lambda unit: unit.insert(tables.conversation, [row]))
    yield services
    services.close()


def at(services: Services, now: int, act: Any, *arguments: Any) -> Any:
    """Run a function in a transaction at a time."""

    def run(unit: UnitOfWork) -> Any:
        unit.now = now
        return act(unit, *arguments)

    return services.write_now(run)


def test_the_ids_of_a_conversation_are_stored_sealed_and_read_back(services: Services) -> None:
    at(services, 0, provider_messages.add, [(ASHA, "4711004711"), (ASHA, "4711004712")], EDGE)
    assert sorted(at(services, 0, provider_messages.ids_of, ASHA, EDGE)) == ["4711004711", "4711004712"]
    sealed = services.read(lambda main: main.execute(select(tables.provider_message.c.sealed)).scalars().all())
    assert not any(b"471100471" in one for one in sealed)


def test_an_id_of_a_conversation_that_is_gone_is_not_stored(services: Services) -> None:
    at(services, 0, provider_messages.add, [(b"gone" * 8, "19")], EDGE)
    assert at(services, 0, provider_messages.ids_of, b"gone" * 8, EDGE) == []


def test_an_id_that_does_not_open_is_left_out(services: Services) -> None:
    at(services, 0, provider_messages.add, [(ASHA, "17")], EDGE)
    services.write_now(lambda unit: unit.main.execute(update(tables.provider_message).values(sealed=b"?")))
    assert at(services, 0, provider_messages.ids_of, ASHA, EDGE) == []


def test_ids_that_no_provider_would_delete_any_more_are_purged_some_at_a_time(services: Services) -> None:
    at(services, 0, provider_messages.add, [(ASHA, str(number)) for number in range(3)], EDGE)
    assert at(services, DELETABLE_HOURS * 3_600 - 1, provider_messages.purge_expired, 2) == 0
    over = (DELETABLE_HOURS + 6) * 3_600
    assert [at(services, over, provider_messages.purge_expired, 2) for _ in range(3)] == [2, 1, 0]
