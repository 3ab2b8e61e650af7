"""The audit of a live custody log names each manipulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Table, delete, select, update

from satark.custody import chain, entries, log
from satark.custody.lost_drafts import give_up_drafts
from satark.custody.verify_log import AuditProblem, AuditReport, LogHead, verify_log
from satark.identity.edge_key import Identity
from satark.runtime.dependency_faults import missing_faults
from satark.services import Services
from satark.store import bulk, evidence_files, tables
from satark.store.sealed_files import SealedForm, erase, stored_form
from satark.store.tables import anchor, custody, custody_head
from satark.store.unit_of_work import UnitOfWork, unit_of_work
from support.tips import SeededTip, seed_file, seed_file_state

Write = Callable[[Any], Any]


def change(services: Services, *statements: Any) -> None:
    with services.main.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def rows(services: Services) -> list[Any]:
    return list(services.read(lambda c: c.execute(select(custody).order_by(custody.c.position)).all()))


def found(report: AuditReport) -> list[tuple[str, int]]:
    return [(problem.what, problem.position) for problem in report.problems]


def test_an_unchanged_log_has_no_problems(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    report = verify_log(services)
    assert (report.rows, report.tips, report.problems) == (12, 2, ())
    assert [row.seq for row in rows(services) if row.tip == tips[0].id] == [1, 2, 3, 4, 5, 6]


def test_an_empty_store_has_an_empty_log(services: Services) -> None:
    assert verify_log(services).problems == ()


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


@pytest.mark.slow("a log of a whole desk")
def test_each_manipulation_of_the_log_is_named(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    complete = [row._asdict() for row in rows(services)]
    (head,) = services.read(lambda c: c.execute(select(custody_head)).all())
    missed = {}
    for name, statements, expected in ATTACKS:
        change(services, *statements(services))
        if not expected <= set(found(verify_log(services))):
            missed[name] = found(verify_log(services))
        restored = [custody.insert().values(row) for row in complete]
        change(services, delete(custody), *restored, update(custody_head).values(head._asdict()))
        assert verify_log(services).problems == ()
    assert missed == {}


def test_removing_all_rows_of_a_tip_leaves_a_gap(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    change(
        services,
        delete(custody).where(custody.c.tip == tips[0].id),
        delete(tables.file).where(tables.file.c.tip == tips[0].id),
        delete(tables.tip).where(tables.tip.c.id == tips[0].id),
    )
    assert found(verify_log(services)) == [("missing", 4), ("missing", 10)]


def rewrite(services: Services, without: int) -> None:
    """Remove a row and compute every hash again, so that only a head stored elsewhere reveals it."""
    left = [row._asdict() for row in rows(services) if row.position != without]
    link, before = chain.GENESIS, {row["tip"]: (0, chain.tip_genesis(row["tip"])) for row in left}
    for position, row in enumerate(left, 1):
        seq, previous = before[row["tip"]]
        own = chain.ChainRow(seq=seq + 1, **{name: row[name] for name in ("file", "day", "entry", "content")})
        hashed = chain.row_hash(previous, own)
        link = chain.link_hash(link, position, hashed)
        row.update(position=position, seq=seq + 1, hash=hashed, link=link)
        before[row["tip"]] = (seq + 1, hashed)
    change(
        services,
        delete(custody),
        *(custody.insert().values(row) for row in left),
        update(custody_head).values(position=len(left), link=link),
    )


def test_the_key_store_reveals_a_log_that_was_rewritten_as_a_whole(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    rewrite(services, without=5)
    assert found(verify_log(services)) == [("anchor", 0)]


def test_a_noted_head_reveals_a_rewrite_of_both_databases(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    noted = verify_log(services).head
    rewrite(services, without=5)
    end = verify_log(services).head
    services.write_now(
        lambda unit: unit.keys.execute(update(anchor).values(position=end.position, link=end.link, before=end.link))
    )
    assert verify_log(services).problems == ()
    assert found(verify_log(services, noted)) == [("known", 0)]


def test_an_old_noted_head_is_still_in_the_log(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    noted = verify_log(services).head
    seed_file(services, tips[0], "3", b"later")
    for text in (str(noted), f"{noted.position}:{noted}"):
        assert verify_log(services, LogHead.read(text)).problems == ()


def test_a_crash_between_the_two_commits_is_no_problem(
    services: Services, tips: tuple[SeededTip, SeededTip], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        with unit_of_work(services.main, services.keys) as unit:
            monkeypatch.setattr(unit.main, "commit", lambda: 1 / 0)
            for ordinal in ("8", "9"):
                log.append_entries(unit, tips[0].id, tips[0].recipient, ordinal, entries.lost_entry("gone", unit.now))

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert verify_log(services).problems == ()
    seed_file(services, tips[1], "3", b"later")
    assert verify_log(services).problems == ()


def test_a_file_without_a_row_is_named(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    seed_file_state(services, tips[0], "7", "sealed")
    (unlogged, gone) = verify_log(services).problems
    assert (unlogged.what, unlogged.tip, unlogged.file) == ("unlogged", tips[0].number, "7")
    assert gone.what == "no-file"


def test_a_file_whose_row_somebody_deleted_is_named_and_an_erased_one_is_not(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    seed_file(services, tips[0], "7", b"sent a day later")
    assert missing_faults(services) == []
    services.write_now(lambda unit: unit.main.execute(delete(tables.file).where(tables.file.c.ordinal == "7")))
    assert verify_log(services).problems == (AuditProblem(what="gone", tip=tips[0].number, file="7"),)
    (fault,) = missing_faults(services)
    assert fault.text.endswith("whose rows are gone or altered: 1")
    for file in ("7", ""):  # as who has no key can, or erases a draft and then brings the tip back
        services.write_now(lambda unit, of=file: log._append(unit, tips[0].id, of, log._fixed(chain.EMPTY, b"")))  # type: ignore[misc]
    assert {(one.what, one.file) for one in verify_log(services).problems} == {("gone", "7"), ("forged", "")}
    (fault,) = missing_faults(services)
    assert fault.text.endswith("whose rows are gone or altered: 2")
    services.write_now(lambda unit: log.erase_files(unit, tips[0].id, ["7"]))
    assert found(verify_log(services)) == [("forged", 0)]


def test_files_that_its_tipster_took_back_before_sending_are_not_missed(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    seed_file(services, tips[0], "7", b"taken back")
    services.write_now(lambda unit: log.erase_files(unit, tips[0].id, ["7"]))
    assert missing_faults(services) == []
    assert verify_log(services).problems == ()


def test_a_sent_tip_that_its_host_erased_as_a_draft_is_missed_once_somebody_puts_its_rows_back(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    put_back = hide(services, tables.tip), hide(services, tables.envelope)
    _, names = services.write_now(lambda unit: give_up_drafts(unit, Identity(b"k" * 32)))
    assert len(names) == 4, "who hides rows of both databases has the host take the tips for drafts"
    for rows_of in put_back:
        rows_of()
    (fault,) = missing_faults(services)
    assert fault.text.endswith("whose rows are gone or altered: 6")
    named = {(one.tip, one.what, one.file) for one in verify_log(services).problems if one.what in {"gone", "forged"}}
    expected = (("gone", "1"), ("gone", "2"), ("forged", ""))
    assert named == {(tip.number, *one) for tip in tips for one in expected}


def hide(services: Services, table: Table) -> Callable[[], None]:
    """Delete a table's rows; return what puts them back."""

    def of(unit: UnitOfWork) -> Connection:
        return unit.keys if table.metadata is tables.keys else unit.main

    rows = services.write_now(lambda unit: [dict(row) for row in of(unit).execute(select(table)).mappings()])
    services.write_now(lambda unit: of(unit).execute(delete(table)))
    return lambda: services.write_now(lambda unit: bulk.insert(of(unit), table, rows))


