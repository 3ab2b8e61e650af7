"""A backup that breaks off at any step counts as none, damages no other, and leaves nothing behind for good."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import BinaryIO, TypeVar

import pytest

from satark.backup import folder as backup_folder
from satark.backup.chunked_files import LISTS, Busy
from satark.backup.create import chunked_files
from satark.backup.folder import BackupFolder
from satark.backup.restore import find_damage, run_drill
from satark_files import open_store
from satark_files.file_store import FileStore, FolderStore, Part, Stored
from support.backups import OPERATOR, Place, chunks_of, store_of, tip_with_file
from support.desks import SeededDesk
from support.tips import SeededTip

pytestmark = pytest.mark.slow("many backups")


Made = TypeVar("Made")


class Killed(BaseException):
    """The process was killed."""


class Life:
    """The number of steps that a process takes before it is killed."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        """Take a step."""
        if self.left <= 0:
            raise Killed
        self.left -= 1


class MortalStore(FileStore):
    """A store whose process may be killed before and after each operation."""

    def __init__(self, store: FileStore, life: Life) -> None:
        self._store, self._life = store, life

    def open(self, name: str) -> BinaryIO:
        return self._store.open(name)

    def read(self, name: str, start: int = 0, most: int = -1) -> bytes:
        return self._store.read(name, start, most)

    def size(self, name: str) -> int | None:
        return self._store.size(name)

    def files(self, below: str = "") -> Iterator[Stored]:
        return self._store.files(below)

    def below(self, prefix: str) -> MortalStore:
        return MortalStore(self._store.below(prefix), self._life)

    def begin(self, name: str) -> Part:
        self._life.step()
        return self._store.begin(name)

    def finish(self, *parts: Part) -> None:
        self._done(lambda: self._store.finish(*parts))

    def put(self, name: str, content: bytes, *, new: bool = False) -> None:
        self._done(lambda: self._store.put(name, content, new=new))

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._done(partial(self._store.remove, [name]))

    def _done(self, work: Callable[[], Made]) -> Made:
        self._life.step()
        made = work()
        self._life.step()
        return made


def back_up_and_die(place: Place, address: str, steps: int, tmp_path: Path) -> bool:
    """Make a backup in a process that is killed after so many steps; return whether it was."""
    life, opened, discard = Life(steps), open_store.open_store, Part.discard
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup_folder, "open_store", lambda *args: MortalStore(opened(*args), life))
        patch.setattr(Part, "discard", lambda part: discard(part) if life.left else part.file.close())
        try:
            place.back_up(BackupFolder(address, tmp_path))
        except Killed:
            return True
    return False


@pytest.mark.full("a backup for each step")
def test_a_backup_that_is_killed_at_any_step_counts_as_none_and_damages_no_other(
    here: Place, sp: SeededDesk, folder: BackupFolder, tmp_path: Path
) -> None:
    kept, tip = tip_with_file(here, sp), tip_with_file(here, sp)
    before = BackupFolder(f"{folder.address}/whole", tmp_path)
    whole = here.back_up(before).name
    erase(here, tip)
    tip = tip_with_file(here, sp)
    # A bucket takes a second for each: there at some of the steps.
    for steps in count(step=3 if folder.address.startswith("s3:") else 1):
        place = BackupFolder(f"{folder.address}/{steps}", tmp_path)
        copy(before, place, tmp_path)
        killed = back_up_and_die(here, place.address, steps, tmp_path)
        names = place.names()
        assert names[0] == whole
        assert [find_damage(place, name) for name in names] == [[]] * len(names)
        wanted = [f"{one.id}-1" for one in (kept, tip)[: len(names)]]
        restored = chunked_files(place, here.services).restore(FolderStore(tmp_path / f"new {steps}"), wanted)
        assert restored == (2 * len(names), []), "as many files as backups are whole"
        if not killed:
            break
    assert len(names) == 2
    assert steps > 20, "the store was used"


def test_a_later_backup_removes_the_files_of_an_interrupted_one(
    here: Place, sp: SeededDesk, folder: BackupFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip_with_file(here, sp)
    for steps in (3, 9, 12, 15):
        assert back_up_and_die(here, folder.address, steps, tmp_path)
    monkeypatch.setattr(backup_folder, "BREAK_OFF", timedelta())
    here.back_up(folder)
    there = {one.name.partition("/")[0] for one in store_of(folder, tmp_path).files()}
    assert there == {*folder.names(), "files", "erased.list"}
    assert len(chunks_of(folder.files)) == len(list(folder.files.files(LISTS))) == 1


@pytest.mark.parametrize("more", [0, 1])
def test_only_one_of_two_simultaneous_backups_is_whole(
    here: Place, sp: SeededDesk, folder: BackupFolder, tmp_path: Path, more: int
) -> None:
    tip_with_file(here, sp)
    made: list[str] = []
    erased = backup_folder.BackupFolder.erased

    def meanwhile(self: BackupFolder) -> frozenset[bytes]:
        if not made:
            made.append("begun")
            for _ in range(more):
                tip_with_file(here, sp)
            made.append(here.back_up(BackupFolder(folder.address, tmp_path)).name)
        return erased(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BackupFolder, "erased", meanwhile)
        with pytest.raises(Busy, match="another process"):
            here.back_up(folder)
    assert folder.names() == made[1:]
    assert find_damage(folder, made[1]) == []
    drill = run_drill(here.settings, here.plugins, folder, made[1], folder.key(made[1], OPERATOR))
    assert (drill.tips, drill.files, drill.problems) == (1 + more, 2 + 2 * more, ())


def copy(from_: BackupFolder, to: BackupFolder, tmp_path: Path) -> None:
    """Copy all backups of a folder into an empty one."""
    old, new = store_of(from_, tmp_path), store_of(to, tmp_path)
    for one in old.files():
        new.put(one.name, old.read(one.name))


def erase(place: Place, tip: SeededTip) -> None:
    """Erase a tip at the end of its term."""
    retention = place.retention()
    due = next(one for one in retention.scheduled(0) if one.tip == tip.id)
    retention.eraser.remove_files(place.services.write_now(lambda unit: retention.erase(unit, due)))
