"""Video and audio that are remuxed: metadata inside the streams is removed, and every stream decodes as before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from satark_files.limits import Limits
from satark_files.recordings.remux import RemuxScrubber
from satark_files.scrubber import Cleaned, Unclean
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import decoded_hash, ffmpeg

Make = Callable[[str], Path]
Clean = Callable[[Path], Path]
VIDEO = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=0.6", "-pix_fmt", "yuv420p")
HDR = "log-level=none:hdr10=1:max-cll=1000,400:master-display=G(13250,34500)B(7500,3000)R(34000,16000)"
HDR += "WP(15635,16450)L(10000000,1)"


class VideoCase(NamedTuple):
    """A codec, a container that takes it, and the units to insert before the first unit that starts with `first`."""

    codec: str
    extension: str
    container: str
    first: bytes
    units: bytes


# Filler data, units of unspecified types, and user data; each ends as its type requires.
_AVC = b"\0\0\1\x0c" + MARKER_BYTES + b"\x80" + b"\0\0\1\x1f" + MARKER_BYTES + b"\x80"
_HEVC = b"\0\0\1\x7c\x01" + MARKER_BYTES + b"\x80" + b"\0\0\1\x4c\x01" + MARKER_BYTES + b"\x80"
_USER = b"\0\0\1\xb2GPS 25.3176 " + MARKER_BYTES
VIDEO_CASES = [
    *(VideoCase("libx264", "h264", one, b"\0\0\1\x65", _AVC) for one in ("mp4", "mov", "mkv", "avi")),
    *(VideoCase("libx265", "hevc", one, b"\0\0\1\x28", _HEVC) for one in ("mp4", "mov", "mkv")),
    *(VideoCase("mpeg2video", "m2v", one, b"\0\0\1\xb8", _USER) for one in ("mpg", "mp4", "avi")),
    *(VideoCase("mpeg1video", "m1v", one, b"\0\0\1\xb8", _USER) for one in ("mpg", "mp4", "avi")),
]


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize("case", VIDEO_CASES, ids=lambda case: f"{case.extension}-{case.container}")
def test_no_metadata_stays_between_the_frames(case: VideoCase, tmp_path: Path, cleaned: Clean) -> None:
    raw, source = tmp_path / f"raw.{case.extension}", tmp_path / f"video.{case.container}"
    ffmpeg(*VIDEO, "-c:v", case.codec, *(("-x265-params", "log-level=none") * (case.extension == "hevc")), raw)
    data = raw.read_bytes()
    at = data.index(case.first)
    raw.write_bytes(data[:at] + case.units + data[at:])
    timed = () if case.container == "mpg" else ("-bsf:v", "setts=pts=N:dts=N")
    ffmpeg("-r", "25", "-i", raw, "-c", "copy", *timed, *(("-f", "vob") * (case.container == "mpg")), source)
    assert MARKER_BYTES in source.read_bytes()
    copy = cleaned(source)
    assert MARKER_BYTES not in copy.read_bytes()
    assert decoded_hash(copy) == decoded_hash(source)


@pytest.mark.parametrize("container", ["avi", "mov", "mkv", "mp4"])
def test_the_exif_blocks_of_motion_jpeg_are_removed(container: str, make: Make, tmp_path: Path, cleaned: Clean) -> None:
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(make("jpg").read_bytes())
    source = tmp_path / f"video.{container}"
    ffmpeg("-framerate", "5", "-i", tmp_path / "%d.jpg", "-c", "copy", source)
    assert source.read_bytes().count(MARKER_BYTES) > 5
    copy = cleaned(source)
    assert MARKER_BYTES not in copy.read_bytes()
    assert decoded_hash(copy) == decoded_hash(source)


def test_a_chained_ogg_is_refused(make: Make, tmp_path: Path, cleaned: Clean) -> None:
    source = tmp_path / "chain.opus"
    other = tmp_path / "other.opus"
    ffmpeg("-i", make("opus"), "-c", "copy", "-serial_offset", "7", other)
    source.write_bytes(make("opus").read_bytes() + other.read_bytes())
    with pytest.raises(Unclean):
        cleaned(source)


@pytest.mark.slow("ffmpeg")
def test_hdr_video_is_cleaned(tmp_path: Path, cleaned: Clean) -> None:
    source, in_container = tmp_path / "video.mp4", tmp_path / "in_container.mp4"
    ffmpeg(*VIDEO, "-c:v", "libx265", "-x265-params", HDR, "-tag:v", "hvc1", source)
    ffmpeg("-i", source, "-c:v", "libx264", in_container)  # here the container describes the display
    assert b"mdcv" in in_container.read_bytes()
    for one in (source, in_container):
        assert decoded_hash(cleaned(one)) == decoded_hash(one)


@pytest.mark.slow("ffmpeg")
def test_further_tracks_are_named(tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / "two.mkv"
    film, sound = ("-f", "lavfi", "-i", "testsrc=s=64x64:d=0.4"), ("-f", "lavfi", "-i", "sine=d=0.4")
    mapped = [part for number in range(4) for part in ("-map", str(number))]
    ffmpeg(*film, *film, *sound, *sound, *mapped, "-pix_fmt", "yuv420p", source)
    made = RemuxScrubber().scrub(source, tmp_path / "out", limits)
    assert isinstance(made, Cleaned)
    assert (made.left_out, made.readable) == (("picture-tracks", "sound-tracks"), 100)


@pytest.mark.slow("ffmpeg")
def test_the_percentage_of_a_cut_film_that_plays_is_reported(tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / "film.mp4"
    film = ("-f", "lavfi", "-i", "testsrc=s=64x64:d=4", "-pix_fmt", "yuv420p", "-bf", "0")
    ffmpeg(*film, "-movflags", "+faststart", source)
    data = source.read_bytes()
    source.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    made = RemuxScrubber().scrub(source, tmp_path / "out", limits)
    assert isinstance(made, Cleaned)
    assert 5 < made.readable < 95


@pytest.mark.slow("ffmpeg")
def test_sound_before_the_picture_and_foreign_codecs_stay(tmp_path: Path, limits: Limits) -> None:
    late = ("-itsoffset", "0.3", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.4", "-f", "lavfi", "-i", "sine=d=1")
    for name, codec in (("sound-first.flv", "aac"), ("surround.mp4", "ac3"), ("camera.mov", "pcm_alaw")):
        ffmpeg(*late, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", codec, tmp_path / name)
        assert RemuxScrubber().scrub(tmp_path / name, tmp_path / "out", limits).startswith("video/")
