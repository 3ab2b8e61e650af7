"""A folder is written so that a power cut loses nothing, and its times show only the day."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.file_store import FolderStore

DAY = 86_400


def test_a_part_that_is_being_written_is_locked_and_stays(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    part = store.begin("one")
    with pytest.raises(BlockingIOError):
        store.begin("one")
    (tmp_path / "two.part").write_bytes(b"of a killed process")
    store.remove_abandoned()
    part.file.write(b"whole")
    store.finish(part)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_part_that_can_not_be_flushed_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path)
    parts = [store.begin(name) for name in ("one", "two")]
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space"):
        store.finish(*parts)
    assert list(tmp_path.iterdir()) == []


def test_finished_files_and_emptied_folders_tell_only_the_day(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    part = store.begin("one")
    store.finish(part)
    assert [path.stat().st_mtime % DAY for path in (tmp_path, tmp_path / "one")] == [0, 0]
    store.remove(["one"])
    assert tmp_path.stat().st_mtime % DAY == 0


def test_removing_the_last_file_removes_its_folders(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for name in ("a/b/1", "a/2"):
        store.put(name, b"")
    store.remove(["a/b/1"])
    assert not (tmp_path / "a" / "b").exists()
    store.remove(["a/2"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_goes_while_a_file_is_written_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, ready = FolderStore(tmp_path), FolderStore._ready

    def once(self: FolderStore, name: str) -> Path:
        monkeypatch.setattr(FolderStore, "_ready", ready)
        found = ready(self, name)
        found.parent.rmdir()
        return found

    monkeypatch.setattr(FolderStore, "_ready", once)
    store.put("a/1", b"here")
    assert store.read("a/1") == b"here"
