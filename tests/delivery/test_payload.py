"""What a delivery carries: to a desk of this host the document alone, to others all that they may read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from satark.api.routing import HERE
from satark.api.sink import Delivery
from satark.services import Services
from satark.store import deliveries, envelopes, tables, threads
from satark.store.unit_of_work import UnitOfWork
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import SeededTip, claim_delivery, seed_file, seed_file_state, seed_tip


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


@pytest.fixture
def tip(services: Services) -> SeededTip:
    return seed_tip(services, [SeededDesk(services, name).desk for name in ("sp", "dig")])


def delivery_of(services: Services, tip: SeededTip, to: str) -> Delivery:
    services.write_now(lambda unit: unit.insert(tables.delivery, [deliveries.new_row(tip.id, to, 0)]))
    return claim_delivery(services, to)


def envelope_of(services: Services, tip: SeededTip, holder: str) -> bytes:
    found = services.write_now(lambda unit: envelopes.find_many(unit.keys, {(tip.id, holder)}))
    return found[tip.id, holder]


def test_a_delivery_holds_the_document_and_only_the_envelope_of_its_desk(services: Services, tip: SeededTip) -> None:
    sent = delivery_of(services, tip, "script:dig")
    assert (sent.tip, sent.destination, sent.desk, sent.revision, sent.attempt) == (tip.id, "script:dig", "dig", 1, 1)
    assert sent.document
    assert sent.envelope == envelope_of(services, tip, "dig") != envelope_of(services, tip, "sp")


def test_every_attempt_at_a_delivery_has_the_same_key(services: Services, tip: SeededTip) -> None:
    first = delivery_of(services, tip, "script:dig")
    services.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(due_at=0)))
    again = claim_delivery(services, "script:dig")
    assert (again.idempotency_key, again.attempt) == (first.idempotency_key, 2)


def test_a_delivery_holds_the_existing_copies_of_files_in_the_order_in_which_they_were_sent(
    services: Services, tip: SeededTip
) -> None:
    seed_file(services, tip, "10", b"original")
    seed_file(services, tip, "9", b"original", b"clean", muted=b"muted")
    seed_file_state(services, tip, "11", "due")
    files = delivery_of(services, tip, "script:dig").files
    found = [(one.ordinal, one.state, *map(bool, (one.original, one.clean, one.muted))) for one in files]
    assert found == [
        ("9", "sealed", True, True, True),
        ("10", "sealed", True, False, False),
        ("11", "due", False, False, False),
    ]


def test_a_desk_of_this_host_gets_the_document_alone(
    services: Services, tip: SeededTip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelopes, "find_many", lambda *_: pytest.fail("each desk reads its own"))
    services.write_now(lambda unit: threads.append(unit, tip.id, b"words", notified=True))
    sent = delivery_of(services, tip, HERE)
    assert sent.document
    assert (sent.envelope, sent.files, sent.messages) == (b"", (), ())


def test_a_thread_comes_in_order(services: Services, tip: SeededTip) -> None:
    def write(unit: UnitOfWork) -> None:
        for words in (b"first", b"second"):
            threads.append(unit, tip.id, words, notified=True)

    services.write_now(write)
    sent = delivery_of(services, tip, "script:dig")
    assert [(one.seq, one.sealed) for one in sent.messages] == [(1, b"first"), (2, b"second")]
