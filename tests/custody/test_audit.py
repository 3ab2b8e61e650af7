"""`satark audit verify`: whatever is done to a live log is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, update

from satark.cli.main import cli
from satark.custody import chain, entries, log
from satark.custody.audit import AuditReport, Head, verify
from satark.desk import Desk
from satark.services import Services
from satark.store import evidence_files, tables
from satark.store.sealed_files import erase
from satark.store.tables import anchor, custody, custody_head
from satark.store.unit_of_work import unit_of_work
from satark.testing.store import fresh_services
from satark.testing.tips import SeededTip, seed_file, seed_file_state, seed_tip

Write = Callable[[Any], Any]


@pytest.fixture
def tips(services: Services, desk: Desk) -> tuple[SeededTip, SeededTip]:
    """Two tips with two files each, logged in turn: rows 1–3 and 7–9 are the first one's."""
    both = (seed_tip(services, [desk], evidence=("1", "2")), seed_tip(services, [desk], evidence=("1", "2")))
    for ordinal in ("1", "2"):
        for tip in both:
            seed_file(services, tip, ordinal, f"original {ordinal}".encode(), b"clean")
    return both


def change(services: Services, *statements: Any) -> None:
    with services.main.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def rows(services: Services) -> list[Any]:
    return list(services.read(lambda c: c.execute(select(custody).order_by(custody.c.position)).all()))


def found(report: AuditReport) -> list[tuple[str, int]]:
    return [(problem.what, problem.position) for problem in report.problems]


