"""The rows of the outbox: expiring claims, superseded replies, fallbacks, dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.api.outbound import Call
from satark.identity.edge_key import Identity
from satark.identity.time_buckets import band_start
from satark.services import Services
from satark.store import outbox, tables
from satark.store.outbox import LONG_WAIT, REPORT_DAYS, SEND_LEASE, OutboxMessage
from satark.store.unit_of_work import UnitOfWork
from support.store import fresh_services

EDGE = Identity(b"k" * 32)
NOW = 1_800_000_000


class OutboxTable:
    """An outbox whose transactions run at a time that the test sets."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.now = NOW

    def run(self, act: Any, *arguments: Any) -> Any:
        def write(unit: UnitOfWork) -> Any:
            unit.now = self.now
            return act(unit, *arguments)

        return self.services.write_now(write)

    def add(self, *items: OutboxMessage) -> None:
        self.run(outbox.add, items, EDGE)

    def claimed(self, limit: int = 10, since: int = 0) -> list[tuple[str, int]]:
        """Claim due replies; return each body with the number of its attempt."""
        return [(one.call.body.decode(), attempt) for one, attempt in self.run(outbox.claim, EDGE, limit, since)]

    def rows(self) -> list[Any]:
        return list(self.services.read(lambda main: main.execute(select(tables.outbox)).all()))


@pytest.fixture
def table(tmp_path: Path) -> Iterator[OutboxTable]:
    services = fresh_services(tmp_path)
    yield OutboxTable(services)
    services.close()


def reply(position: int, *, must_arrive: bool = False, fallback: bytes = b"", of: bytes = b"asha") -> OutboxMessage:
    call = Call(account="script:1", method="say", body=f"reply {position}".encode(), fallback=fallback)
    return OutboxMessage(
        id=bytes([position]) * 16, position=position, conversation=of, call=call, must_arrive=must_arrive
    )


def test_a_new_reply_deletes_the_earlier_optional_ones_of_its_conversation(table: OutboxTable) -> None:
    table.add(reply(1), reply(2, must_arrive=True), reply(3, of=b"ravi"))
    table.add(reply(4))
    assert sorted(row.position for row in table.rows()) == [2, 3, 4]


def test_a_reply_is_claimed_in_order_and_again_only_after_the_lease(table: OutboxTable) -> None:
    table.add(reply(2), reply(1))
    assert table.claimed() == []  # the process that wrote them sends them from memory
    table.now += SEND_LEASE
    assert table.claimed(limit=1) == [("reply 1", 1)]
    assert table.claimed() == [("reply 2", 1)]
    assert table.claimed() == []
    table.now += SEND_LEASE
    assert table.claimed() == [("reply 1", 2), ("reply 2", 2)]


def test_a_renewed_claim_lasts_for_another_lease(table: OutboxTable) -> None:
    table.add(reply(1))
    table.now += SEND_LEASE - 1
    table.run(outbox.renew_claims, [reply(1).id])
    table.now += SEND_LEASE - 1
    assert table.claimed() == []
    table.now += 1
    assert table.claimed() == [("reply 1", 1)]


def test_an_unreadable_reply_becomes_a_dead_letter_and_the_next_one_is_claimed(table: OutboxTable) -> None:
    table.add(reply(1), reply(2))
    table.run(
        lambda unit: unit.main.execute(update(tables.outbox).where(tables.outbox.c.position == 1).values(call=b"?"))
    )
    table.now += SEND_LEASE
    assert table.claimed() == [("reply 2", 1)]
    (dead,) = (row for row in table.rows() if row.id == reply(1).id)
    assert (dead.state, dead.reason, dead.call) == ("dead_letter", "broken seal", b"")


def test_a_sent_reply_waits_for_its_report_until_the_purge(table: OutboxTable) -> None:
    table.add(reply(1, fallback=b"news"))
    table.run(outbox.mark_awaiting_report, reply(1, fallback=b"news"))
    assert table.run(outbox.purge_unreported, 10) == 0
    table.now += REPORT_DAYS * 86_400 + 6 * 3_600
    assert table.run(outbox.purge_unreported, 10) == 1
    assert table.rows() == []


def test_a_fallback_replaces_the_reply_and_is_due_at_once(table: OutboxTable) -> None:
    table.add(reply(1, fallback=b"news"))
    table.run(outbox.mark_awaiting_report, reply(1, fallback=b"news"))
    table.run(outbox.use_fallback, reply(1).id, EDGE)
    assert table.claimed() == [("news", 1)]


def test_a_reply_without_a_fallback_becomes_a_dead_letter(table: OutboxTable) -> None:
    table.add(reply(1))
    table.run(outbox.use_fallback, reply(1).id, EDGE)
    table.run(outbox.use_fallback, b"unknown".ljust(16), EDGE)
    ((state, reason),) = ((row.state, row.reason) for row in table.rows())
    assert (state, reason) == ("dead_letter", "window closed")


@pytest.mark.parametrize(
    "stay",
    [
        lambda unit, one: outbox.retry_later(unit, one.id, 1, LONG_WAIT, "throttled"),
        outbox.mark_awaiting_report,
        lambda unit, one: outbox.dead_letter(unit, one.id, "refused", EDGE),
    ],
    ids=["a long wait", "sent", "dead"],
)
def test_the_row_of_a_call_that_stays_tells_no_moment(table: OutboxTable, stay: Any) -> None:
    columns = {"position", "due_at", "wait"}
    seen = []
    for second in (0, 1):
        table.now = band_start(NOW) + LONG_WAIT + second
        one = reply(second + 1, must_arrive=True, fallback=b"again", of=bytes([second]))
        table.add(one)
        table.run(stay, one)
        [row] = [row for row in table.rows() if row.id == one.id]
        seen.append({name: value for name, value in row._mapping.items() if name in columns})
    assert seen[0] == seen[1]


def test_a_long_wait_ends_within_twice_its_time(table: OutboxTable) -> None:
    one = reply(1, must_arrive=True)
    table.add(one)
    table.run(outbox.retry_later, one.id, 1, LONG_WAIT, "throttled")
    assert table.claimed() == []
    table.now += 2 * LONG_WAIT
    assert table.claimed() == [("reply 1", 2)]
