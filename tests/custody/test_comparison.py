"""The comparison of the stores names data that one has and another lacks."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Table, delete, insert, select, update

from satark.audit.trail import Trail
from satark.custody.comparison import (
    _LOST_KEYS,
    _LOST_LOG,
    _LOST_TIPS,
    _MISSING,
    NAMED,
    Difference,
    accept_losses,
    compare_stores,
    find_losses,
    find_missing,
    missing_tips,
    note_for_backup,
    note_stores,
    take_over_note,
)
from satark.custody.log import record_tip_erasure
from satark.custody.verify_log import LogHead
from satark.identity.edge_key import Identity
from satark.plugins.loader import Plugins
from satark.retention.erasure import ErasedList
from satark.runtime.retention_job import Retention
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import bulk, envelopes, evidence_files, tip_counts
from satark.store.sealed_files import form_name
from satark.store.tables import anchor, custody, custody_head, envelope, erased_tip, tip_count, tip_witness
from satark.store.tables import keys as keys_metadata
from satark.store.tables import main as main_metadata
from satark.store.tables import tip as tip_table
from satark.store.unit_of_work import UnitOfWork, unit_of_work
from support.desks import SeededDesk
from support.store import opened_services
from support.tips import SeededTip, seed_tip


def test_stores_of_one_moment_have_no_difference(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    assert compare_stores(services) == []


def test_a_tip_without_a_key_is_named_by_its_number(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    services.write_now(lambda unit: unit.keys.execute(delete(envelope).where(envelope.c.tip == tips[0].id)))
    (found,) = compare_stores(services)
    assert "no desk can open" in found.text
    assert found.names == (tips[0].number,)


def test_a_file_that_the_folder_lacks_is_named(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    name = evidence_files.name(tips[1].id, "1")
    (services.data_dir / "evidence" / form_name(name, "original")).unlink()
    (found,) = compare_stores(services)
    assert (found.count, found.names) == (1, (name,))


def test_an_older_database_is_named_with_its_number_of_missing_tips(
    services: Services, tips: tuple[SeededTip, SeededTip]
) -> None:
    services.write_now(lambda unit: unit.keys.execute(update(anchor).values(position=anchor.c.position + 5)))
    services.write_now(lambda unit: unit.keys.execute(update(anchor).values(link=b"x" * 32, before=b"y" * 32)))
    (found,) = compare_stores(services)
    assert str(found) == "the main database is older than the key store, by entries of the custody log: 5"
    services.write_now(lambda unit: unit.keys.execute(delete(anchor)))
    assert "the key store is older" in compare_stores(services)[0].text


DAY = 20_422


def take(services: Services, *, main: int, keys: int, process: str = "p", day: int = DAY) -> None:
    """Set the number of tips that a process accepted on a day, in the main database and in the key store."""
    rows = [[{"day": day, "process": process, "tips": tips}] for tips in (main, keys)]
    services.write_now(lambda unit: bulk.upsert(unit.main, tip_count, rows[0]))
    services.write_now(lambda unit: unit.upsert(tip_witness, rows[1]))


def losses(services: Services) -> list[str]:
    return [str(one) for one in compare_stores(services)]


def test_an_older_copy_of_one_database_is_detected_by_the_other_with_the_tips_of_each_day(services: Services) -> None:
    take(services, main=5, keys=7)
    take(services, main=3, keys=4, day=DAY + 1)
    take(services, main=2, keys=2, process="since")
    assert losses(services) == [f"{_LOST_TIPS} (2 of 2025-11-30, 1 of 2025-12-01): 3"]
    take(services, main=7, keys=7)
    take(services, main=4, keys=1, day=DAY + 1)
    assert losses(services) == [f"{_LOST_KEYS} (3 of 2025-12-01): 3"]
    take(services, main=4, keys=4, day=DAY + 1)
    assert losses(services) == []


def test_older_copies_of_both_databases_are_detected_by_the_machines_note_until_the_newer_ones_are_back(
    services: Services,
) -> None:
    sp = SeededDesk(services, "sp")
    take(services, main=5, keys=5)
    Trail(services, "sp", "rao", sp.identity).record("listed")
    Trail(services, "sp", "rao", sp.identity).record("listed")
    note_stores(services)
    take(services, main=2, keys=2)
    take(services, main=9, keys=9, process="since")
    note_stores(services)
    assert losses(services) == [f"{_LOST_TIPS} (3 of 2025-11-30): 3"]
    take(services, main=5, keys=5)
    assert losses(services) == []
    # A log that was rewritten, or cut off, is another than the one that was noted.
    services.write_now(lambda unit: unit.main.execute(update(custody).values(link=b"x" * 32)))
    services.write_now(lambda unit: unit.main.execute(update(custody_head).values(link=b"x" * 32)))
    services.write_now(lambda unit: unit.keys.execute(update(anchor).values(link=b"x" * 32)))
    assert losses(services) == [f"{_LOST_LOG}: 1"]
    note_stores(services)
    assert losses(services) == [f"{_LOST_LOG}: 1"]
    accept_losses(services)
    assert losses(services) == []


def delete_rows(services: Services, tip: str, *tables_: Table) -> None:
    """Delete a tip's rows, like an attacker who writes to both databases."""

    def write(unit: UnitOfWork) -> None:
        for table in tables_:
            on = unit.keys if table.metadata is keys_metadata else unit.main
            on.execute(delete(table).where((table.c.id if table is tip_table else table.c.tip) == tip))

    services.write_now(write)