@pytest.mark.parametrize("state", ["", "x", "erased", "due", "lost"])
def test_a_file_whose_rows_state_somebody_altered_is_named(
    services: Services, tips: tuple[SeededTip, SeededTip], state: str
) -> None:
    seed_file(services, tips[0], "7", b"a film")
    services.write_now(lambda unit: log.append_entries(unit, *announced(tips[0], "8", unit)))
    seed_file_state(services, tips[0], "8", "due")  # one that is still to be fetched
    assert missing_faults(services) == []
    row = update(tables.file).where(tables.file.c.ordinal == "7")
    services.write_now(lambda unit: unit.main.execute(row.values(state=state, record=b"")))
    assert AuditProblem(what="gone", tip=tips[0].number, file="7") in verify_log(services).problems
    (fault,) = missing_faults(services)
    assert fault.text.endswith("whose rows are gone or altered: 1")


def announced(tip: SeededTip, file: str, unit: UnitOfWork) -> tuple[Any, ...]:
    return tip.id, tip.recipient, file, entries.announced_entry(unit.now)


@pytest.mark.parametrize("form", ["original", "clean"])
@pytest.mark.parametrize("content", [None, b"", b"x" * 100])
def test_a_form_that_the_keeper_of_the_files_deletes_or_cuts_is_missed(
    services: Services, tips: tuple[SeededTip, SeededTip], form: SealedForm, content: bytes | None
) -> None:
    seed_file(services, tips[0], "7", b"a photo", b"a clean photo")
    assert missing_faults(services) == []
    stored = stored_form(services.evidence, evidence_files.name(tips[0].id, "7"), form)
    stored.remove()
    if content is not None:
        services.evidence.put(stored.name, content)
    (fault,) = missing_faults(services)
    assert (fault.code, fault.text.partition(" (")[0]) == (
        "tips_missing",
        "files that the store of files lacks or has in another size: 1",
    )
    assert verify_log(services).problems == (AuditProblem(what="no-file", tip=tips[0].number, file="7"),)


def test_a_missing_sealed_file_is_named(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    erase(services.evidence, [evidence_files.name(tips[1].id, "2")])
    (problem,) = verify_log(services).problems
    assert (
        str(problem)
        == f"tip {tips[1].number}, file 2: a sealed form of the file is not in the store of files, or has another size"
    )
