"""The pictures of a film without an index are shown if its parameters are among them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.recordings.salvage import CONVERTED, ConversionScrubber, SalvagingRemux, find_video
from satark_files.scrubber import Cleaned, Unclean
from satark_files.sniff import sniff_file
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import ffmpeg
from support.evidence.unusual import UNUSUAL

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


@pytest.mark.parametrize("mime", CONVERTED)
def test_an_unusual_recording_is_cleaned(
    mime: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    source, copy = make(UNUSUAL[mime][0]), tmp_path / "copy"
    assert sniff_file(source) == mime
    made = ConversionScrubber(mime).scrub(source, copy, limits)
    assert sniff_file(copy) == made
    assert made == ("audio/flac" if mime.startswith("audio/") else made)
    assert made in ("audio/flac", "video/mp4", "video/quicktime")
    assert MARKER_BYTES not in copy.read_bytes()


@pytest.mark.parametrize("mime", CONVERTED)
def test_appended_bytes_are_removed(mime: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    (tmp_path / "in").write_bytes(make(UNUSUAL[mime][0]).read_bytes() + b"\0" + MARKER_BYTES * 9)
    made = ConversionScrubber(mime).scrub(tmp_path / "in", tmp_path / "copy", limits)
    assert MARKER_BYTES not in (tmp_path / "copy").read_bytes()
    if made == "audio/flac":
        order = "s16be" if mime == "audio/x-caf" else "s16le"
        assert MARKER_BYTES not in ffmpeg("-i", tmp_path / "copy", "-f", order, "-")


@pytest.mark.parametrize(("mime", "demuxer"), [("video/h264", "h264"), ("video/h265", "hevc"), ("video/x-dav", "dhav")])
def test_every_picture_stays_as_it_is(
    mime: str, demuxer: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    source = tmp_path / "source"
    data = make(UNUSUAL[mime][0]).read_bytes()
    source.write_bytes(data + b"\0\0\1\x09" if mime != "video/x-dav" else data)  # the last unit is removed
    ConversionScrubber(mime).scrub(source, tmp_path / "copy", limits)
    every = ("-map", "0:v", "-c:v", "rawvideo", "-fps_mode", "passthrough", "-f", "streamhash", "-")
    before, after = (
        ffmpeg("-f", form, "-i", path, *every) for form, path in ((demuxer, source), ("mov", tmp_path / "copy"))
    )
    assert before == after


@pytest.mark.slow("ffmpeg")
def test_a_recorders_file_without_pictures_is_refused(tmp_path: Path, limits: Limits) -> None:
    (tmp_path / "in").write_bytes(b"DHAV" + bytes(500))
    with pytest.raises(Unclean, match="damaged"):
        ConversionScrubber("video/x-dav").scrub(tmp_path / "in", tmp_path / "out", limits)
