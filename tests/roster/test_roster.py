"""The valid roster: this machine's own copy grows with the key store, and a contradiction raises an alarm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, delete, insert, update

from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import new_identity
from satark.roster import chain
from satark.roster.chain import verify
from satark.roster.entries import Closed, DestinationSet, Entry, OfficerSet, Renewal
from satark.roster.roster import (
    COPY_NAME,
    RENEWALS_NAME,
    Roster,
    desk_problems,
    destination_problems,
    read_copy,
    write_copy,
)
from satark.roster.rules import NotAllowed
from satark.services import Services
from satark.store.tables import renewal, roster
from satark.store.unit_of_work import UnitOfWork
from support.roster import RosterBook
from support.store import fresh_services

SP, CLERK = ("sp", "khan"), ("sp", "clerk")
REWRITTEN = "the roster in the key store is not the one that this machine knows: it was rewritten"


@pytest.fixture
def book() -> RosterBook:
    return RosterBook.sealed()


@pytest.fixture
def services(tmp_path: Path, book: RosterBook) -> Iterator[Services]:
    services = fresh_services(tmp_path / "data")
    for encoded in book.entries:
        services.write_now(lambda unit, one=encoded: chain.append(unit, Entry.decode(one)))  # type: ignore[misc]
    yield services
    services.close()


@pytest.fixture
def copy(tmp_path: Path, book: RosterBook) -> Path:
    """The copy of another machine, which knows the first entry."""
    path = tmp_path / "copies" / "roster.jsonl"
    write_copy(path, book.entries[:1])
    return path


def test_the_copy_follows_only_committed_entries(services: Services, book: RosterBook, copy: Path) -> None:
    checked = services.read_keys(lambda keys: Roster(copy).check(keys, committed=False))
    assert checked.state.desks == book.state.desks
    assert read_copy(copy) == book.entries[:1]
    kept = Roster(copy)
    assert services.read_keys(kept.check).problems == ()
    assert read_copy(copy) == book.entries
    assert copy.stat().st_mode & 0o077 == 0
    entry = book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), SP, CLERK)
    services.write_now(lambda unit: chain.append(unit, entry))
    assert services.read_keys(kept.check).state.position == 7
    assert read_copy(copy) == services.read_keys(kept.stored_entries) == book.entries


def test_a_transaction_reads_everything_again_only_when_the_newest_row_changed(
    services: Services, book: RosterBook, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings: list[int] = []
    read_rows = chain.read_rows

    def counted(keys: Connection) -> list[chain.ChainRow]:
        readings.append(len(rows := read_rows(keys)))
        return rows

    kept = Roster(copy)
    entry = book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), SP, CLERK)

    def rolled_back(unit: UnitOfWork) -> None:
        chain.append(unit, entry)
        monkeypatch.setattr(chain, "read_rows", counted)
        assert [kept.check(unit.keys, committed=False).state.position for _ in range(3)] == [7, 7, 7]
        raise InterruptedError

    with pytest.raises(InterruptedError):
        services.write_now(rolled_back)
    assert services.read_keys(lambda keys: kept.check(keys, committed=False)).state.position == 6, "it was rolled back"
    assert readings == [7, 6]
    assert read_copy(copy) == book.entries[:1]
    assert [services.read_keys(kept.check).state.position for _ in range(3)] == [6, 6, 6]
    assert readings == [7, 6, 6], "the copy follows once it is committed"
    assert read_copy(copy) == book.entries[:6]
    assert services.read_keys(lambda keys: kept.check(keys, committed=False)).state.position == 6
    assert len(readings) == 3


def test_a_rewritten_key_store_is_not_followed(services: Services, book: RosterBook, copy: Path) -> None:
    kept = Roster(copy)
    services.read_keys(kept.check)
    forged = RosterBook()
    forged.follow(forged.desk("spy", "range", "", forged.officer("spy", "x", "head")))
    services.write_now(lambda unit: unit.keys.execute(delete(roster)))
    services.write_now(lambda unit: chain.append(unit, Entry.decode(forged.entries[0])))
    for found in (services.read_keys(kept.check), services.read_keys(Roster(copy).verify)):
        assert REWRITTEN in found.problems
        assert found.state.desks == book.state.desks
    assert services.read_keys(kept.stored_entries) == read_copy(copy) == book.entries


def test_an_altered_row_is_named_once_in_the_log_and_by_every_check(
    services: Services, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = roster.c.position == 6
    services.write_now(lambda unit: unit.keys.execute(update(roster).where(last).values(hash=bytes(32))))
    kept = Roster(copy)
    for _ in range(2):
        found = services.read_keys(kept.check).problems
        assert found == ("row 6 of the roster was altered, or one before it is missing",)
    assert services.read_keys(kept.verify).problems == found


def test_desks_that_differ_from_the_roster_are_named(book: RosterBook) -> None:
    desks = {name: listed.desk for name, listed in book.state.desks.items()}
    recipient, _ = new_identity()
    altered = msgspec.structs.replace(desks["sp"], recipient=recipient)
    unknown = Desk(name="watch", title="w", level="range", area="", recipient=recipient)
    from_host = Desk(name="elsewhere", title="e", level="range", area="", recipient=recipient, via="host")
    stored = [altered, unknown, from_host, desks["dig"], desks["sp-jaunpur"], desks["lanka"]]
    assert desk_problems(book.state, stored) == [
        "desk sp differs in the database from the roster, which is followed",
        "desk watch is in the database and not in the roster: nothing is sealed to it",
        "desk cell of the roster is missing in the database",
    ]
    assert desk_problems(book.state, list(desks.values())) == []


def test_only_destinations_of_the_roster_read_tips(services: Services, copy: Path) -> None:
    recipient, _ = new_identity()
    reading = DestinationRule(to="email:a", desk="sp", recipient=recipient)
    carrier = DestinationRule(to="rabbitmq:b", desk="sp")
    other_key = DestinationRule(to="email:a", desk="sp", recipient=new_identity()[0])
    other_desk = DestinationRule(to="email:a", desk="", recipient=recipient)
    listed = RosterBook()
    listed.follow(listed.desk("sp", "district", "", listed.officer("sp", "khan", "head")))
    kept = Roster(copy)
    assert kept.readable_rules(listed.state, [reading, carrier]) == (reading, carrier)
    listed.follow(Closed(destinations=(DestinationSet(to="email:a", desk="sp", recipient=recipient),)))
    every = [reading, carrier, other_key, other_desk]
    assert kept.readable_rules(listed.state, every) == (reading, carrier)
    words = "destination email:a would read tips and is not in the roster: nothing is sealed to it"
    assert destination_problems(listed.state, every) == [words, words]


def test_a_copy_is_written_whole_and_read_line_by_line(tmp_path: Path, book: RosterBook) -> None:
    path = tmp_path / "deep" / "er" / "roster.jsonl"
    assert read_copy(path) == []
    write_copy(path, book.entries[:2])
    write_copy(path, book.entries)
    assert read_copy(path) == book.entries
    assert path.read_bytes() == b"".join(Entry.decode(one).encode() + b"\n" for one in book.entries)
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_row_with_line_breaks_stays_one_entry_of_the_copy_and_has_no_effect(tmp_path: Path, book: RosterBook) -> None:
    spaced = book.entries[-1].replace(b",", b",\n", 1)
    copy = tmp_path / "roster.jsonl"
    write_copy(copy, [*book.entries[:-1], spaced, b"\xff\n", book.entries[-1]])
    assert read_copy(copy) == [*book.entries[:-1], spaced, b"\xff\n", book.entries[-1]]
    verified = verify([*book.entries[:-1], spaced])
    assert len(verified.entries) == len(book.entries) - 1
    assert verified.problems == (f"entry {len(book.entries)} of the roster can't be read",)


def test_a_renewal_that_this_machine_knows_needs_no_row(services: Services, copy: Path) -> None:
    first, second = (Renewal(desk="sp", base="", said=bytes([n]) * 120).encode() for n in (1, 2))
    kept = Roster(copy)
    services.write_now(lambda unit: chain.add_renewals(unit, [first]))
    assert services.read_keys(kept.check).renewals == (first,)
    services.write_now(lambda unit: unit.keys.execute(delete(renewal)))
    services.write_now(lambda unit: chain.add_renewals(unit, [second]))  # it gets the same position
    assert services.read_keys(kept.check).renewals == (first, second)
    services.write_now(lambda unit: unit.keys.execute(delete(renewal)))
    assert services.read_keys(Roster(copy).check).renewals == (first, second), "after a restart too"


def test_a_renewal_whose_row_is_deleted_before_anybody_reads_it_is_known_and_missed(services: Services) -> None:
    first, second = (Renewal(desk="sp", base="", said=bytes([n]) * 120).encode() for n in (1, 2))
    services.write_now(lambda unit: chain.add_renewals(unit, [first]))
    services.write_now(lambda unit: unit.keys.execute(delete(renewal)))
    checked = services.read_keys(services.roster.check)
    assert checked.renewals == (first,)
    assert [one for one in checked.problems if "renewals" in one]
    beside = Roster(services.data_dir / COPY_NAME)  # another process of this machine
    assert services.read_keys(beside.check).renewals == (first,)
    beside.remember([second])
    assert services.read_keys(services.roster.check).renewals == (first, second)
    services.write_now(lambda unit: chain.add_renewals(unit, services.read_keys(services.roster.missing_renewals)))
    assert services.read_keys(services.roster.check).problems == ()


def test_an_entry_whose_row_is_deleted_at_its_commit_counts_and_is_missed(services: Services) -> None:
    services.write_now(lambda unit: chain.close(unit, ()))
    services.write_now(lambda unit: unit.keys.execute(delete(roster)))
    checked = services.read_keys(services.roster.check)
    assert checked.state.closed
    assert checked.problems != ()
    assert len(services.read_keys(services.roster.missing_entries)) == checked.state.position


def test_a_renewal_that_is_not_committed_is_not_known(services: Services) -> None:
    def fail(unit: UnitOfWork) -> None:
        chain.add_renewals(unit, [Renewal(desk="sp", base="", said=bytes(120)).encode()])
        raise ValueError

    def go_on(unit: UnitOfWork) -> None:
        with suppress(ValueError), unit.savepoint():
            fail(unit)

    with pytest.raises(ValueError):  # noqa: PT011 - as planted
        services.write_now(fail)
    services.write_now(go_on)
    assert services.read_keys(services.roster.check).renewals == ()


def test_a_line_that_a_crash_broke_off_hides_no_renewal(services: Services, copy: Path) -> None:
    first, second = (Renewal(desk="sp", base="", said=bytes([n]) * 120).encode() for n in (1, 2))
    Roster(copy).remember([first])
    path = copy.with_name(RENEWALS_NAME)
    path.write_bytes(path.read_bytes() + second[:50])
    Roster(copy).remember([second])
    assert services.read_keys(Roster(copy).check).renewals == (first, second)


def test_a_row_that_somebody_writes_and_takes_back_leaves_nothing(
    services: Services, book: RosterBook, copy: Path
) -> None:
    kept = Roster(copy)
    head = services.read_keys(kept.check).state.head
    before = services.read_keys(chain.read_rows)
    hash_ = bytes.fromhex(chain.chain_hash(before[-1].hash.hex(), b"{}"))
    garbage = {"position": len(before) + 1, "entry": b"{}", "hash": hash_}
    services.write_now(lambda unit: unit.keys.execute(insert(roster).values(garbage)))
    checked = services.read_keys(kept.check)
    assert checked.problems == (f"entry {len(before) + 1} of the roster can't be read",)
    assert (checked.state.head, read_copy(copy)) == (head, book.entries)
    assert services.read_keys(kept.is_rewritten)
    entry = book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), SP, CLERK)
    with pytest.raises(NotAllowed, match="satark roster restore"):
        services.write_now(lambda unit: chain.append(unit, entry))
    assert services.write_now(chain.drop_rejected) == 1
    assert services.read_keys(kept.check).problems == ()
    assert not services.read_keys(kept.is_rewritten)
    services.write_now(lambda unit: chain.append(unit, entry))
    assert services.read_keys(kept.check).state.position == len(before) + 1
