"""The chain of entries: the hash of every row covers all rows before it, and a forged entry has no effect."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, update

from satark.roster import chain
from satark.roster.chain import ChainRow, chain_hash
from satark.roster.entries import Closed, DestinationSet, Entry, OfficerSet
from satark.roster.rules import NotAllowed, Unsigned
from satark.services import Services
from satark.store.tables import roster
from support.roster import RosterBook
from support.store import fresh_services

SP, CLERK = ("sp", "khan"), ("sp", "clerk")


@pytest.fixture
def book() -> RosterBook:
    return RosterBook.sealed()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


@pytest.fixture
def stored(services: Services, book: RosterBook) -> Services:
    """The entries of the book, in the key store."""
    for encoded in book.entries:
        services.write_now(lambda unit, one=encoded: chain.append(unit, Entry.decode(one)))  # type: ignore[misc]
    return services


def test_a_hash_covers_the_hash_before_and_the_entry() -> None:
    first = hashlib.sha256(b"satark/1/roster-chain\0" + b"one").hexdigest()
    assert chain_hash("", b"one") == first
    assert (
        chain_hash(first, b"two")
        == hashlib.sha256(b"satark/1/roster-chain\0" + bytes.fromhex(first) + b"two").hexdigest()
    )


def test_stored_entries_are_read_back_and_take_effect(stored: Services, book: RosterBook) -> None:
    rows = stored.read_keys(chain.read_rows)
    assert [row.position for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.entry for row in rows] == book.entries
    assert rows[-1].hash.hex() == book.state.head
    assert stored.read_keys(chain.newest) == (6, rows[-1].hash, None, None)
    assert chain.row_problems(rows) == []
    state = stored.read_keys(chain.read_state)
    assert (state.desks, state.head, state.closed) == (book.state.desks, book.state.head, True)


def test_an_empty_store_has_no_roster(services: Services) -> None:
    assert services.read_keys(chain.newest) == (None, None)
    assert services.read_keys(chain.read_rows) == []
    assert services.read_keys(chain.read_state).position == 0


def test_an_entry_without_its_signatures_is_not_stored(stored: Services, book: RosterBook) -> None:
    body = OfficerSet(desk="sp", officer=book.officer("sp", "new"))
    with pytest.raises(Unsigned):
        stored.write_now(lambda unit: chain.append(unit, book.signed(body, SP)))
    again = Entry(body=Closed(destinations=(DestinationSet(to="email:x", desk="sp", recipient=""),)))
    with pytest.raises(NotAllowed, match="sealed already"):
        stored.write_now(lambda unit: chain.append(unit, again))
    assert stored.read_keys(chain.newest)[0] == 6
    entry = book.signed(body, SP, CLERK)
    state = stored.write_now(lambda unit: chain.append(unit, entry))
    assert (state.position, "new" in state.desks["sp"].officers) == (7, True)
    assert stored.write_now(lambda unit: chain.append(unit, entry)).head == state.head, "as after a crash"
    assert stored.read_keys(chain.read_state).head == state.head


@pytest.mark.parametrize("at", [1, 3, 6])
def test_a_row_that_was_altered_or_is_missing_is_named(stored: Services, at: int) -> None:
    here = roster.c.position == at
    stored.write_now(lambda unit: unit.keys.execute(update(roster).where(here).values(hash=bytes(32))))
    problem = f"row {at} of the roster was altered, or one before it is missing"
    assert chain.row_problems(stored.read_keys(chain.read_rows)) == [problem]
    stored.write_now(lambda unit: unit.keys.execute(delete(roster).where(here)))
    left = chain.row_problems(stored.read_keys(chain.read_rows))
    assert left == ([] if at == 6 else [f"row {at + 1} of the roster was altered, or one before it is missing"])


def test_an_entry_that_is_forged_or_can_not_be_read_has_no_effect(book: RosterBook) -> None:
    forged = Entry(body=OfficerSet(desk="sp", officer=book.officer("sp", "spy"))).encode()
    nested = b'{"body": {"what": "sealed", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}}"
    for strange in (b"no entry", b'{"body": {"what": "other"}}', b"\xff", nested):
        found = chain.verify([*book.entries, forged, strange])
        assert found.problems == (
            "entry 7 of the roster is forged or not allowed: whoever proposes a change signs it",
            "entry 8 of the roster can't be read",
        )
        assert found.state.desks == book.state.desks
        assert found.state.head == book.state.head, "nobody signs a head with what somebody wrote behind"
        assert found.entries == tuple(map(Entry.decode, book.entries))
    later = book.signed(OfficerSet(desk="sp", officer=book.officer("sp", "new")), SP, CLERK)
    assert "new" in chain.verify([*book.entries, forged, later.encode()]).state.desks["sp"].officers


def test_the_founding_ends_once(services: Services, book: RosterBook) -> None:
    reads = DestinationSet(to="email:a", desk="sp", recipient="r")
    for _ in range(2):
        services.write_now(lambda unit: chain.close(unit, [reads]))
    assert services.read_keys(chain.newest)[0] == 1
    assert services.read_keys(chain.read_state).destinations == {"email:a": reads}


def test_a_row_is_read_back_as_it_was_stored() -> None:
    assert msgspec.structs.astuple(ChainRow(1, b"e", b"h")) == (1, b"e", b"h")
