"""The rows of files: expiring claims, notices waiting for a tipster, and origins that only a tipster discloses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.api.inbound import MediaRef
from satark.dialogue.session import FileNotice, MediaJob
from satark.evidence.worker import RENEW_EVERY
from satark.identity.edge_key import Identity
from satark.services import Services
from satark.store import evidence_files, tables
from satark.store.evidence_files import CRASH_LEASE, FETCH_LEASE
from satark.store.unit_of_work import CLOCKS_APART, UnitOfWork
from support.store import fresh_services

EDGE = Identity(b"k" * 32)
TIP = "0" * 32
NOW = 1_800_000_000

mark_sealed = partial(evidence_files.mark_sealed, sizes={})


class FileTable:
    """The files of a draft, whose transactions run at a time that the test sets."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.now = NOW

    def run(self, act: Any, *arguments: Any) -> Any:
        def write(unit: UnitOfWork) -> Any:
            unit.now = self.now
            return act(unit, *arguments)

        return self.services.write_now(write)

    def read(self, act: Any, *arguments: Any) -> Any:
        return self.services.read(lambda main: act(main, *arguments))

    def add(self, *jobs: MediaJob) -> None:
        self.run(evidence_files.add, jobs, EDGE)

    def claimed(self, limit: int = 10) -> list[tuple[str, int]]:
        """Claim due files; return each ordinal with the number of its attempt."""
        return [(one.ordinal, one.attempt) for one in self.run(evidence_files.claim_due, EDGE, limit)]

    @property
    def changes(self) -> list[Any]:
        return [*self.read(lambda main: main.execute(select(tables.tip_change)).all())]

    def row(self, ordinal: str) -> Any:
        return self.read(lambda main: main.execute(select(tables.file).where(tables.file.c.ordinal == ordinal)).one())


@pytest.fixture
def table(tmp_path: Path) -> Iterator[FileTable]:
    services = fresh_services(tmp_path)
    yield FileTable(services)
    services.close()


def job(ordinal: str, position: int = 1, attempt: int = 0) -> MediaJob:
    ref = MediaRef(account="script:1", id=f"media-{ordinal}")
    return MediaJob(
        tip=TIP,
        recipient="age1",
        ordinal=ordinal,
        role="evidence",
        kind="image",
        caption="",
        ref=ref,
        position=position,
        attempt=attempt,
    )


def test_a_file_is_claimed_once_until_the_lease_ends(table: FileTable) -> None:
    table.add(job("1"), job("2"))
    assert table.claimed(limit=1) == [("1", 1)]
    assert table.claimed() == [("2", 1)]
    table.now += FETCH_LEASE - 1
    assert table.claimed() == []
    table.now += 1
    assert table.claimed() == [("1", 2), ("2", 2)]


def test_a_claim_is_renewed_and_a_file_that_killed_its_process_often_waits_longer(table: FileTable) -> None:
    table.add(job("1"))
    for attempt in (1, 2, 3):
        assert table.claimed() == [("1", attempt)]
        table.now += FETCH_LEASE - 1
        table.run(evidence_files.renew_claims, [job("1", attempt=attempt)])
        table.now += FETCH_LEASE - 1
        assert table.claimed() == []
        table.now += 1
    assert table.claimed() == [("1", 4)]
    fourth = job("1", attempt=4)
    table.run(evidence_files.renew_claims, [fourth])
    table.now += CRASH_LEASE - 1
    assert table.claimed() == []
    table.run(mark_sealed, fourth, b"record")
    table.run(evidence_files.renew_claims, [fourth])
    assert table.row("1").due_at == 0


def test_a_claim_lasts_longer_than_two_clocks_may_differ(table: FileTable) -> None:
    table.add(job("1"))
    assert table.claimed() == [("1", 1)]
    table.now += CLOCKS_APART + int(RENEW_EVERY)
    assert table.claimed() == []


@pytest.mark.parametrize(
    "late",
    [
        (evidence_files.mark_lost, "gone at the provider"),
        (mark_sealed, b"another record"),
        (evidence_files.retry_later, 0, "OSError"),
        (partial(evidence_files.retry_later, counts=False), 0, "StorageDown"),
    ],
)
@pytest.mark.parametrize("is_sealed", [False, True])
def test_nothing_that_a_process_does_counts_after_another_one_claimed_its_file(
    table: FileTable, late: tuple[Any, ...], *, is_sealed: bool
) -> None:
    table.add(job("1"))
    table.claimed()
    table.now += FETCH_LEASE
    assert table.claimed() == [("1", 2)]
    if is_sealed:
        assert table.run(mark_sealed, job("1", attempt=2), b"record")
    before, revisions = table.row("1"), table.changes
    table.run(evidence_files.renew_claims, [job("1", attempt=1)])
    act, *arguments = late
    assert not table.run(act, job("1", attempt=1), *arguments)
    assert (table.row("1"), table.changes) == (before, revisions)


