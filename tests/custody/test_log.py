"""The stored custody log: its disclosure, the remains after an erasure, and simultaneous writers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select

from satark.custody import entries, log
from satark.custody.log import erase_files
from satark.custody.verify_log import verify_log
from satark.services import Services
from satark.store import tables
from satark.store.sealed_files import erase
from satark.store.tables import custody
from support.store import fresh_services
from support.tips import SeededTip, seed_file_state, seed_tip


def test_the_database_reveals_nothing_of_officers_acts(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    rows = services.read(lambda c: c.execute(select(custody)).all())
    stored = b"".join(row.sealed + row.entry + row.content for row in rows)
    for word in (b"received", b"clean", b"image", b"satark", b"PT6H"):
        assert word not in stored
    (first, *_) = services.read(lambda c: log.read(c, tips[0].id, tips[0].identity))
    assert first.entry is not None
    assert len(first.entry.salt) == 32, "or else the hash of an entry could be guessed"
    assert first.entry.at == "", "the time to the second at which a file came could be matched with call records"


@pytest.mark.parametrize("ordinals", [None, ["1"]])
def test_an_erasure_leaves_only_the_fact_of_the_erasure(
    ordinals: list[str] | None, services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    tip = tips[0]
    if ordinals is None:  # only a draft is erased so
        services.write_now(lambda unit: unit.main.execute(delete(tables.tip).where(tables.tip.c.id == tip.id)))
    for name in services.write_now(lambda unit: erase_files(unit, tip.id, ordinals)):
        erase(services.evidence, [name])
    report = verify_log(services)
    assert (report.rows, report.problems) == (13, ())
    left = services.read(lambda c: log.read(c, tip.id, tip.identity))
    assert left[-1].row.is_erasure
    assert {row.row.file for row in left if row.entry} == ({"2"} if ordinals else set())


def test_several_entries_need_no_more_statements_than_one(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    statements: list[str] = []
    event.listen(services.main, "before_cursor_execute", lambda _conn, _cursor, text, *_: statements.append(text))
    counts = []
    for number in (1, 3):
        made = log.seal_entries(tips[0].recipient, *(entries.lost_entry("gone", 0) for _ in range(number)))
        statements.clear()
        services.write_now(lambda unit, made=made: log.append_sealed(unit, tips[0].id, "1", made))  # type: ignore[misc]
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert verify_log(services).problems == ()


@pytest.mark.slow("a third of a second of a processor")
def test_concurrent_writers_make_one_chain(databases: Any, tmp_path: Path) -> None:
    services = fresh_services(tmp_path, database_url=databases.main, keys_url=databases.keys)
    tips = [seed_tip(services, []) for _ in range(2)]

    def write(number: int) -> None:
        tip, file = tips[number % 2], str(number)
        services.write_now(
            lambda unit: log.append_entries(
                unit, tip.id, tip.recipient, file, *(entries.lost_entry("gone", unit.now) for _ in "12")
            )
        )

    for number in range(12):
        seed_file_state(services, tips[number % 2], str(number), "lost")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(12)))
    report = verify_log(services)
    assert (report.rows, report.tips, report.problems) == (24, 2, ())
    services.close()
