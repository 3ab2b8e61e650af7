"""A backup is consistent, and holds no draft and no reply handle."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from satark.backup.folder import BackupFolder
from satark.custody.comparison import compare_stores
from satark.store import tables
from support.backups import Place, tip_with_file
from support.desks import SeededDesk


@pytest.mark.slow("a third of a second of a processor")
def test_drafts_and_reply_handles_are_in_no_backup(
    here: Place, elsewhere: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    seeded = tip_with_file(here, sp)
    conversation = {"id": b"c" * 32, "draft": b"DRAFT", "handle": b"HANDLE", "due": b"", "ends_by": 0}
    here.services.write_now(lambda unit: unit.insert(tables.conversation, [conversation]))
    unsent = {"tip": "d" * 32, "ordinal": "1", "state": "due", "job": b"j", "record": b"", "attempts": 0}
    waiting = {**unsent, "tip": seeded.id, "ordinal": "2"}
    rows = [{**row, "due_at": 0, "reason": ""} for row in (unsent, waiting)]
    here.services.write_now(lambda unit: unit.insert(tables.file, rows))
    made = here.back_up(folder)
    assert made.fetching == 1
    assert elsewhere.restore(folder, made.name).lost_files == 1
    columns = tables.file.c.tip, tables.file.c.ordinal, tables.file.c.state, tables.file.c.job
    files = elsewhere.services.read(lambda c: c.execute(select(*columns).order_by(tables.file.c.ordinal)).all())
    assert [tuple(row) for row in files] == [(seeded.id, "1", "sealed", b""), (seeded.id, "2", "lost", b"")]
    assert elsewhere.services.read(lambda c: c.execute(select(tables.conversation)).all()) == []


def test_a_backup_reports_databases_that_were_dumped_one_after_the_other(here: Place, sp: SeededDesk) -> None:
    """Two dumps: keys first, so that tips have no key, or the main database first, so that it is older."""
    first, second = tip_with_file(here, sp), tip_with_file(here, sp)
    assert compare_stores(here.services) == []
    here.services.write_now(
        lambda unit: unit.keys.execute(delete(tables.envelope).where(tables.envelope.c.tip == second.id))
    )
    problems = [str(one) for one in compare_stores(here.services)]
    assert f"tips whose key the key store lacks, so that no desk can open them: 1 ({second.number})" in problems
    here.services.write_now(lambda unit: unit.main.execute(delete(tables.tip).where(tables.tip.c.id != first.id)))
    behind = tables.custody_head.update().values(position=tables.custody_head.c.position - 2, link=b"?" * 32)
    here.services.write_now(lambda unit: unit.main.execute(behind))
    assert any(
        str(one).startswith("the main database is older than the key store") for one in compare_stores(here.services)
    )
