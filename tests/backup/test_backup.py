"""Backup and restore: one consistent point under load, nothing acknowledged is lost, nothing erased comes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from satark.api.channel import Address, Batch, Inbound, Text
from satark.api.sealing import CantOpen, new_identity, open_as
from satark.api.tip import Message
from satark.backup.create import BackupKey
from satark.backup.folder import KEY, KEYS, MAIN, SPOOL, BackupFolder
from satark.backup.restore import CantRestore
from satark.backup.sealed_stream import Damaged, read_records
from satark.backup.verify import find_damage, run_drill, store_problems
from satark.casework import Casework, NoSuchTip
from satark.store import tables
from satark_testing.identifier_search import files_below, search
from support.backups import OPERATOR, Place, make_place
from support.desks import SeededDesk
from support.tips import SeededTip, seed_file, seed_message, seed_tip

PHONE, WORDS = "+919140112233", "हथियार गोदाम में हैं"
SPOOLED = Batch(inbound=[Inbound(account="sms:1", event_key="SM1", senders=(Address(PHONE),), event=Text(WORDS))])


def tip_with_file(place: Place, desk: SeededDesk) -> SeededTip:
    seeded = seed_tip(place.services, [desk.desk], evidence=("1",), answers={"what": WORDS})
    seed_file(place.services, seeded, "1", b"original", b"clean")
    return seeded


@contextmanager
def load(place: Place, desk: SeededDesk) -> Iterator[list[SeededTip]]:
    """Submit tips without a pause while the block runs; the list grows with each that is acknowledged."""
    acknowledged: list[SeededTip] = []
    stop, begun = threading.Event(), threading.Event()

    def work() -> None:
        while not stop.is_set():
            acknowledged.append(tip_with_file(place, desk))
            begun.set()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        begun.wait()
        yield acknowledged
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_restore_elsewhere_has_every_tip_that_was_acknowledged_before_the_backup_began(
    either: Place, elsewhere: Place, folder: BackupFolder
) -> None:
    desk = SeededDesk(either.services, "sp")
    with load(either, desk) as acknowledged:
        before = list(acknowledged)
        made = either.back_up(folder)
    assert made.tips >= len(before)
    restored = elsewhere.restore(folder, made.name)
    assert (restored.tips, restored.damaged, restored.lost_files) == (made.tips, (), 0)
    assert restored.files == 2 * made.files  # the original and its clean copy
    assert store_problems(elsewhere.services) == []
    work = Casework(elsewhere.services, "sp", desk.identity)
    for seeded in before:
        assert work.open(seeded.number).tip == seeded.tip


def test_a_backup_is_restored_to_either_kind_of_database(
    here: Place, either: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    seeded = tip_with_file(here, sp)
    seed_message(here.services, seeded, Message(sender="tipster", text="कल रात"))
    assert either.restore(folder, here.back_up(folder).name).tips == 1
    assert store_problems(either.services) == []
    opened = Casework(either.services, "sp", sp.identity).open(seeded.number)
    assert opened.tip == seeded.tip
    assert [posted.message.text for posted in opened.thread] == ["कल रात"]


def test_a_file_is_copied_once(here: Place, sp: SeededDesk, folder: BackupFolder) -> None:
    tip_with_file(here, sp)
    assert here.back_up(folder).copied == 2
    assert here.back_up(folder).copied == 0
    tip_with_file(here, sp)
    made = here.back_up(folder)
    assert (made.files, made.copied) == (2, 2)


def test_what_waits_in_the_spool_is_restored_and_opened_by_nothing_but_the_edge_key(
    here: Place, elsewhere: Place, folder: BackupFolder
) -> None:
    here.spool.add("sms", SPOOLED)
    made = here.back_up(folder)
    assert made.spooled == 1
    assert elsewhere.restore(folder, made.name).spooled == 1
    (name,) = elsewhere.spool.names()
    channel, batch = elsewhere.spool.open(name)
    assert (channel, batch.inbound) == ("sms", SPOOLED.inbound)
    here.spool.done(*here.spool.names())
    assert here.back_up(folder).spooled == 0


def test_an_erased_tip_comes_back_from_no_older_backup(
    here: Place, elsewhere: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    erased, kept = tip_with_file(here, sp), tip_with_file(here, sp)
    older = here.back_up(folder)
    retention = here.retention()
    due = next(one for one in retention.scheduled() if one.tip == erased.id)
    retention.eraser.remove_files(here.services.write_now(lambda unit: retention.erase(unit, due)))
    here.back_up(folder)
    assert [path for path in folder.files.iterdir() if erased.id in path.name] == []
    elsewhere.restore(folder, older.name)
    work = Casework(elsewhere.services, "sp", sp.identity)
    with pytest.raises(NoSuchTip):
        work.open(erased.number)
    assert work.open(kept.number).tip == kept.tip
    envelopes = elsewhere.services.read_keys(lambda c: set(c.execute(select(tables.envelope.c.tip)).scalars()))
    assert envelopes == {kept.id}
    assert [path for path in elsewhere.services.evidence_dir.iterdir() if erased.id in path.name] == []


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


def test_a_backup_folder_reveals_nothing_without_the_operators_key(
    here: Place, elsewhere: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    seeded = tip_with_file(here, sp)
    here.spool.add("sms", SPOOLED)
    made = here.back_up(folder)
    secrets = {"phone": "9140112233", "words": WORDS, "number": seeded.number, "desk": "sp title"}
    secrets |= {"edge key": "e" * 32, "name key": "n" * 32}
    assert search(files_below(folder.path), secrets) == []
    assert {path.stat().st_mode & 0o077 for path in folder.path.rglob("*")} == {0}
    # Whoever has the operator's key finds what the databases hold, and nothing of the sender in the spool.
    key = open_as(BackupKey, folder.part(made.name, KEY).read_bytes(), OPERATOR).identity
    parts = {part: folder.part(made.name, part) for part in (MAIN, KEYS, SPOOL)}
    opened = {part: str(list(read_records(path, key, folder.path))).encode() for part, path in parts.items()}
    del secrets["number"], secrets["desk"]
    assert search(opened, secrets) == []
    with pytest.raises(CantOpen):
        elsewhere.restore(folder, made.name, new_identity()[1])
    assert elsewhere.services.read(lambda c: c.execute(select(tables.tip)).all()) == []


def test_a_restore_with_another_key_file_is_refused_and_changes_nothing(
    here: Place, sp: SeededDesk, folder: BackupFolder, tmp_path: Path
) -> None:
    tip_with_file(here, sp)
    made = here.back_up(folder)
    others = {
        "EDGE": make_place(tmp_path / "edge", edge=b"E" * 32),
        "NAME": make_place(tmp_path / "name", name_key=b"N" * 32),
    }
    for named, other in others.items():
        with pytest.raises(CantRestore, match=named):
            other.restore(folder, made.name)
        assert other.services.read(lambda c: c.execute(select(tables.tip)).all()) == []
        other.services.close()


def test_a_restore_over_something_is_refused(here: Place, sp: SeededDesk, folder: BackupFolder) -> None:
    tip_with_file(here, sp)
    made = here.back_up(folder)
    with pytest.raises(CantRestore, match="not empty"):
        here.restore(folder, made.name)


def test_damage_is_found_without_a_key_and_a_restore_names_it(
    here: Place, elsewhere: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    tip_with_file(here, sp)
    made = here.back_up(folder)
    assert find_damage(folder, made.name) == []
    sealed = min(folder.files.glob("*.original.age"))
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"?")
    assert find_damage(folder, made.name) == [f"{sealed} is missing or was altered"]
    assert elsewhere.restore(folder, made.name).damaged == (sealed.name,)
    keys = folder.part(made.name, KEYS)
    keys.write_bytes(keys.read_bytes()[:-20])
    assert str(keys) in find_damage(folder, made.name)[0]
    with pytest.raises(Damaged, match=r"keys\.age"):
        elsewhere.restore(folder, made.name)


def test_a_drill_restores_it_beside_the_installation_and_leaves_nothing(
    here: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    tip_with_file(here, sp)
    made = here.back_up(folder)
    drill = run_drill(here.settings, here.plugins, folder, made.name, OPERATOR)
    assert (drill.restored.tips, drill.problems) == (1, ())
    min(folder.files.glob("*.original.age")).unlink()
    drill = run_drill(here.settings, here.plugins, folder, made.name, OPERATOR)
    assert any("files that the evidence folder lacks: 1" in problem for problem in drill.problems)


def test_only_so_many_backups_are_kept(here: Place, folder: BackupFolder) -> None:
    names = [here.back_up(folder, keep=2).name for _ in range(3)]
    assert folder.names() == names[1:]


def test_databases_that_were_dumped_one_after_the_other_are_named(here: Place, sp: SeededDesk) -> None:
    """As two dumps: keys first, so that tips have no key; or the main database first, so that it is older."""
    first, second = tip_with_file(here, sp), tip_with_file(here, sp)
    assert store_problems(here.services) == []
    here.services.write_now(
        lambda unit: unit.keys.execute(delete(tables.envelope).where(tables.envelope.c.tip == second.id))
    )
    problems = store_problems(here.services)
    assert f"tips whose key the key store lacks, so that no desk can open them: 1 ({second.number})" in problems
    here.services.write_now(lambda unit: unit.main.execute(delete(tables.tip).where(tables.tip.c.id != first.id)))
    behind = tables.custody_head.update().values(position=tables.custody_head.c.position - 2, link=b"?" * 32)
    here.services.write_now(lambda unit: unit.main.execute(behind))
    assert any(one.startswith("the main database is older than the key store") for one in store_problems(here.services))
