"""Erasure: of an erased tip only the fact of its erasure remains, and no restored backup opens the tip."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from satark.api.tip import Message
from satark.casework import Casework, NoSuchTip
from satark.custody import chain
from satark.custody.log import chain_row
from satark.custody.verify_log import verify_log
from satark.identity.edge_key import Identity
from satark.plugins.loader import Plugins
from satark.retention.erasure import ErasedList
from satark.runtime.retention_job import Retention
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import deliveries, tables
from satark.store.envelopes import with_name_key
from satark.store.tables import erased_tip
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import SeededTip, seed_file, seed_message, seed_tip

EDGE = Identity(b"e" * 32)
FAR = 40_000
"""A day on which every term is over."""


def seeded_tip(services: Services, *desks: SeededDesk) -> SeededTip:
    """Store a tip with a file, a message, a delivery and a receipt."""
    seeded = seed_tip(services, [desk.desk for desk in desks], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean", preview=b"small")
    seed_message(services, seeded, Message(sender="tipster", text="कल रात"))
    link = EDGE.link("receipt", seeded.id)
    row = {"lookup": seeded.id[:16].encode(), "sealed": b"x", "day": 20_000, "link": link}
    services.write_now(lambda unit: unit.insert(tables.receipt, [row]))
    services.write_now(lambda unit: deliveries.add(unit, seeded.id, "desk:sp"))
    reach = {"id": EDGE.link("tip", seeded.id), "sender": b"s" * 16, "handle": b"h", "expires_at": 1 << 40}
    columns = {column.name for column in tables.reach.c}
    row = {name: value for name, value in {**reach, "expires": 1 << 20}.items() if name in columns}
    services.write_now(lambda unit: unit.insert(tables.reach, [row]))
    return seeded


def erase_due(services: Services, retention: Retention, day: int = FAR) -> int:
    """Erase tips that are due on a day, as the scheduled job does."""
    due = retention.due(day)
    for tip in due:
        names = services.write_now(lambda unit: retention.erase(unit, tip))  # noqa: B023 - called at once
        retention.eraser.remove_files(names)
    return len(due)


def traces(services: Services, tip: str) -> set[str]:
    """Return the tables of both databases that have a row with a tip's id."""
    found = set()
    for metadata, read in ((tables.main, services.read), (tables.keys, services.read_keys)):
        for table in metadata.sorted_tables:
            if "tip" in table.c or table is tables.tip:
                column = table.c.id if table is tables.tip else table.c.tip
                query = select(func.count()).select_from(table).where(column == tip)
                if read(lambda c: c.execute(query).scalar_one()):  # noqa: B023 - called at once
                    found.add(table.name)
    return found


@pytest.mark.slow("a desk's whole work")
def test_only_the_fact_of_the_erasure_stays_of_an_erased_tip(
    services: Services, retention: Retention, sp: SeededDesk, dig: SeededDesk
) -> None:
    seeded, other = seeded_tip(services, sp, dig), seeded_tip(services, sp)
    sp.casework.note(sp.casework.open(other.number), "still here")
    day = int(time.time()) // 86_400
    due = next(one for one in retention.scheduled(0) if one.tip == seeded.id)
    retention.eraser.remove_files(services.write_now(lambda unit: retention.erase(unit, due)))
    assert traces(services, seeded.id) == {"custody"}
    assert [path.name for path in (services.data_dir / "evidence").iterdir() if seeded.id in path.name] == []
    for desk in (sp, dig):
        with pytest.raises(NoSuchTip):
            desk.casework.open(seeded.number)
    query = select(tables.custody).where(tables.custody.c.tip == seeded.id).order_by(tables.custody.c.seq)
    rows = services.read(lambda c: c.execute(query).all())
    assert not any(row.sealed for row in rows)
    assert (chain.erasure_rule(chain_row(rows[-1])), rows[-1].day) == ("term", day)
    report = verify_log(services)
    assert (report.problems, report.erased) == ((), {"term": 1})
    assert sp.casework.open(other.number).tip == other.tip
    assert b"".join(sp.casework.evidence(sp.casework.open(other.number), "1")) == b"clean"