def test_a_log_that_nobody_touched_is_whole(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    report = verify(services)
    assert (report.rows, report.tips, report.problems) == (12, 2, ())
    assert [row.seq for row in rows(services) if row.tip == tips[0].id] == [1, 2, 3, 4, 5, 6]


def test_an_empty_store_has_an_empty_log(services: Services) -> None:
    assert verify(services).problems == ()


def test_the_database_tells_nothing_of_what_was_done(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    shown = b"".join(row.sealed + row.entry + row.content for row in rows(services))
    for word in (b"received", b"clean", b"image", b"satark", b"PT6H"):
        assert word not in shown
    (first, *_) = services.read(lambda c: log.read(c, tips[0].id, tips[0].identity))
    assert first.entry is not None
    assert len(first.entry.salt) == 32, "or else the hash of an entry could be guessed"
    assert first.entry.at == "", "the time to the second at which a file came could be matched with call records"


def at(position: int) -> Any:
    return custody.c.position == position


def swapped(services: Services, one: int, other: int) -> list[Any]:
    names = [column.name for column in custody.columns if column.name != "position"]
    first, second = (next(row for row in rows(services) if row.position == n) for n in (one, other))
    parked = update(custody).where(at(one)).values(tip="f" * 32)
    return [
        parked,
        update(custody).where(at(other)).values({name: getattr(first, name) for name in names}),
        update(custody).where(at(one)).values({name: getattr(second, name) for name in names}),
    ]


ATTACKS: list[tuple[str, Callable[[Services], list[Any]], set[tuple[str, int]]]] = [
    ("a row is deleted", lambda _: [delete(custody).where(at(5))], {("missing", 6), ("order", 6)}),
    ("the first row is deleted", lambda _: [delete(custody).where(at(1))], {("missing", 2), ("order", 2)}),
    ("the last row is deleted", lambda _: [delete(custody).where(at(12))], {("cut", 11)}),
    ("a day is changed", lambda _: [update(custody).where(at(4)).values(day=1)], {("altered", 4)}),
    ("a file is changed", lambda _: [update(custody).where(at(4)).values(file="9")], {("altered", 4)}),
    ("an entry is replaced", lambda _: [update(custody).where(at(4)).values(sealed=b"other")], {("entry", 4)}),
    ("an entry is emptied", lambda _: [update(custody).where(at(4)).values(sealed=b"")], {("emptied", 4)}),
    ("a hash is changed", lambda _: [update(custody).where(at(4)).values(hash=b"x" * 32)], {("altered", 4)}),
    ("a link is changed", lambda _: [update(custody).where(at(4)).values(link=b"x" * 32)], {("altered", 4)}),
    ("the head is changed", lambda _: [update(custody_head).values(link=b"x" * 32)], {("head", 0)}),
    ("rows of one file change places", lambda s: swapped(s, 1, 2), {("order", 1)}),
    ("rows of two tips change places", lambda s: swapped(s, 1, 4), {("altered", 1)}),
]


def test_what_is_done_to_the_log_is_named(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    whole = [row._asdict() for row in rows(services)]
    (head,) = services.read(lambda c: c.execute(select(custody_head)).all())
    missed = {}
    for name, statements, expected in ATTACKS:
        change(services, *statements(services))
        if not expected <= set(found(verify(services))):
            missed[name] = found(verify(services))
        restored = [custody.insert().values(row) for row in whole]
        change(services, delete(custody), *restored, update(custody_head).values(head._asdict()))
        assert verify(services).problems == ()
    assert missed == {}


def test_a_whole_tip_that_is_taken_away_leaves_a_gap(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    change(
        services,
        delete(custody).where(custody.c.tip == tips[0].id),
        delete(tables.file).where(tables.file.c.tip == tips[0].id),
        delete(tables.tip).where(tables.tip.c.id == tips[0].id),
    )
    assert found(verify(services)) == [("missing", 4), ("missing", 10)]


def rewrite(services: Services, without: int) -> None:
    """Take a row out, and compute every hash anew: what only a head noted elsewhere can show."""
    kept = [row._asdict() for row in rows(services) if row.position != without]
    link, before = chain.ORIGIN, {row["tip"]: (0, chain.start(row["tip"])) for row in kept}
    for position, row in enumerate(kept, 1):
        seq, previous = before[row["tip"]]
        own = chain.Row(seq=seq + 1, **{name: row[name] for name in ("file", "day", "entry", "content")})
        hashed = chain.step(previous, own)
        link = chain.link(link, position, hashed)
        row.update(position=position, seq=seq + 1, hash=hashed, link=link)
        before[row["tip"]] = (seq + 1, hashed)
    change(
        services,
        delete(custody),
        *(custody.insert().values(row) for row in kept),
        update(custody_head).values(position=len(kept), link=link),
    )


def test_a_log_that_is_rewritten_as_a_whole_is_shown_by_the_key_store(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    rewrite(services, without=5)
    assert found(verify(services)) == [("anchor", 0)]


def test_a_noted_head_shows_what_even_both_databases_agree_on(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    noted = verify(services).head
    rewrite(services, without=5)
    end = verify(services).head
    services.write_now(
        lambda unit: unit.keys.execute(update(anchor).values(position=end.position, link=end.link, before=end.link))
    )
    assert verify(services).problems == ()
    assert found(verify(services, noted)) == [("known", 0)]


def test_a_head_that_was_noted_long_ago_is_still_held(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    noted = verify(services).head
    seed_file(services, tips[0], "3", b"later")
    assert verify(services, Head.read(str(noted))).problems == ()


def test_a_crash_between_the_two_databases_is_no_alarm(
    services: Services, tips: tuple[SeededTip, SeededTip], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        with unit_of_work(services.main, services.keys) as unit:
            monkeypatch.setattr(unit.main, "commit", lambda: 1 / 0)
            for ordinal in ("8", "9"):
                log.record(unit, tips[0].id, tips[0].recipient, ordinal, entries.lost("gone", unit.now))

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert verify(services).problems == ()
    seed_file(services, tips[1], "3", b"later")
    assert verify(services).problems == ()


def test_a_file_that_the_log_does_not_know_is_named(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    seed_file_state(services, tips[0], "7", "sealed")
    (unlogged, gone) = verify(services).problems
    assert (unlogged.what, unlogged.tip, unlogged.file) == ("unlogged", tips[0].number, "7")
    assert gone.what == "no-file"


def test_a_sealed_file_that_is_gone_is_named(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    erase(services.evidence_dir, evidence_files.name(tips[1].id, "2"))
    (problem,) = verify(services).problems
    assert str(problem) == f"tip {tips[1].number}, file 2: the sealed original is not in the evidence folder"


@pytest.mark.parametrize("ordinals", [None, ["1"]])
def test_what_was_erased_leaves_only_that_it_was(
    ordinals: list[str] | None, services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    tip = tips[0]
    for name in services.write_now(lambda unit: evidence_files.delete_files(unit, tip.id, ordinals)):
        erase(services.evidence_dir, name)
    report = verify(services)
    assert (report.rows, report.problems) == (13, ())
    left = services.read(lambda c: log.read(c, tip.id, tip.identity))
    assert left[-1].row.erasure
    assert {row.row.file for row in left if row.entry} == ({"2"} if ordinals else set())


def test_writers_at_once_make_one_chain(databases: Any, tmp_path: Path) -> None:
    services = fresh_services(tmp_path, database_url=databases.main, keys_url=databases.keys)
    tips = [seed_tip(services, []) for _ in range(2)]

    def write(number: int) -> None:
        tip, file = tips[number % 2], str(number)
        services.write_now(
            lambda unit: log.record(unit, tip.id, tip.recipient, file, *(entries.lost("gone", unit.now) for _ in "12"))
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(12)))
    report = verify(services)
    assert (report.rows, report.tips, report.problems) == (24, 2, ())
    services.close()


def run(services: Services, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    monkeypatch.setenv("SATARK_DATA_DIR", str(services.evidence_dir.parent))
    monkeypatch.setenv("SATARK_PLUGINS", "[]")
    return CliRunner().invoke(cli, ["audit", "verify", *words], catch_exceptions=False)


def test_the_command_names_what_is_wrong(
    services: Services, tips: tuple[SeededTip, SeededTip], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(services, monkeypatch)
    assert (whole.exit_code, "is whole: 12 rows of 2 tips" in whole.stdout) == (0, True)
    change(services, update(custody).where(at(4)).values(day=1))
    altered = run(services, monkeypatch)
    assert altered.exit_code == 1
    assert f"row 4, tip {tips[1].number}, file 1: this row was altered" in altered.stdout
    told = json.loads(run(services, monkeypatch, "--json").stdout)
    assert (told["good"], told["rows"], told["problems"][0]["what"]) == (False, 12, "altered")
    assert run(services, monkeypatch, "--head", "nonsense").exit_code == 2