@pytest.mark.parametrize("counts", [True, False])
def test_no_two_processes_ever_have_the_same_claim(table: FileTable, *, counts: bool) -> None:
    table.add(job("1"))
    first, second = table.run(evidence_files.claim_due, EDGE, 1), None
    table.now += FETCH_LEASE
    (second,) = table.run(evidence_files.claim_due, EDGE, 1)
    assert table.run(partial(evidence_files.retry_later, counts=counts), second, 0, "StorageDown")
    (third,) = table.run(evidence_files.claim_due, EDGE, 1)
    assert third.attempt not in {one.attempt for one in first}
    assert not table.run(evidence_files.mark_lost, first[0], "gone at the provider")


def test_a_file_whose_job_somebody_altered_stays_due_and_holds_up_no_other(table: FileTable) -> None:
    table.add(job("1"), job("2"), job("3"))
    jobs = {one: table.row(one).job for one in "12"}
    for ordinal, altered in {"1": bytes(len(jobs["1"])), "2": jobs["1"]}.items():
        row = update(tables.file).where(tables.file.c.ordinal == ordinal).values(job=altered)
        table.services.write_now(lambda unit, one=row: unit.main.execute(one))  # type: ignore[misc]
    assert table.claimed() == [("3", 1)]
    assert table.row("1").state == table.row("2").state == "due"
    table.now += FETCH_LEASE
    assert table.claimed() == [("3", 2)], "they are looked at again, and wait"


def test_the_place_from_which_to_fetch_a_file_is_sealed_and_deleted_after_the_fetch(table: FileTable) -> None:
    table.add(job("1"))
    assert b"media-1" not in table.row("1").job
    table.claimed()
    assert table.run(mark_sealed, job("1", attempt=1), b"record")
    row = table.row("1")
    assert (row.state, row.job, row.record) == ("sealed", b"", b"record")
    assert not table.read(evidence_files.is_any_due, TIP)


def test_a_file_that_was_erased_meanwhile_is_recognised(table: FileTable) -> None:
    table.add(job("1"), job("2"))
    one, two = table.run(evidence_files.claim_due, EDGE, 2)
    assert table.run(evidence_files.delete_files, TIP, ["1"]) == [f"{TIP}-1"]
    assert not table.run(mark_sealed, one, b"record")
    assert not table.read(evidence_files.exists, one)
    assert table.run(evidence_files.mark_lost, two, "gone")
    assert table.read(evidence_files.count_files, TIP) == 1


def test_a_notice_waits_until_its_tipster_was_told_and_an_uncleaned_file_stays_known(table: FileTable) -> None:
    table.add(job("1"), job("2", position=2), job("3", position=3))
    table.run(evidence_files.add_file_notice, job("1"), FileNotice("too_large", 100))
    for ordinal, position in (("2", 2), ("3", 3)):
        table.run(evidence_files.add_uncleaned_notice, job(ordinal, position))
    waiting = (FileNotice("too_large", 100), FileNotice("uncleaned", files=(2, 3)))
    assert table.read(evidence_files.pending_file_notices, TIP) == waiting
    table.run(evidence_files.clear_file_notices, TIP)
    assert table.read(evidence_files.pending_file_notices, TIP) == ()
    assert table.read(evidence_files.uncleaned_files, TIP) == (2, 3)


def test_an_origin_is_disclosed_for_files_that_the_tipster_names_and_deleted_for_all_others(
    table: FileTable,
) -> None:
    table.add(job("9"), job("10"))
    table.claimed()
    tip = {"number": "TEST", "revision": 1, "recipient": "", "document": b"", "day": 1}
    for ordinal in ("9", "10"):
        with_origin = evidence_files.withheld(b"with origin", job(ordinal))
        table.run(mark_sealed, job(ordinal, attempt=1), b"record", with_origin)
    assert table.read(evidence_files.ordinals_with_origin, TIP) == ("9", "10")
    table.run(evidence_files.disclose_origin, TIP, ["9"], job("9").tipster_key)
    assert [table.row(one).record for one in ("9", "10")] == [b"with origin", b"record"]
    assert table.read(evidence_files.ordinals_with_origin, TIP) == ()

    table.run(lambda unit: unit.insert(tables.tip, [{"id": TIP, **tip}]))
    table.add(job("11"))
    table.claimed()
    assert table.run(mark_sealed, job("11", attempt=1), b"record", b"with origin")
    assert table.row("11").record_with_origin == b"", "nobody can be asked about a tip that was submitted"


def test_the_next_ordinal_is_above_one_that_only_the_custody_log_still_has(table: FileTable) -> None:
    assert table.read(evidence_files.highest_ordinal, TIP) == 0
    table.add(job("2"))
    fields = {"day": 1, "entry": b"", "content": b"", "sealed": b"", "hash": b"", "link": b""}
    table.run(lambda unit: unit.insert(tables.custody, [{"position": 1, "tip": TIP, "seq": 1, "file": "10", **fields}]))
    assert table.read(evidence_files.highest_ordinal, TIP) == 10


def test_files_are_ordered_by_their_number() -> None:
    assert sorted(["10", "9", "1", "2", "11"], key=evidence_files.ordinal_order) == ["1", "2", "9", "10", "11"]
