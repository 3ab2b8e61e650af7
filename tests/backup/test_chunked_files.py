"""A backup holds each sealed file once. Names, sizes and order of its chunks do not tell whose they are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

from satark.api.sealing import encrypt
from satark.backup.chunked_files import CHUNK, LISTS, ChunkedFiles
from satark.backup.folder import BackupFolder
from satark.backup.sealed_stream import Damaged
from satark_files.file_store import FolderStore
from support.backups import RECIPIENT, Place, chunks_of, tip_with_file
from support.desks import SeededDesk

KEY = b"k" * 32


def seal_files(folder: Path, sizes: list[int]) -> dict[str, bytes]:
    """Write an original and a clean copy of each size; return all by name."""
    folder.mkdir()
    draw = random.Random(3)
    for number, size in enumerate(sizes):
        for form in ("original", "clean"):
            (folder / f"tip{number}-1.{form}.age").write_bytes(encrypt(draw.randbytes(size), RECIPIENT))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Copies:
    """The files of a backup in a new folder."""

    def __init__(self, folder: Path, key: bytes = KEY) -> None:
        self.store = FolderStore(folder)
        self.files = ChunkedFiles(self.store, str(folder), key)

    def update(self, source: Path, names: Iterable[str], erased: Collection[str] = ()) -> int:
        return self.files.update(FolderStore(source), names, lambda: erased.__contains__)[0]

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.store.files()}


@pytest.mark.slow("a whole backup")
def test_a_file_is_copied_once(here: Place, sp: SeededDesk, folder: BackupFolder) -> None:
    tip_with_file(here, sp)
    assert here.back_up(folder).copied == 2
    before = chunks_of(folder.files)
    assert here.back_up(folder).copied == 0
    assert chunks_of(folder.files) == before
    tip_with_file(here, sp)
    made = here.back_up(folder)
    assert (made.files, made.copied) == (2, 2)


@pytest.mark.slow("hundreds of files")
def test_no_photo_is_matched_by_name_size_time_or_order_of_chunks(tmp_path: Path) -> None:
    sizes = [int(random.Random(n).lognormvariate(11, 1.1)) for n in range(200)]
    seal_files(tmp_path / "evidence", sizes)
    copies = Copies(tmp_path / "files")
    copies.update(tmp_path / "evidence", [f"tip{n}-1" for n in range(200)])
    listed = [tmp_path / "files" / name for name in chunks_of(copies.store)]
    assert len(listed) > 300
    assert len(Counter((path.stat().st_size, path.stat().st_mtime % 86_400) for path in listed)) == 1
    assert all(len(bytes.fromhex(path.name)) == 16 for path in listed)
    written = sorted(listed, key=lambda path: path.stat().st_ctime_ns)
    assert [path.name for path in written] == sorted(path.name for path in listed)
    everything = b"".join(copies.store.read(name) for name in copies.names)
    assert b"age-encryption" not in everything
    assert b"tip1" not in everything


def test_every_form_is_restored_unchanged(tmp_path: Path) -> None:
    sizes = [0, 1, CHUNK // 2, CHUNK, CHUNK + 1, 3 * CHUNK]
    sealed = seal_files(tmp_path / "evidence", sizes)
    names = [f"tip{n}-1" for n in range(len(sizes))]
    Copies(tmp_path / "files").update(tmp_path / "evidence", names)
    assert Copies(tmp_path / "files").files.restore(FolderStore(tmp_path / "new"), names[1:]) == (10, [])
    restored = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert restored == {name: content for name, content in sealed.items() if not name.startswith("tip0-")}


def test_a_changed_file_replaces_its_chunks_and_an_erased_file_leaves_none(tmp_path: Path) -> None:
    seal_files(tmp_path / "evidence", [CHUNK, CHUNK])
    copies = Copies(tmp_path / "files")
    copies.update(tmp_path / "evidence", ["tip0-1", "tip1-1"])
    before = copies.names
    changed = tmp_path / "evidence/tip0-1.clean.age"
    changed.write_bytes(encrypt(b"x", RECIPIENT))
    assert copies.update(tmp_path / "evidence", ["tip0-1"]) == 2
    assert len(copies.names & before) == 3
    assert copies.files.restore(FolderStore(tmp_path / "new"), ["tip0-1"]) == (2, [])
    assert (tmp_path / "new" / changed.name).read_bytes() == changed.read_bytes()
    copies.update(tmp_path / "evidence", (), {"tip0", "tip1"})
    (left,) = copies.names
    assert left.startswith(f"{LISTS}/")


def test_another_installations_files_are_neither_read_nor_removed(tmp_path: Path) -> None:
    seal_files(tmp_path / "evidence", [10])
    copies, other = Copies(tmp_path / "files"), Copies(tmp_path / "files", b"o" * 32)
    copies.update(tmp_path / "evidence", ["tip0-1"])
    before = copies.names
    with pytest.raises(Damaged, match="another installation"):
        other.update(tmp_path / "evidence", ["tip0-1"])
    with pytest.raises(Damaged, match="another installation"):
        other.files.restore(FolderStore(tmp_path / "new"), ["tip0-1"])
    assert copies.names == before
