"""A database of version 0.1.0 upgrades to today's: no data is lost, and no row tells now which desks have a tip."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict
from sqlalchemy import column, delete, insert, inspect, select, table, text, update

from satark.api.sealing import new_identity
from satark.api.services import Branch
from satark.casework import OriginalsRequest
from satark.custody.chain import EMPTY
from satark.custody.log import erase_files
from satark.custody.verify_log import verify_log
from satark.identity.edge_key import Identity
from satark.plugins.loader import Plugins
from satark.retention.erasure import ErasedList
from satark.retention.schedule import HELD, ensure_key, scheduled_tips
from satark.services import Services
from satark.store import changed_keys, deliveries, envelopes, tables
from satark.store.delivery_marks import ended_tag, kind_of
from satark.store.migrations import Migrations, NewerDatabase
from satark.store.threads import news_tag
from satark_desk import original_requests
from satark_desk.tables import read_state, release
from satark_police_system.answers import ANSWERS_KEY, answer_sequence, tip_tag
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import SeededTip, seed_file, seed_tip

EDGE = Identity(b"e" * 32)
CHANGES = b'[{"desk":"sp"}]'
FILE, SENT, ERASED = b"f" * 16, "list:sp", "an erased tip"
DAY = int(time.time()) // 86_400


class Older:
    """A store of 0.1.0 with a tip that one desk and one destination have, and everything that tells of it."""

    def __init__(self, services: Services, branches: list[Branch]) -> None:
        self.services = services
        self.migrations = Migrations(services.main, services.keys, branches)
        self.desk = SeededDesk(services, "sp")
        services.write_now(lambda unit: ensure_key(unit, EDGE))
        self.tip: SeededTip = seed_tip(services, [self.desk.desk])
        self.other = seed_tip(services, [self.desk.desk])
        self.sent = services.read_keys(lambda keys: envelopes.tag(keys, self.tip.id, "sent sp"))
        seed_file(services, self.tip, "7", b"taken back")
        services.write_now(lambda unit: erase_files(unit, self.tip.id, ["7"]))
        self._take_back()
        services.write_now(lambda unit: self._write(unit.main))
        listed = insert(tables.erased_tip).values(tag=EDGE.link("erased", ERASED))
        services.write_now(lambda unit: unit.keys.execute(listed))

    def _take_back(self) -> None:
        self.migrations.downgrade("c0001")
        with self.services.keys.begin() as keys:
            tables.kept_term.drop(keys)
            tables.tip_witness.drop(keys)
            keys.execute(text("UPDATE alembic_version_keys SET version_num = 'k0001'"))
            keys.execute(text("DROP INDEX envelope_cover"))
            for column_name in ("cover", "mark"):
                keys.execute(text(f"ALTER TABLE envelope DROP COLUMN {column_name}"))
        version = "UPDATE alembic_version SET version_num = :older WHERE version_num = :newer"
        with self.services.main.begin() as main:
            main.execute(text("DROP INDEX desk_read_state_nonce"))
            main.execute(text("ALTER TABLE desk_read_state DROP COLUMN nonce"))
            main.execute(text(version), [{"older": "d0002", "newer": "d0004"}, {"older": "p0001", "newer": "p0002"}])

    def _write(self, main: Any) -> None:
        columns = "INSERT INTO received_answer (id, desk, tip, seq) VALUES (:id, 'sp', :tip, :seq)"
        for id_, tip, seq in ((b"a", self.tip.id, 7), (b"b", self.other.id, 0)):
            main.execute(text(columns), {"id": id_ * 16, "tip": tip, "seq": seq})
        rows = [{"desk": "sp", "transfer_id": one, "chunks": 9} for one in (FILE, self.sent)]
        main.execute(insert(tables.sent_transfer), rows)
        main.execute(update(tables.tip).where(tables.tip.c.id == self.tip.id).values(key_changes=CHANGES))
        row = deliveries.new_row(self.services.keys, self.tip.id, SENT, 0) | {"state": "done", "attempts": 3, "wait": 5}
        del row["mark"]
        main.execute(insert(table("delivery", *map(column, row))), [row])
        main.execute(update(tables.custody).where(tables.custody.c.content == EMPTY).values(sealed=b""))
        main.execute(delete(tables.retention))  # a desk's first act made a row
        main.execute(text("INSERT INTO retention (tip, sealed) VALUES (:tip, :old)"), {"tip": self.tip.id, "old": b"-"})
        asked = OriginalsRequest.signed("sp", self.tip.id, "rao", DAY, new_identity()[1])
        main.execute(insert(release), [asdict(asked)])
        waits = "INSERT INTO message (tip, seq, sealed, day, notified) VALUES (:tip, 1, :sealed, 1, :no)"
        main.execute(text(waits), {"tip": self.tip.id, "sealed": b"news", "no": False})
        main.execute(insert(answer_sequence), [{"system": "main", "tip": self.tip.id, "sequence": 5}])
        main.execute(text("INSERT INTO desk_read_state (tip, sealed) VALUES ('t', :sealed)"), {"sealed": b"n" * 99})

    def alter(self, statement: Any) -> None:
        self.services.write_now(lambda unit: unit.main.execute(statement))

    def rows(self, table: Any) -> list[Any]:
        return list(self.services.read(lambda c: c.execute(select(table)).all()))

    def scheduled(self, today: int) -> dict[str, Any]:
        def read(main: Any) -> dict[str, Any]:
            settings = self.services.retention
            found = self.services.read_keys(lambda keys: list(scheduled_tips(main, keys, EDGE, settings, today)))
            return {one.tip: one.term for one in found}

        return self.services.read(read)


@pytest.fixture
def older(tmp_path: Path, databases: Any) -> Iterator[Older]:
    """A store of 0.1.0 on SQLite and on PostgreSQL in turn."""
    branches = Plugins.load(["desk", "police_system"]).migrations()
    services = fresh_services(tmp_path, branches, database_url=databases.main, keys_url=databases.keys)
    yield Older(services, branches)
    services.close()


@pytest.fixture
def upgraded(older: Older) -> Older:
    assert older.migrations.problem() == "the databases are not set up for this version, run: satark db upgrade"
    older.migrations.upgrade()
    assert older.migrations.problem() == ""
    older.services.write_now(lambda unit: ensure_key(unit, EDGE))  # as a worker does when it starts
    return older


@pytest.mark.slow("whole databases")
def test_data_of_0_1_0_is_kept_and_no_longer_tells_which_desks_have_a_tip(upgraded: Older) -> None:
    _look_at_offices_rows(upgraded)
    _look_at_key_changes(upgraded)
    _look_at_deliveries(upgraded)
    _look_at_beginnings(upgraded)
    assert verify_log(upgraded.services).problems == (), "a file that was erased before is not missing"
    tag = upgraded.services.read_keys(lambda keys: original_requests.tip_tag(keys, upgraded.tip.id))
    assert [row.tip for row in upgraded.rows(release)] == [tag]
    tag = tip_tag(upgraded.services.secret_key(ANSWERS_KEY), upgraded.tip.id)
    assert [(row.tip, row.sequence) for row in upgraded.rows(answer_sequence)] == [(tag, 5)]


def _look_at_beginnings(upgraded: Older) -> None:
    covers, read = tables.envelope.c, upgraded.services.read_keys
    stored = read(lambda keys: keys.execute(select(covers.cover, covers.sealed)).all())
    assert stored
    assert all(row.cover == envelopes.cover(row.sealed) for row in stored)
    assert [row.cover for row in upgraded.rows(tables.message)] == [envelopes.cover(b"news")]
    assert [row.nonce for row in upgraded.rows(read_state)] == [b"n" * 12]


def _look_at_offices_rows(upgraded: Older) -> None:
    names = {one["name"] for one in inspect(upgraded.services.main).get_columns("received_answer")}
    assert names == {"id", "desk", "seq"}
    assert {(row.id, row.seq) for row in upgraded.rows(tables.received_answer)} == {(b"a" * 16, 1), (b"b" * 16, 0)}
    file = upgraded.services.read_keys(lambda keys: envelopes.tag(keys, FILE.hex(), "sent "))
    rows = {(row.transfer_id, row.chunks) for row in upgraded.rows(tables.sent_transfer)}
    assert rows == {(file, 9), (upgraded.sent, 9)}


def _look_at_key_changes(upgraded: Older) -> None:
    stored = {row.id: row.key_changes for row in upgraded.rows(tables.tip)}
    assert len({len(one) for one in stored.values()}) == 1
    with upgraded.services.keys.connect() as keys:
        opened = {id_: changed_keys.opened(keys, id_, one) for id_, one in stored.items()}
    assert opened == {upgraded.tip.id: CHANGES, upgraded.other.id: b""}
    assert not any(CHANGES in one for one in stored.values())


def _look_at_deliveries(upgraded: Older) -> None:
    rows = [row for row in upgraded.rows(tables.delivery) if row.destination == SENT]
    assert {row.tip for row in rows} == {upgraded.tip.id, upgraded.other.id}
    assert {(row.state, row.attempts, row.wait) for row in rows} == {("done", 0, 0)}
    assert all(row.ended == ended_tag(upgraded.services.keys, row) for row in rows)
    assert {row.tip: kind_of(upgraded.services.keys, row) for row in rows} == {
        upgraded.tip.id: "tip",
        upgraded.other.id: "cover",
    }


@pytest.mark.slow("whole databases")
def test_an_older_tip_is_kept_until_its_desk_looks_and_then_for_its_term(upgraded: Older) -> None:
    far = 40_000
    assert set(upgraded.scheduled(far).values()) == {HELD}
    wanted = {summary.id: keeping.term for summary, keeping in upgraded.desk.casework.keepings()}
    assert upgraded.scheduled(far) == wanted
    assert not any(one.held for one in wanted.values())
    swapped = next(row for row in upgraded.rows(tables.retention) if row.tip == upgraded.other.id)
    here = update(tables.retention).where(tables.retention.c.tip == upgraded.tip.id)
    for row in ({"keeper": swapped.keeper}, {"keeper": bytes(132)}):  # as who has no name key can
        upgraded.alter(here.values(row))
        assert upgraded.scheduled(far)[upgraded.tip.id] == HELD


@pytest.mark.slow("whole databases")
def test_a_tipster_is_told_of_waiting_news(upgraded: Older) -> None:
    (waiting,) = upgraded.rows(tables.message)
    known = upgraded.services.read_keys(lambda keys: news_tag(keys, upgraded.tip.id, 1, b"news"))
    assert (waiting.notified, waiting.news) == (False, known)


@pytest.mark.slow("whole databases")
def test_a_tip_that_was_erased_before_is_listed_in_both_places_still(upgraded: Older, tmp_path: Path) -> None:
    file = tmp_path / "erased.list"
    file.write_text(f"{EDGE.link('erased', ERASED).hex()}\n")
    listed = ErasedList(file, EDGE, upgraded.services.keys)
    assert upgraded.services.write_now(listed.complete) == {listed.tag(ERASED)}
    assert listed.tag(ERASED).hex() in file.read_text()


def test_a_program_older_than_the_databases_changes_nothing_and_says_what_to_do(older: Older) -> None:
    older.services.write_now(lambda unit: unit.main.execute(text("INSERT INTO alembic_version VALUES ('c9999')")))
    before = older.migrations.current()
    with pytest.raises(NewerDatabase, match="made c9999 in the databases: install that version"):
        older.migrations.upgrade()
    assert older.migrations.current() == before
    assert "restore the backup" in older.migrations.problem()
