"""A database that shows one machine fewer rows than another is noticed by both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import delete, select, update

from satark.custody.machine_notes import Note, compare_machines, differing_machines, lacks_what_was_here, retire
from satark.identity.time_buckets import BAND_HOURS
from satark.roster.roster import COPY_NAME
from satark.runtime.dependency_faults import machine_faults
from satark.services import Services
from satark.store import bulk
from satark.store.tables import machine_note, tip_count
from support.desks import SeededDesk
from support.store import fresh_services, opened_services

START = 490_000
SAME = [((), ()), ((), ())]


class Machines:
    """A web node and a desk's machine, with a data folder each. The owner of the databases may freeze what one sees."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._opened = folder, list[Services]()
        self._keys: dict[str, Any] = {f"{name}_key_file": folder / f"{name}.key" for name in ("edge", "name")}
        self.web = fresh_services(folder / "web", **self._keys, **self._urls("live"))
        SeededDesk(self.web, "sp")
        (folder / "desk").mkdir()
        shutil.copy(folder / "web" / COPY_NAME, folder / "desk")
        self.desk = self._open("desk", "live")
        self.hour = 0

    def _urls(self, view: str) -> dict[str, Any]:
        return {f"{name}_url": f"sqlite:///{self._folder}/{view}-{name}.db" for name in ("database", "keys")}

    def _open(self, machine: str, view: str) -> Services:
        self._opened.append(opened_services(self._folder / machine, **self._keys, **self._urls(view)))
        return self._opened[-1]

    def freeze(self, machine: str) -> None:
        """Show a machine the databases as they are now, from now on."""
        for name in ("database", "keys"):
            for file in self._folder.glob(f"live-{name}.db*"):
                shutil.copy(file, self._folder / file.name.replace("live", machine))
        setattr(self, machine, self._open(machine, machine))

    def relay(self) -> None:
        """Show each machine the other's newest note, since a missing note would be noticed."""
        rows = [one for services in (self.web, self.desk) for one in notes(services)]
        newest = {row["id"]: row for row in sorted(rows, key=lambda row: Note.decode(row["note"]).hour)}
        for services in (self.web, self.desk):
            services.write_now(lambda unit: unit.upsert(machine_note, [*newest.values()]))

    def look(self, hours: int = 1) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Let both machines look, some hours later; return what each says of the other: it differs, it is silent."""
        self.hour += hours
        found = [compare_machines(one, (START + self.hour) * 3600) for one in (self.web, self.desk)]
        return [(one.differing, one.silent) for one in found]

    def accept_tip(self, services: Services) -> None:
        """Count a tip, as a process does that takes one."""
        rows = [{"day": 20_422, "process": f"p{self.hour}", "tips": 1}]
        services.write_now(lambda unit: bulk.upsert(unit.main, tip_count, rows))

    def close(self) -> None:
        for one in (self.web, *self._opened):
            one.close()


def notes(services: Services) -> list[dict[str, bytes]]:
    return services.read_keys(lambda keys: [dict(one) for one in keys.execute(select(machine_note)).mappings()])


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    made = Machines(tmp_path)
    yield made
    made.close()


def test_machines_that_see_the_same_have_nothing_to_say(machines: Machines) -> None:
    for hour in range(6):
        machines.accept_tip(machines.web)
        SeededDesk(machines.desk, f"desk{hour}")
        assert machines.look() == SAME
        assert (differing_machines(machines.web), differing_machines(machines.desk)) == (0, 0)


def test_machines_that_were_never_shown_each_other_are_missed(machines: Machines) -> None:
    machines.freeze("web")
    for one in (machines.web, machines.desk):
        one.machines = 2
    found = [compare_machines(one, START * 3600) for one in (machines.web, machines.desk)]
    assert [(one.differing, one.silent, one.absent) for one in found] == [((), (), 1)] * 2
    assert [one.code for one in machine_faults(machines.web, START * 3600)] == ["machine_silent"]
    machines.relay()
    assert [compare_machines(one, START * 3600).absent for one in (machines.web, machines.desk)] == [0, 0]


def test_no_note_tells_the_hour_of_a_tip(machines: Machines) -> None:
    counts = []
    for hour in range(3 * BAND_HOURS):
        if hour == BAND_HOURS + 2:
            machines.accept_tip(machines.web)
        assert machines.look() == SAME
        written = [Note.decode(row["note"]) for row in notes(machines.web)]
        counts += [(one.hour // BAND_HOURS, one.tips) for one in written]
        seen = (machines.web.data_dir / "machines.seen").read_text()
        counts += [(one["hour"] // BAND_HOURS, one["tips"]) for one in json.loads(seen)["own"]]
    assert len({*counts}) == len({band for band, _ in counts}), "one count in each band"
    assert {tips for _, tips in counts} == {0, 1}


@pytest.mark.parametrize("frozen", ["web", "desk"])
@pytest.mark.parametrize("change", ["entry", "tip"])
def test_rows_that_one_machine_is_not_shown_are_noticed_by_both(machines: Machines, frozen: str, change: str) -> None:
    machines.look()
    machines.freeze(frozen)
    other = machines.desk if frozen == "web" else machines.web
    if change == "entry":
        SeededDesk(other, "dig")
    else:
        machines.accept_tip(other)
    for _ in range(3 if change == "entry" else 3 + BAND_HOURS):
        machines.look()
        machines.relay()
    assert [bool(differing) for differing, _ in machines.look()] == [True, True]
    assert (differing_machines(machines.web), differing_machines(machines.desk)) == (1, 1)


def test_a_machine_whose_newer_notes_are_hidden_is_noticed(machines: Machines) -> None:
    machines.look()
    machines.freeze("web")
    SeededDesk(machines.desk, "dig")
    assert machines.look(2) == SAME
    assert all(silent for _, silent in machines.look(4))


def test_a_machine_whose_note_is_deleted_is_noticed(machines: Machines) -> None:
    machines.look()
    machines.look()
    for _ in range(5):
        machines.hour += 1
        compare_machines(machines.desk, (START + machines.hour) * 3600)
        machines.desk.write_now(lambda unit: unit.keys.execute(delete(machine_note)))
    assert compare_machines(machines.desk, (START + machines.hour) * 3600).silent


def test_a_note_that_no_machine_wrote_is_noticed(machines: Machines) -> None:
    machines.look()
    machines.desk.write_now(
        lambda unit: unit.keys.execute(update(machine_note).values(note=b'{"host":"web","hour":9}'))
    )
    assert all(differing for differing, _ in machines.look())


def test_a_machine_that_is_gone_for_good_is_forgotten_by_all(machines: Machines) -> None:
    machines.look()
    machines.look()
    machines.hour += 5
    (silent,) = compare_machines(machines.desk, (START + machines.hour) * 3600).silent
    code = silent.partition("(")[2].rstrip(")")
    assert not retire(machines.desk, "ffffffffff")
    assert not retire(machines.desk, "")
    assert retire(machines.desk, code)
    for _ in range(3):
        machines.hour += 5
        assert compare_machines(machines.desk, (START + machines.hour) * 3600).silent == ()


@given(
    times=st.lists(st.tuples(st.booleans(), st.integers(0, 90)), min_size=2, max_size=60),
    clocks=st.tuples(st.integers(-29, 29), st.integers(-29, 29)),
)
def test_no_order_of_looks_with_clocks_half_an_hour_off_makes_a_difference(
    times: list[tuple[bool, int]], clocks: tuple[int, int]
) -> None:
    own: tuple[list[Note], list[Note]] = [], []
    counted: list[tuple[int, int]] = [(0, 0), (0, 0)]
    minute = 10_000
    for is_first, pause in times:
        minute += pause
        mine, others = (own[0], own[1]) if is_first else (own[1], own[0])
        present = Note(host="", hour=(minute + clocks[not is_first]) // 60, tips=minute)
        if counted[is_first][0] != present.band:
            counted[is_first] = present.band, minute
        if others:
            assert not present.lacks_entries(others[-1])
            assert present.tips >= others[-1].tips
            assert not lacks_what_was_here(others[-1], [*mine, present], present.hour)
        if not mine or mine[-1].hour != present.hour:
            mine.append(replace(present, tips=counted[is_first][1]))
