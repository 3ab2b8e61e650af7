"""A restored backup has every tip that was acknowledged, on either kind of database, and replaces nothing."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from satark.api.tip import Message
from satark.backup.folder import KEYS, BackupFolder
from satark.backup.restore import CantRestore, find_damage, run_drill
from satark.backup.sealed_stream import Damaged
from satark.casework import Casework, NoSuchTip
from satark.custody import log
from satark.store import bulk, tables
from support.altering import altered
from support.backups import Place, chunks_of, make_place, store_of, tip_with_file
from support.desks import SeededDesk
from support.tips import SeededTip, seed_file_state, seed_message

pytestmark = pytest.mark.slow("whole backups")


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
    assert (restored.tips, restored.problems, restored.lost_files) == (made.tips, (), 0)
    assert restored.files == 2 * made.files  # the original and its clean copy
    work = Casework(elsewhere.services, "sp", desk.identity)
    for seeded in before:
        assert work.open(seeded.number).tip == seeded.tip


def test_a_file_that_still_had_to_be_fetched_is_lost_and_its_tips_log_says_so(
    here: Place, elsewhere: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    seeded = tip_with_file(here, sp)
    seed_file_state(here.services, seeded, "2", "due")
    restored = elsewhere.restore(folder, here.back_up(folder).name)
    assert (restored.lost_files, restored.problems) == (1, ())
    assert Casework(elsewhere.services, "sp", sp.identity).open(seeded.number).lost == ("2",)
    rows = elsewhere.services.read(lambda c: log.read(c, seeded.id, seeded.identity))
    assert [row.entry.action for row in rows if row.row.file == "2" and row.entry] == ["lost"]


def test_a_backup_is_restored_to_either_kind_of_database(
    here: Place, either: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    seeded = tip_with_file(here, sp)
    seed_message(here.services, seeded, Message(sender="tipster", text="कल रात"))
    restored = either.restore(folder, here.back_up(folder).name)
    assert (restored.tips, restored.problems) == (1, ())
    opened = Casework(either.services, "sp", sp.identity).open(seeded.number)
    assert opened.tip == seeded.tip
    assert [posted.message.text for posted in opened.thread] == ["कल रात"]


def test_an_older_backup_under_a_newer_ones_name_or_without_a_part_is_not_restored(
    here: Place, elsewhere: Place, sp: SeededDesk, tmp_path: Path
) -> None:
    folder = BackupFolder(str(tmp_path / "backups"), tmp_path)
    older = tmp_path / "backups" / here.back_up(folder).name
    tip_with_file(here, sp)
    newer = tmp_path / "backups" / here.back_up(folder).name
    manifest = newer / "manifest.json"
    whole = manifest.read_text("utf-8")
    content = json.loads(whole)
    del content["parts"]["spool.age"]
    manifest.write_text(json.dumps(content), "utf-8")
    with pytest.raises(CantRestore, match="not the backup that was made"):
        elsewhere.restore(folder, newer.name)
    shutil.rmtree(newer)
    shutil.copytree(older, newer)
    with pytest.raises(CantRestore, match="not the backup that was made"):
        elsewhere.restore(folder, newer.name)


def test_no_older_backup_brings_back_an_erased_tip(
    here: Place, elsewhere: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    erased, kept = tip_with_file(here, sp), tip_with_file(here, sp)
    older = here.back_up(folder)
    retention = here.retention()
    due = next(one for one in retention.scheduled(0) if one.tip == erased.id)
    retention.eraser.remove_files(here.services.write_now(lambda unit: retention.erase(unit, due)))
    here.back_up(folder)
    assert len(chunks_of(folder.files)) == 1
    elsewhere.restore(folder, older.name)
    work = Casework(elsewhere.services, "sp", sp.identity)
    with pytest.raises(NoSuchTip):
        work.open(erased.number)
    assert work.open(kept.number).tip == kept.tip
    envelopes = elsewhere.services.read_keys(lambda c: set(c.execute(select(tables.envelope.c.tip)).scalars()))
    assert envelopes == {kept.id}
    assert [path for path in (elsewhere.services.data_dir / "evidence").iterdir() if erased.id in path.name] == []


def test_an_older_backup_tells_which_tips_came_after_it_even_without_the_machine(
    here: Place, elsewhere: Place, folder: BackupFolder
) -> None:
    def take(tips: int) -> None:
        rows = [{"day": 20_422, "process": "p", "tips": tips}]
        here.services.write_now(lambda unit: bulk.upsert(unit.main, tables.tip_count, rows))
        here.services.write_now(lambda unit: unit.upsert(tables.tip_witness, rows))

    take(2)
    older = here.back_up(folder)
    take(5)
    newer = here.back_up(folder)
    assert run_drill(here.settings, here.plugins, folder, newer.name, newer.key).problems == ()
    (problem,) = elsewhere.restore(folder, older.name).problems
    assert problem == "tips that were acknowledged and that the main database lacks (3 of 2025-11-30): 3"


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


def test_a_restore_into_filled_databases_is_refused(here: Place, sp: SeededDesk, folder: BackupFolder) -> None:
    tip_with_file(here, sp)
    made = here.back_up(folder)
    with pytest.raises(CantRestore, match="not empty"):
        here.restore(folder, made.name)


def test_damage_is_found_without_a_key_and_a_restore_names_it(
    here: Place, elsewhere: Place, sp: SeededDesk, folder: BackupFolder, tmp_path: Path
) -> None:
    tip_with_file(here, sp)
    made = here.back_up(folder)
    assert find_damage(folder, made.name) == []
    (chunk,) = chunks_of(folder.files)
    folder.files.put(chunk, altered(folder.files.read(chunk)))
    assert find_damage(folder, made.name) == [f"{folder.address}/files/{chunk} is missing or was altered"]
    assert {one.partition(".")[2] for one in elsewhere.restore(folder, made.name).problems if "damaged" in one} == {
        "clean.age is damaged in the backup",
        "original.age is damaged in the backup",
    }
    store, keys = store_of(folder, tmp_path), f"{made.name}/{KEYS}"
    store.put(keys, store.read(keys)[:-20])
    assert folder.place(made.name, KEYS) in find_damage(folder, made.name)[0]
    with pytest.raises(Damaged, match=r"keys\.age"):
        elsewhere.restore(folder, made.name)


@pytest.mark.slow("a whole restore")
def test_a_drill_restores_a_backup_beside_the_installation_and_leaves_nothing(
    here: Place, sp: SeededDesk, folder: BackupFolder
) -> None:
    tip_with_file(here, sp)
    made = here.back_up(folder)
    drill = run_drill(here.settings, here.plugins, folder, made.name, made.key)
    assert (drill.tips, drill.problems) == (1, ())
    folder.files.remove(chunks_of(folder.files))
    drill = run_drill(here.settings, here.plugins, folder, made.name, made.key)
    assert any("files that the store of files lacks or has in another size: 1" in problem for problem in drill.problems)
