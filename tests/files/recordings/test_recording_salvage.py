"""Of a film without an index, the pictures are shown where its parameters lie among them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.recordings.salvage import SalvagingRemux, find_video
from satark_files.scrubber import Cleaned, Unclean
from satark_files.scrubbers import builtin_scrubbers
from satark_files.sniff import sniff_file
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
def test_pictures_with_their_parameters_are_shown_and_how_much_is_told(
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
def test_without_parameters_a_film_is_damaged(tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        SalvagingRemux().scrub(without_index("h264", tmp_path), tmp_path / "copy.mp4", limits)


@pytest.mark.parametrize("data", [b"", b"mdat", b"\0\0\0\x08mdat" + bytes(5000), b"no film at all"])
def test_other_data_holds_no_video(data: bytes) -> None:
    assert find_video(data) is None


@pytest.mark.parametrize("name", ["mp4", "mkv", "webm", "avi", "wav", "rf64", "aiff", "au"])
def test_of_a_recording_cut_short_is_told_how_much_is_left(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    source = tmp_path / "cut"
    if name == "mp4":
        ffmpeg(*FILM, "-c:v", "libx264", "-movflags", "+faststart", tmp_path / "film.mp4")
    if name == "rf64":
        ffmpeg("-i", make("wav"), "-c", "copy", "-rf64", "always", tmp_path / "large.wav")
    made_here = {"mp4": "film.mp4", "rf64": "large.wav"}
    data = (tmp_path / made_here[name] if name in made_here else make(name)).read_bytes()
    for part, low, high in ((1, 100, 100), (0.6, 30, 80)):
        source.write_bytes(data[: int(len(data) * part)])
        scrubber = next(one for one in builtin_scrubbers() if sniff_file(source) in one.mimes)
        made = scrubber.scrub(source, tmp_path / "copy", limits)
        assert isinstance(made, Cleaned)
        assert low <= made.readable <= high


def test_a_recording_with_nothing_in_it_is_damaged(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / "empty.wav"
    data = make("wav").read_bytes()
    source.write_bytes(data[: data.index(b"data") + 4] + bytes(4))
    with pytest.raises(Unclean, match="damaged"):
        SalvagingRemux().scrub(source, tmp_path / "copy.wav", limits)
