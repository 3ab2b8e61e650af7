"""The room for plaintext: ours alone, in memory, emptied whatever happens."""

from pathlib import Path

import pytest

from satark.store import workspace as rooms


def test_it_lies_in_memory_and_is_ours_alone(tmp_path: Path, room: Path) -> None:
    assert room.parent == rooms.SHARED_MEMORY
    assert room.stat().st_mode & 0o777 == 0o700
    assert rooms.workspace_dir(tmp_path) == room
    other = rooms.workspace_dir(tmp_path / "other")
    other.rmdir()
    assert other != room


def test_without_memory_folder_it_lies_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SHARED_MEMORY", tmp_path / "no")
    assert rooms.workspace_dir(tmp_path / "data") == tmp_path / "data" / "work"


def test_a_room_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SHARED_MEMORY", tmp_path)
    rooms.workspace_dir(tmp_path).chmod(0o755)
    with pytest.raises(PermissionError):
        rooms.workspace_dir(tmp_path)


def test_a_link_in_its_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SHARED_MEMORY", tmp_path)
    place = rooms.workspace_dir(tmp_path)
    place.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        rooms.workspace_dir(tmp_path)


def test_a_folder_is_gone_after_an_error(room: Path) -> None:
    def fail() -> None:
        with rooms.temporary_folder(room) as folder:
            (folder / "plain").write_text("words")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(room.iterdir()) == []
