"""User data of MPEG video: overwritten in place, but for the mark of the encoder."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.recordings import stream_metadata
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import decoded_hash, ffmpeg

Clean = Callable[[Path], Path]
VIDEO = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=0.6", "-pix_fmt", "yuv420p")


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize("container", ["3gp", "mp4", "mov", "mkv", "avi"])
def test_user_data_of_mpeg_4_video_becomes_spaces(container: str, tmp_path: Path, cleaned: Clean) -> None:
    source = tmp_path / f"video.{container}"
    ffmpeg(*VIDEO, "-c:v", "mpeg4", source)
    marked = re.compile(rb"(\x00\x00\x01\xb2)Lavc[\d.]+")
    data, count = marked.subn(
        lambda found: found[1] + MARKER_BYTES.ljust(len(found[0]) - 4, b"\x07"), source.read_bytes()
    )
    source.write_bytes(data)
    assert count
    copy = cleaned(source)
    assert MARKER_BYTES not in copy.read_bytes()
    assert decoded_hash(copy) == decoded_hash(source)


def test_the_mark_of_the_encoder_stays() -> None:
    stream = b"\0\0\1\xb2Lavc63.1.100\0\0\1\xb2XviD0050\0\0\1\xb2DivX503b1393p\0\0\1\xb6picture"
    assert stream_metadata.find_user_data(stream) == set()
    assert stream_metadata.find_user_data(stream + b"\0\0\1\xb2XviD0050 " + MARKER_BYTES) == {
        b"XviD0050 " + MARKER_BYTES
    }


def test_user_data_that_differ_with_every_frame_take_one_pass(tmp_path: Path) -> None:
    """Twenty thousand passes over forty megabytes would take hours."""
    user_data = [MARKER_BYTES + b"-%d" % number for number in range(20_000)]
    path = tmp_path / "video"
    path.write_bytes(b"".join(b"\0\0\1\xb2" + one + b"\0\0\1\xb6" + b"p" * 2_000 for one in user_data))
    size = path.stat().st_size
    stream_metadata.blank_user_data(path, stream_metadata.find_user_data(path.read_bytes()))
    assert MARKER_BYTES not in path.read_bytes()
    assert path.stat().st_size == size
