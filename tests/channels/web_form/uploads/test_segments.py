"""A file is a row of sealed segments without gaps, each of which opens only as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api import CantOpen, new_identity
from satark_web_form.uploads import segments
from satark_web_form.uploads.segments import UploadRefused, read_segments, stored_bytes, write_segment

RECIPIENT, IDENTITY = new_identity()


def test_segments_are_read_in_order_and_hold_no_plaintext(tmp_path: Path) -> None:
    write_segment(tmp_path, 0, b"first ", RECIPIENT)
    write_segment(tmp_path, 6, b"second", RECIPIENT)
    assert stored_bytes(tmp_path) == 12
    assert list(read_segments(tmp_path, IDENTITY)) == [b"first ", b"second"]
    assert not [path for path in tmp_path.iterdir() if b"first" in path.read_bytes()]
    assert {path.suffix for path in tmp_path.iterdir()} == {".age"}


def test_a_segment_at_another_offset_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    write_segment(tmp_path, 0, b"first", RECIPIENT)
    with pytest.raises(UploadRefused, match="offset-mismatch"):
        write_segment(tmp_path, 9, b"later", RECIPIENT)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_segment_or_another_key_opens_nothing(tmp_path: Path) -> None:
    for start in (0, 3):
        write_segment(tmp_path, start, b"abc", RECIPIENT)
    with pytest.raises(CantOpen):
        next(read_segments(tmp_path, new_identity()[1]))
    min(tmp_path.iterdir()).unlink()
    with pytest.raises(CantOpen, match="missing"):
        next(read_segments(tmp_path, IDENTITY))


def test_a_file_of_too_many_segments_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_SEGMENTS", 1)
    write_segment(tmp_path, 0, b"a", RECIPIENT)
    with pytest.raises(UploadRefused, match="too-fragmented"):
        write_segment(tmp_path, 1, b"b", RECIPIENT)


def test_a_deleted_file_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(UploadRefused, match="unknown"):
        write_segment(tmp_path / "gone", 0, b"a", RECIPIENT)
