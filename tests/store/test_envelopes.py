"""Envelopes: only the name key finds a holder's rows, and decoy rows belong to nobody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import integers, lists, sampled_from
from sqlalchemy import Connection, delete, insert, select, update

from satark.api.sealing import encrypt_alike
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from support.store import fresh_services


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return fresh_services(tmp_path)


def plant(services: Services, tip: str, *holders: str) -> None:
    for holder in holders:
        services.write_now(lambda unit, holder=holder: envelopes.store(unit, tip, holder, holder.encode(), is_new=True))  # type: ignore[misc]


def test_a_holder_is_found_and_another_is_not(services: Services) -> None:
    plant(services, "t1", "sp", "dig")
    plant(services, "t2", "dig")
    read = services.read_keys
    assert read(lambda c: envelopes.find(c, "t1", "sp")) == b"sp"
    assert read(lambda c: envelopes.find(c, "t2", "sp")) is None
    assert read(lambda c: envelopes.of_tips(c, "sp", envelopes.tips_of(c, "sp"))) == {"t1": b"sp"}
    assert read(lambda c: envelopes.of_tips(c, "dig", envelopes.tips_of(c, "dig"))) == {"t1": b"dig", "t2": b"dig"}
    assert sorted(read(lambda c: envelopes.tips_of(c, "dig"))) == ["t1", "t2"]
    assert read(lambda c: envelopes.holders_of(c, "t2", ["sp", "dig"])) == ["dig"]
    assert read(lambda c: envelopes.find_many(c, [("t1", "sp"), ("t2", "sp")])) == {("t1", "sp"): b"sp"}


def test_a_tips_cover_is_that_of_its_present_envelope(services: Services) -> None:
    plant(services, "t1", "sp", "dig")
    assert services.read_keys(lambda c: envelopes.tips_of(c, "sp")) == {"t1": envelopes.cover(b"sp")}
    services.write_now(lambda unit: envelopes.store(unit, "t1", "sp", b"renewed"))
    assert services.read_keys(lambda c: envelopes.tips_of(c, "sp")) == {"t1": envelopes.cover(b"renewed")}


@pytest.mark.parametrize("cover", [b"", bytes(16)])
def test_a_tip_with_a_wrong_cover_is_in_its_holders_list_and_is_not_whole(services: Services, cover: bytes) -> None:
    plant(services, "t1", "sp", "dig")
    assert services.read_keys(lambda c: envelopes.vouched_tips(c, ["t1"])) == {"t1"}
    row = update(tables.envelope).where(tables.envelope.c.sealed == b"dig")
    services.write_now(lambda unit: unit.keys.execute(row.values(cover=cover)))
    assert services.read_keys(lambda c: envelopes.tips_of(c, "dig")) == {"t1": cover}
    assert services.read_keys(lambda c: envelopes.vouched_tips(c, ["t1"])) == set()


def test_an_envelope_that_was_moved_to_another_tip_is_found_by_nobody(services: Services) -> None:
    plant(services, "t1", "sp")
    moved = update(tables.envelope).values(tip="t2")
    services.write_now(lambda unit: unit.keys.execute(moved))
    both = [("t1", "sp"), ("t2", "sp")]
    assert services.read_keys(lambda c: envelopes.find_many(c, both)) == {}


def test_many_tips_are_read_in_batches(services: Services) -> None:
    wanted = {f"t{n}": b"sp" for n in range(700)}
    rows = services.read_keys(lambda c: [envelopes.row(c, tip, "sp", sealed) for tip, sealed in wanted.items()])
    services.write_now(lambda unit: unit.upsert(tables.envelope, rows))
    assert services.read_keys(lambda c: envelopes.of_tips(c, "sp", envelopes.tips_of(c, "sp"))) == wanted


def test_the_work_of_reading_tips_grows_with_their_number_and_not_with_its_square(services: Services) -> None:
    def steps(count: int) -> int:
        """Return how many thousand steps SQLite takes to find so many tips."""
        wanted, taken = [f"t{n}" for n in range(count)], list[None]()

        def read(connection: Connection) -> None:
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(lambda: taken.append(None), 1000)
            assert len(envelopes.of_tips(connection, "sp", wanted)) == count
            driver.set_progress_handler(None, 0)

        services.read_keys(read)
        return len(taken)

    tips = [f"t{n}" for n in range(300)]
    rows = services.read_keys(lambda c: [envelopes.row(c, tip, one, b"x") for tip in tips for one in ("sp", "dig")])
    services.write_now(lambda unit: unit.upsert(tables.envelope, rows))
    assert steps(300) < 20 * max(1, steps(30))


def test_no_row_tells_its_holder_without_the_name_key(services: Services, tmp_path: Path) -> None:
    plant(services, "t1", "sp")
    plant(services, "t2", "sp")
    rows = services.read_keys(lambda c: c.execute(select(tables.envelope)).all())
    assert len({row.holder for row in rows}) == len(rows) == 4, "not even that two rows have the same holder"
    assert not any(b"sp" in row.holder for row in rows)
    other = Services(
        Settings(data_dir=tmp_path, name_key_file=tmp_path / "other.key"),
        main=services.main,
        keys=services.keys,
        geography=services.geography,
    )
    assert other.read_keys(lambda c: envelopes.of_tips(c, "sp", envelopes.tips_of(c, "sp"))) == {}


def test_a_decoy_stands_for_nobody(services: Services) -> None:
    def write(unit: object) -> None:
        rows = envelopes.rows_of(unit.keys, {"sp": b"sealed"}, "t1", [b"decoy", b"decoy"])  # type: ignore[attr-defined]
        unit.queue(tables.envelope, rows)  # type: ignore[attr-defined]

    services.write_now(write)
    assert len(services.read_keys(lambda c: c.execute(select(tables.envelope)).all())) == 4
    names = ["sp", "dig", "", "*", "email:cell"]
    assert services.read_keys(lambda c: envelopes.holders_of(c, "t1", names)) == ["sp"]


def test_decoys_are_renewed_and_no_envelope_is_changed(services: Services) -> None:
    def write(unit: Any) -> None:
        rows = envelopes.rows_of(unit.keys, {"sp": b"sealed", "gone": b"kept"}, "t1", [b"decoy", b"decoy"])
        unit.queue(tables.envelope, [*rows, *envelopes.rows_of(unit.keys, {}, "t2", [b"another tip's"])])

    services.write_now(write)
    services.write_now(lambda unit: envelopes.renew_decoys(unit, "t1", 2048))
    rows = services.read_keys(lambda c: c.execute(select(tables.envelope.c.sealed)).scalars().all())
    assert {b"sealed", b"kept", b"another tip's"} < set(rows)
    fresh = [one for one in rows if len(one) > 2048]
    assert len(rows) == 5 + 2, "and what vouches for those of a tip"
    assert len(set(fresh)) == 2


def test_a_tip_has_as_many_rows_after_it_was_given_to_a_desk_and_taken_back(services: Services) -> None:
    given = encrypt_alike(bytes(envelopes.PADDED))

    def write(unit: Any) -> None:
        unit.queue(tables.envelope, envelopes.rows_of(unit.keys, {"dig": given}, "t1", [given, given, given]))

    services.write_now(write)

    def rows() -> list[int]:
        found = services.read_keys(lambda c: c.execute(select(tables.envelope.c.sealed)).scalars().all())
        return sorted(len(one) for one in found)

    assert rows() == [0] + [len(given)] * 4
    for name in ("lanka", "kotwali"):
        services.write_now(lambda unit, name=name: envelopes.store(unit, "t1", name, given))  # type: ignore[misc]
        assert rows() == [0] + [len(given)] * 4
    services.write_now(lambda unit: envelopes.drop(unit, "t1", ["lanka", "kotwali", "nobody"]))
    assert rows() == [0] + [len(given)] * 4
    assert services.read_keys(lambda c: envelopes.holders_of(c, "t1", ["lanka", "kotwali", "dig"])) == ["dig"]


@pytest.fixture(scope="module", autouse=True)
def store_of_rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give `Rows` a store: making a new one takes longer than an example."""
    Rows.services = fresh_services(tmp_path_factory.mktemp("rows"))
    yield
    Rows.services.close()


