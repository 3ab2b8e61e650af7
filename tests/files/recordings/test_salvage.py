"""Of a film without an index, the pictures are shown where its parameters lie among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.recordings.salvage import SalvagingRemux, find_video
from satark_files.scrubber import Cleaned, Unclean
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import ffmpeg

FILM = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=2,format=yuv420p", "-f", "lavfi", "-i", "sine=d=2")
CODECS = {"h264": ("libx264",), "hevc": ("libx265", "-x265-params", "log-level=none")}


def without_index(codec: str, folder: Path, *repeated: str) -> Path:
    source = folder / "film.mp4"
    ffmpeg(*FILM, "-c:v", *CODECS[codec], "-g", "10", *repeated, "-c:a", "aac", source)
    data = source.read_bytes()
    source.write_bytes(data[: data.index(b"moov") - 4].replace(b"free", MARKER_BYTES[:4]) + MARKER_BYTES * 3)
    return source


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize("codec", CODECS)
def test_pictures_with_their_parameters_are_shown_with_their_percentage(
    codec: str, tmp_path: Path, limits: Limits
) -> None:
    source = without_index(codec, tmp_path, "-bsf:v", "dump_extra")
    made = SalvagingRemux().scrub(source, tmp_path / "copy.mp4", limits)
    assert isinstance(made, Cleaned)
    assert (made, made.left_out) == ("video/mp4", ("sound-tracks",))
    assert 5 < made.readable < 100
    every = ffmpeg("-i", tmp_path / "copy.mp4", "-map", "0:v", "-f", "framemd5", "-").splitlines()
    assert 45 <= sum(not line.startswith(b"#") for line in every) <= 50
    assert MARKER_BYTES not in (tmp_path / "copy.mp4").read_bytes()


@pytest.mark.slow("ffmpeg")
def test_a_film_without_parameters_is_damaged(tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        SalvagingRemux().scrub(without_index("h264", tmp_path), tmp_path / "copy.mp4", limits)


@pytest.mark.parametrize("data", [b"", b"mdat", b"\0\0\0\x08mdat" + bytes(5000), b"no film at all"])
def test_other_data_holds_no_video(data: bytes) -> None:
    assert find_video(data) is None
