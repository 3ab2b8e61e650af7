"""A file exists whole or not at all, only for its owner, and a quicker process's file stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from satark_files import atomic_files


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_only_by_a_complete_one(tmp_path: Path) -> None:
    for chunks in ([b"old"], [b"new ", b"content"]):
        atomic_files.replace(tmp_path / "file", chunks)
    assert (tmp_path / "file").read_bytes() == b"new content"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["file"]


def test_a_failed_write_leaves_only_the_old_file(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise OSError("the disk is full")

    atomic_files.replace(tmp_path / "file", [b"old"])
    with pytest.raises(OSError, match="full"):
        atomic_files.replace(tmp_path / "file", chunks())
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_the_first_who_creates_a_file_wins(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        atomic_files.create(tmp_path / "folder" / "key", content)
    assert (tmp_path / "folder" / "key").read_bytes() == b"first"
    assert (tmp_path / "folder" / "key").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path / "folder") == ["key"]