EVERY_TABLE = tuple(one for one in (*main_metadata.sorted_tables, *keys_metadata.sorted_tables) if "tip" in one.c)


@pytest.mark.parametrize("gone", [(tip_table, *EVERY_TABLE), (tip_table,), (envelope,)])
def test_a_tip_that_an_attacker_deletes_is_missing_and_one_that_a_rule_erases_is_not(
    services: Services, gone: tuple[Table, ...]
) -> None:
    dig, sp = SeededDesk(services, "dig", level="range"), SeededDesk(services, "sp")
    tips = [seed_tip(services, to) for to in ([dig.desk, sp.desk], [sp.desk], [dig.desk])]
    take(services, main=3, keys=3)
    assert find_missing(services, note=True) == []
    retention = Retention(Settings(data_dir=services.data_dir), services, Identity(b"e" * 32), Plugins())
    retention.prepare(services.write_now)
    delete_rows(services, tips[1].id, *gone)
    assert [str(one) for one in find_missing(services, note=True)] == [f"{_MISSING}: 1"]
    # The list of erased tips does not take what somebody writes without the name key.
    listed = [Identity(b"e" * 32).link("erased", tips[1].id), b"t" * 32]
    services.write_now(lambda unit: unit.keys.execute(insert(erased_tip), [{"tag": one} for one in listed]))
    services.write_now(lambda unit: record_tip_erasure(unit, tips[1].id, "term"))
    term = next(one for one in retention.scheduled(0) if one.tip == tips[2].id)
    services.write_now(lambda unit: retention.erase(unit, term))
    assert [str(one) for one in find_missing(services, note=True)] == [f"{_MISSING}: 1"]
    assert missing_tips(services) == 1
    accept_losses(services)
    assert find_missing(services, note=True) == []
    delete_rows(services, tips[0].id, tip_table)
    assert [one.count for one in find_missing(services)] == [1]


@pytest.mark.parametrize("log_is_cut", [False, True])
def test_no_deleted_tip_is_masked_by_the_rows_of_an_erased_one_that_somebody_puts_back(
    services: Services, *, log_is_cut: bool
) -> None:
    dig, edge = SeededDesk(services, "dig", level="range"), Identity(b"e" * 32)
    victim, probe = (seed_tip(services, [dig.desk]) for _ in range(2))
    take(services, main=2, keys=2)
    assert find_missing(services, note=True) == []
    retention = Retention(Settings(data_dir=services.data_dir), services, edge, Plugins())
    retention.prepare(services.write_now)

    def rows(table: Table) -> list[dict[str, object]]:
        here = select(table).where((table.c.id if table is tip_table else table.c.tip) == probe.id)
        read = services.read if table is tip_table else services.read_keys
        return [dict(row) for row in read(lambda c: c.execute(here).mappings().all())]

    kept = {table: rows(table) for table in (tip_table, envelope)}
    term = next(one for one in retention.scheduled(0) if one.tip == probe.id)
    services.write_now(lambda unit: retention.erase(unit, term))
    assert find_missing(services, note=True) == []
    delete_rows(services, victim.id, tip_table, *EVERY_TABLE)
    services.write_now(lambda unit: unit.insert(tip_table, kept[tip_table]))
    services.write_now(lambda unit: unit.upsert(envelope, kept[envelope]))
    listed = None
    if log_is_cut:  # `satark audit verify` says so; the list of erased tips takes the name key
        services.write_now(lambda unit: unit.main.execute(delete(custody).where(custody.c.tip == probe.id)))
        listed = ErasedList(Settings(data_dir=services.data_dir).erased_list_file, edge, services.keys).tag
    assert [str(one) for one in find_missing(services, tag=listed)] == [f"{_MISSING}: 1"]


def hide(services: Services, tip: str, how: str) -> None:
    """Take a tip from the DIG, as who writes rows can: the office that has it too leaves the counts right."""
    mine = services.read_keys(lambda keys: [envelopes.tag(keys, tip, "sp")])
    others = (envelope.c.tip == tip, envelope.c.holder.not_in(mine), envelope.c.sealed != b"")
    hidden = {
        "renamed": update(envelope).where(*others).values(holder=os.urandom(16)),
        "emptied": update(envelope).where(*others).values(sealed=b""),
        "deleted": delete(envelope).where(*others),
        "alone": delete(envelope).where(envelope.c.tip == tip, envelope.c.holder.not_in(mine)),
        "all": delete(envelope).where(envelope.c.tip == tip),
    }
    services.write_now(lambda unit: unit.keys.execute(hidden[how]))