def test_a_tip_that_never_had_a_file_is_in_the_custody_log_after_its_erasure(
    services: Services, retention: Retention, sp: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk])
    assert erase_due(services, retention) == 1
    assert traces(services, seeded.id) == {"custody"}
    assert verify_log(services).erased == {"term": 1}


def test_the_envelopes_are_gone_even_if_the_machine_stops_before_the_rest_is(
    services: Services, retention: Retention, sp: SeededDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded = seeded_tip(services, sp)
    (due,) = retention.scheduled(0)
    with monkeypatch.context() as patched:
        patched.setattr("sqlalchemy.Connection.commit", commits_keys_only(services))
        with pytest.raises(MachineStoppedError):
            services.write_now(lambda unit: retention.erase(unit, due))
    assert "envelope" not in traces(services, seeded.id)
    assert "tip" in traces(services, seeded.id)
    retention.prepare(services.write_now)
    assert traces(services, seeded.id) == {"custody"}
    assert list((services.data_dir / "evidence").iterdir()) == []


class MachineStoppedError(Exception):
    """The machine stopped after the key store was committed, and before the main database was."""


def commits_keys_only(services: Services) -> Callable[[Connection], None]:
    """Return a `Connection.commit` that works for the key store alone."""
    real = Connection.commit

    def commit(connection: Connection) -> None:
        if connection.engine.url == services.main.url:
            raise MachineStoppedError
        real(connection)

    return commit


class Backup:
    """A copy of both databases and the sealed files, made while nothing writes."""

    def __init__(self, services: Services, folder: Path) -> None:
        self._data, self._folder = services.data_dir, folder
        folder.mkdir(parents=True, exist_ok=True)
        services.close()
        for name in ("satark.db", "keys.db"):
            shutil.copy(self._data / name, folder / name)
        shutil.copytree(services.data_dir / "evidence", folder / "evidence")

    def restore(self, *names: str) -> None:
        """Restore these databases and folders over the present ones."""
        for name in names:
            source, target = self._folder / name, self._data / name
            if source.is_dir():
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target)
            else:
                for old in (target, target.with_name(f"{name}-wal"), target.with_name(f"{name}-shm")):
                    old.unlink(missing_ok=True)
                shutil.copy(source, target)


@pytest.mark.slow("half a second of a processor")
@pytest.mark.parametrize(
    "restored",
    [("satark.db", "evidence"), ("keys.db",), ("satark.db", "keys.db"), ("satark.db", "keys.db", "evidence")],
)
def test_no_restored_backup_opens_an_erased_tip(
    tmp_path: Path, settings: Settings, plugins: Plugins, restored: tuple[str, ...]
) -> None:
    services = fresh_services(settings.core.data_dir, plugins.migrations())
    sp = SeededDesk(services, "sp")
    seeded, other = seeded_tip(services, sp), seeded_tip(services, sp)
    Retention(settings, services, EDGE, plugins).prepare(services.write_now)
    backup = Backup(services, tmp_path / "backup")
    services = fresh_services(settings.core.data_dir, plugins.migrations())
    retention = Retention(settings, services, EDGE, plugins)
    due = next(one for one in retention.scheduled(0) if one.tip == seeded.id)
    retention.eraser.remove_files(services.write_now(lambda unit: retention.erase(unit, due)))
    services.close()
    backup.restore(*restored)
    services = fresh_services(settings.core.data_dir, plugins.migrations())
    retention = Retention(settings, services, EDGE, plugins)
    retention.prepare(services.write_now)
    work = Casework(services, "sp", sp.identity)
    with pytest.raises(NoSuchTip):
        work.open(seeded.number)
    assert traces(services, seeded.id) <= {"custody"}
    assert [path for path in (services.data_dir / "evidence").iterdir() if seeded.id in path.name] == []
    assert work.open(other.number).tip == other.tip
    services.close()


def test_the_list_of_erased_tips_reveals_none_of_them(
    services: Services, retention: Retention, settings: Settings, sp: SeededDesk
) -> None:
    seeded = seeded_tip(services, sp)
    erase_due(services, retention)
    listed = settings.erased_list_file.read_text()
    assert len(listed.splitlines()) == 1
    assert seeded.id not in listed
    assert settings.erased_list_file.stat().st_mode & 0o077 == 0
    tag = services.read_keys(lambda c: c.execute(select(tables.erased_tip.c.tag)).scalar_one())
    assert listed.strip() == tag.hex()


