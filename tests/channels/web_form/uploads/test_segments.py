"""A file is a row of sealed segments without gaps. Each opens only in its own place."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api import CantOpen, new_identity
from satark_files.file_store import FolderStore
from satark_web_form.uploads import segments
from satark_web_form.uploads.segments import MANIFEST, read_segments, stored_bytes, write_segment
from satark_web_form.uploads.upload_problems import UploadRefused

RECIPIENT, IDENTITY = new_identity()


@pytest.fixture
def upload(tmp_path: Path) -> FolderStore:
    """Return a place for an upload that was created."""
    made = FolderStore(tmp_path)
    made.put(MANIFEST, b"sealed")
    return made


def files(upload: FolderStore) -> list[Path]:
    """Return the segments."""
    return sorted(path for path in upload.root.iterdir() if path.name != MANIFEST)


def test_segments_are_read_in_order_and_hold_no_plaintext(upload: FolderStore) -> None:
    write_segment(upload, 0, b"first ", RECIPIENT, 0)
    write_segment(upload, 6, b"second", RECIPIENT, 1)
    assert stored_bytes(upload) == 12
    assert list(read_segments(upload, IDENTITY)) == [b"first ", b"second"]
    assert not [path for path in files(upload) if b"first" in path.read_bytes()]
    assert {path.suffix for path in files(upload)} == {".age"}


def test_the_second_of_two_segments_at_one_offset_is_refused(upload: FolderStore) -> None:
    write_segment(upload, 0, b"first", RECIPIENT, 0)
    with pytest.raises(UploadRefused, match="offset-mismatch"):
        write_segment(upload, 0, b"another", RECIPIENT, 0)
    assert list(read_segments(upload, IDENTITY)) == [b"first"]
    assert len(files(upload)) == 1


def test_a_missing_or_shorter_segment_or_another_key_opens_nothing(upload: FolderStore) -> None:
    for number, start in enumerate((0, 3)):
        write_segment(upload, start, b"abc", RECIPIENT, number)
    with pytest.raises(CantOpen):
        next(read_segments(upload, new_identity()[1]))
    last = files(upload)[-1]
    last.write_bytes((2).to_bytes(4) + last.read_bytes()[4:])
    with pytest.raises(CantOpen, match="replaced"):
        list(read_segments(upload, IDENTITY))
    files(upload)[0].unlink()
    with pytest.raises(CantOpen, match="missing"):
        next(read_segments(upload, IDENTITY))


def test_a_file_of_too_many_segments_is_refused(upload: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_SEGMENTS", 1)
    write_segment(upload, 0, b"a", RECIPIENT, 0)
    with pytest.raises(UploadRefused, match="too-fragmented"):
        write_segment(upload, 1, b"b", RECIPIENT, 1)


def test_a_segment_of_a_deleted_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UploadRefused, match="unknown"):
        write_segment(FolderStore(tmp_path / "gone"), 0, b"a", RECIPIENT, 0)
    assert list(tmp_path.rglob("*.age")) == []