@pytest.mark.parametrize("how", ["renamed", "emptied", "deleted", "alone", "all"])
def test_a_tip_that_an_accused_head_hides_from_another_desk_is_missing_whatever_is_written_later(
    services: Services, how: str
) -> None:
    dig, sp = SeededDesk(services, "dig", level="range"), SeededDesk(services, "sp")
    tip = seed_tip(services, [dig.desk, sp.desk])
    take(services, main=1, keys=1)
    assert find_missing(services, note=True) == []
    hide(services, tip.id, how)
    services.write_now(lambda unit: envelopes.store(unit, tip.id, "lanka", b"directed"))
    services.write_now(lambda unit: envelopes.drop(unit, tip.id, ["lanka"]))
    assert [str(one) for one in find_missing(services, note=True)] == [f"{_MISSING}: 1"]
    assert len(sp.casework.summaries()) == (how != "all")


def lower_counts(services: Services) -> None:
    """Leave one tip out of the counts, as who writes rows can."""
    lowered = [update(table).values(tips=table.c.tips - 1) for table in (tip_count, tip_witness)]
    services.write_now(lambda unit: [unit.main.execute(lowered[0]), unit.keys.execute(lowered[1])])


@pytest.mark.parametrize("looks", [1, 2])
def test_a_count_that_somebody_lowers_before_this_machine_noted_it_is_a_loss(services: Services, looks: int) -> None:
    services.write_now(lambda unit: tip_counts.count(unit, "f" * 32))
    note_stores(services)
    for number in range(looks):
        services.write_now(lambda unit, tip=f"{number:032}": tip_counts.count(unit, tip))  # type: ignore[misc]
    lower_counts(services)
    for _ in range(looks):
        note_stores(services)
    assert [one.count for one in compare_stores(services)] == [looks + 1]
    accept_losses(services)
    note_stores(services)
    note_stores(services)
    assert losses(services) == []


def test_a_count_that_somebody_lowers_before_a_killed_process_noted_it_is_a_loss(
    services: Services, tmp_path: Path
) -> None:
    note_stores(services)
    services.write_now(lambda unit: tip_counts.count(unit, "f" * 32))
    lower_counts(services)
    memory = Settings(data_dir=tmp_path).epoch_key_file.with_suffix(".tips")
    assert memory.stat().st_mtime == 0, "where a setting keeps it on a disk, its time would tell when a tip came"
    memory.write_text(f"{memory.read_text()}20422 p")  # a full disk broke this line off
    with closing(opened_services(tmp_path)) as next_process:
        for _ in range(2):
            note_stores(next_process)
            assert [one.count for one in find_losses(next_process)] == [1]
        accept_losses(next_process)
        note_stores(next_process)
        assert losses(next_process) == []


def test_a_tip_at_whose_commit_the_main_database_failed_is_a_loss_although_somebody_lowers_its_count(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count_in_vain() -> None:
        with unit_of_work(services.main, services.keys) as unit:
            tip_counts.count(unit, "f" * 32)
            monkeypatch.setattr(unit.main, "commit", lambda: 1 / 0)

    note_stores(services)
    with pytest.raises(ZeroDivisionError):
        count_in_vain()
    services.write_now(lambda unit: unit.keys.execute(delete(tip_witness)))
    with closing(opened_services(tmp_path)) as next_process:
        note_stores(next_process)
        assert [one.count for one in find_losses(next_process)] == [1]


def test_a_tip_that_was_not_counted_pays_for_no_deletion_after_the_next_look(services: Services) -> None:
    sp = SeededDesk(services, "sp")
    victim, _ = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    take(services, main=1, keys=1)
    assert find_missing(services, note=True) == []
    seed_tip(services, [sp.desk])  # as after a power cut, whose memory nobody has
    assert find_missing(services, note=True) == []
    delete_rows(services, victim.id, tip_table, *EVERY_TABLE)
    assert [str(one) for one in find_missing(services, note=True)] == [f"{_MISSING}: 1"]


def test_a_new_machine_takes_over_from_a_backup_how_many_tips_there_were(services: Services) -> None:
    sp = SeededDesk(services, "sp")
    tip = seed_tip(services, [sp.desk])
    take(services, main=1, keys=1)
    find_missing(services, note=True)
    note = note_for_backup(services)
    for file in services.data_dir.glob("tips.*"):
        file.unlink()
    delete_rows(services, tip.id, tip_table, envelope)
    take_over_note(services, note)
    assert [str(one) for one in find_missing(services)] == [f"{_MISSING}: 1"]


def test_the_note_names_nobody_and_no_tip(services: Services, tips: tuple[SeededTip, SeededTip]) -> None:
    take(services, main=2, keys=2)
    note_stores(services)
    (file,) = services.data_dir.glob("*.witness")
    assert file.stat().st_mode & 0o077 == 0
    head = services.read(LogHead.current)
    assert json.loads(file.read_bytes()) == {"tips": [[DAY, "p", 2]], "head": str(head) if head else ""}
    file.write_bytes(b"{")
    assert losses(services) == []


def test_a_long_list_is_cut_off() -> None:
    names = tuple(str(at) for at in range(NAMED))
    assert str(Difference("lost", NAMED + 1, names)).endswith("9, …)")