class Rows(RuleBasedStateMachine):
    """A tip's rows: the host's own acts leave them whole; who has no name key can but undo what they did."""

    services: Services

    def __init__(self) -> None:
        super().__init__()
        self.services.write_now(self.begin)
        self.good = self.rows()

    def begin(self, unit: UnitOfWork) -> None:
        unit.keys.execute(delete(tables.envelope))
        holders, decoys = {"sp": b"key", "dig": b"key"}, [b"decoy", b"decoy"]
        unit.queue(tables.envelope, envelopes.rows_of(unit.keys, holders, "t1", decoys))

    def rows(self) -> set[tuple[bytes, bool, bool]]:
        here = tables.envelope.c
        query = select(here.holder, here.sealed, here.cover)
        found = self.services.read_keys(lambda c: c.execute(query).all())
        return {(row.holder, not row.sealed, row.cover == envelopes.cover(row.sealed)) for row in found}

    def act(self, write: Callable[[UnitOfWork], None]) -> None:
        is_whole = self.rows() == self.good
        self.services.write_now(write)
        self.good = self.rows() if is_whole else self.good

    @rule(name=sampled_from(["sp", "dig", "lanka", "email:sp"]))
    def store(self, name: str) -> None:
        self.act(lambda unit: envelopes.store(unit, "t1", name, b"key"))

    @rule(names=lists(sampled_from(["sp", "dig", "lanka"])))
    def drop(self, names: list[str]) -> None:
        self.act(lambda unit: envelopes.drop(unit, "t1", names))

    @rule(size=sampled_from([4096, 8192]))
    def renew(self, size: int) -> None:
        self.act(lambda unit: envelopes.renew_decoys(unit, "t1", size))

    @rule(how=sampled_from(["delete", "rename", "empty", "add", "uncover"]), at=integers(0, 9))
    def forge(self, how: str, at: int) -> None:
        here = tables.envelope.c
        rows = sorted(self.rows())
        holder, *_ = rows[at % len(rows)]
        changes: dict[str, Any] = {
            "delete": delete(tables.envelope).where(here.holder == holder),
            "rename": update(tables.envelope).where(here.holder == holder).values(holder=os.urandom(16)),
            "empty": update(tables.envelope).where(here.holder == holder).values(sealed=b""),
            "add": insert(tables.envelope).values(tip="t1", holder=os.urandom(16), cover=b"", sealed=b"forged"),
            "uncover": update(tables.envelope).where(here.holder == holder).values(cover=os.urandom(16)),
        }
        if len(rows) > 1:  # who deletes all deletes the tip, which is counted
            self.services.write_now(lambda unit: unit.keys.execute(changes[how]))

    @invariant()
    def only_what_the_host_did_is_whole(self) -> None:
        found = self.services.read_keys(lambda c: envelopes.vouched_tips(c, ["t1"]))
        assert bool(found) == (self.rows() == self.good)


TestRows = pytest.mark.slow("many steps of a machine")(Rows.TestCase)
TestRows.settings = settings(max_examples=50, stateful_step_count=12)  # four acts on a handful of rows