def test_receipts_of_erased_tips_are_deleted_after_their_own_term(
    services: Services, retention: Retention, sp: SeededDesk
) -> None:
    seeded_tip(services, sp)
    kept = seeded_tip(services, sp)
    due = next(one for one in retention.scheduled(0) if one.tip != kept.id)
    services.write_now(lambda unit: retention.erase(unit, due))
    services.write_now(retention.purge)
    count = select(func.count(tables.receipt.c.lookup))
    assert services.read(lambda c: c.execute(count).scalar_one()) == 2
    older = (
        update(tables.receipt).where(tables.receipt.c.erased.is_not(None)).values(erased=tables.receipt.c.erased - 181)
    )
    services.write_now(lambda unit: unit.main.execute(older))
    services.write_now(retention.purge)
    assert services.read(lambda c: c.execute(select(tables.receipt.c.link)).scalars().all()) == [
        EDGE.link("receipt", kept.id)
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "apart" / "erased"


@pytest.fixture
def listed(services: Services, file: Path) -> ErasedList:
    return ErasedList(file, Identity(b"e" * 32), services.keys)


def stored_tags(services: Services) -> set[bytes]:
    return set(services.read_keys(lambda c: c.execute(select(erased_tip.c.tag)).scalars()))


def test_a_tip_is_in_both_places_under_a_tag_of_the_edge_key_and_the_name_key(
    services: Services, listed: ErasedList, file: Path
) -> None:
    services.write_now(lambda unit: listed.add(unit, "the tip's id"))
    tag = listed.tag("the tip's id")
    assert stored_tags(services) == {tag}
    assert file.read_text("ascii") == f"{tag.hex()}\n"
    assert file.stat().st_mode & 0o077 == 0
    assert ErasedList(file, Identity(b"f" * 32), services.keys).tag("the tip's id") != tag
    other = with_name_key(services.keys, b"n" * 32)
    assert ErasedList(file, Identity(b"e" * 32), other).tag("the tip's id") != tag


@pytest.mark.parametrize("more", [b"", bytes(16), b"the tag of another"])
def test_an_attacker_who_writes_rows_has_no_tip_erased_with_a_former_edge_key(
    services: Services, settings: Settings, plugins: Plugins, sp: SeededDesk, more: bytes
) -> None:
    former = Identity(b"e" * 32)
    retention = Retention(settings, services, former.changed()[1], plugins)
    retention.prepare(services.write_now)
    seeded, erased = seeded_tip(services, sp), seeded_tip(services, sp)
    term = next(one for one in retention.scheduled(0) if one.tip == erased.id)
    services.write_now(lambda unit: retention.erase(unit, term))
    (real,) = stored_tags(services)
    row = {"tag": former.link("erased", seeded.id) + (real[16:] if len(more) > 16 else more)}
    services.write_now(lambda unit: unit.keys.execute(insert(erased_tip).values(row)))
    retention.prepare(services.write_now)
    assert [one.tip for one in retention.scheduled(0)] == [seeded.id]
    assert sp.casework.open(seeded.number).tip == seeded.tip


def test_either_place_is_completed_from_the_other(services: Services, listed: ErasedList, file: Path) -> None:
    services.write_now(lambda unit: listed.add(unit, "one"))
    file.unlink()
    assert services.write_now(listed.complete) == {listed.tag("one")}
    assert file.exists()
    services.write_now(lambda unit: unit.keys.execute(delete(erased_tip)))
    services.write_now(listed.complete)
    assert stored_tags(services) == {listed.tag("one")}


@pytest.mark.parametrize("damage", [b"00ff", b"\xff\x00\xfe" * 20, b"zz" * 32], ids=["cut", "binary", "no tag"])
def test_a_damaged_line_is_passed_over_and_both_places_are_completed(
    services: Services, listed: ErasedList, file: Path, damage: bytes
) -> None:
    services.write_now(lambda unit: listed.add(unit, "stored"))
    stored, filed = listed.tag("stored"), listed.tag("filed")
    file.write_bytes(filed.hex().encode() + b"\n" + damage + b"\n")
    assert services.write_now(listed.complete) == {stored, filed}
    assert stored.hex().encode() in file.read_bytes()
