"""Words between, in and after the coded pictures and sounds, where a container's own cleaning does not reach."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import pytest

from satark.evidence.recordings import audio_frames, mpeg_user_data
from satark.evidence.recordings.remux import RemuxScrubber
from satark.evidence.sniff import sniff_file
from satark.limits import Limits
from satark.scrubber import Unclean
from satark.testing.evidence.specimens import MARKER

Make = Callable[[str], Path]
_PICTURES = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=0.6", "-pix_fmt", "yuv420p")
_HDR = "log-level=none:hdr10=1:max-cll=1000,400:master-display=G(13250,34500)B(7500,3000)R(34000,16000)"
_HDR += "WP(15635,16450)L(10000000,1)"


def ffmpeg(*arguments: object) -> None:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def decoded(path: Path) -> str:
    """A hash of each track as it is seen and heard."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-v", "quiet", "-noautorotate", "-i", path, "-f", "streamhash", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def cleaned(source: Path, limits: Limits) -> Path:
    target = source.with_name(f"clean-{source.name}")
    RemuxScrubber().scrub(source, target, limits)
    return target


class Film(NamedTuple):
    """A coding, a container that takes it, and what is put before its first unit that begins so."""

    coding: str
    ending: str
    container: str
    first: bytes
    units: bytes


# Fillers, units that the standards leave to others, and user data; each ends as its kind ends.
_AVC = b"\0\0\1\x0c" + MARKER + b"\x80" + b"\0\0\1\x1f" + MARKER + b"\x80"
_HEVC = b"\0\0\1\x7c\x01" + MARKER + b"\x80" + b"\0\0\1\x4c\x01" + MARKER + b"\x80"
_USER = b"\0\0\1\xb2GPS 25.3176 " + MARKER
FILMS = [
    *(Film("libx264", "h264", one, b"\0\0\1\x65", _AVC) for one in ("mp4", "mov", "mkv", "avi")),
    *(Film("libx265", "hevc", one, b"\0\0\1\x28", _HEVC) for one in ("mp4", "mov", "mkv")),
    *(Film("mpeg2video", "m2v", one, b"\0\0\1\xb8", _USER) for one in ("mpg", "mp4", "avi")),
    *(Film("mpeg1video", "m1v", one, b"\0\0\1\xb8", _USER) for one in ("mpg", "mp4", "avi")),
]


@pytest.mark.parametrize("film", FILMS, ids=lambda film: f"{film.ending}-{film.container}")
def test_no_words_stay_between_the_pictures(film: Film, tmp_path: Path, limits: Limits) -> None:
    raw, source = tmp_path / f"raw.{film.ending}", tmp_path / f"film.{film.container}"
    ffmpeg(*_PICTURES, "-c:v", film.coding, *(("-x265-params", "log-level=none") * (film.ending == "hevc")), raw)
    data = raw.read_bytes()
    at = data.index(film.first)
    raw.write_bytes(data[:at] + film.units + data[at:])
    timed = () if film.container == "mpg" else ("-bsf:v", "setts=pts=N:dts=N")
    ffmpeg("-r", "25", "-i", raw, "-c", "copy", *timed, *(("-f", "vob") * (film.container == "mpg")), source)
    assert MARKER in source.read_bytes()
    copy = cleaned(source, limits)
    assert MARKER not in copy.read_bytes()
    assert decoded(copy) == decoded(source)


@pytest.mark.parametrize("container", ["3gp", "mp4", "mov", "mkv", "avi"])
def test_the_words_among_mpeg_4_pictures_become_blanks(container: str, tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / f"film.{container}"
    ffmpeg(*_PICTURES, "-c:v", "mpeg4", source)
    marked = re.compile(rb"(\x00\x00\x01\xb2)Lavc[\d.]+")
    data, count = marked.subn(lambda found: found[1] + MARKER.ljust(len(found[0]) - 4, b"\x07"), source.read_bytes())
    source.write_bytes(data)
    assert count
    copy = cleaned(source, limits)
    assert MARKER not in copy.read_bytes()
    assert decoded(copy) == decoded(source)


@pytest.mark.parametrize("container", ["avi", "mov", "mkv", "mp4"])
def test_the_exif_blocks_of_a_film_of_jpegs_go(container: str, make: Make, tmp_path: Path, limits: Limits) -> None:
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(make("jpg").read_bytes())
    source = tmp_path / f"film.{container}"
    ffmpeg("-framerate", "5", "-i", tmp_path / "%d.jpg", "-c", "copy", source)
    assert source.read_bytes().count(MARKER) > 5
    copy = cleaned(source, limits)
    assert MARKER not in copy.read_bytes()
    assert decoded(copy) == decoded(source)


def test_the_mark_by_which_decoders_know_an_encoder_stays() -> None:
    stream = b"\0\0\1\xb2Lavc63.1.100\0\0\1\xb2XviD0050\0\0\1\xb2DivX503b1393p\0\0\1\xb6picture"
    assert mpeg_user_data.find_user_data(stream) == set()
    assert mpeg_user_data.find_user_data(stream + b"\0\0\1\xb2XviD0050 " + MARKER) == {b"XviD0050 " + MARKER}


def test_a_camera_that_says_something_with_every_picture_takes_one_pass(tmp_path: Path) -> None:
    """Twenty thousand passes over forty megabytes would take hours."""
    said = [MARKER + b"-%d" % number for number in range(20_000)]
    path = tmp_path / "film"
    path.write_bytes(b"".join(b"\0\0\1\xb2" + one + b"\0\0\1\xb6" + b"p" * 2_000 for one in said))
    size = path.stat().st_size
    mpeg_user_data.blank_user_data(path, mpeg_user_data.find_user_data(path.read_bytes()))
    assert MARKER not in path.read_bytes()
    assert path.stat().st_size == size


@pytest.mark.parametrize("container", ["webm", "mkv"])
@pytest.mark.parametrize("name", ["ogg", "ogv"])
def test_the_comments_of_an_ogg_go_from_other_containers_too(
    name: str, container: str, make: Make, tmp_path: Path, limits: Limits
) -> None:
    if (name, container) == ("ogv", "webm"):
        return
    source = tmp_path / f"film.{container}"
    film = () if name == "ogv" else (*_PICTURES, "-c:v", "libvpx", "-map", "1", "-map", "0:a")
    ffmpeg("-i", make(name), *film, "-c:a", "copy", *(("-c:v", "copy") if name == "ogv" else ()), source)
    head = source.read_bytes()
    words = head.index(b"\x03vorbis") + 11  # what ffmpeg does not carry over, other programs do
    size = int.from_bytes(head[words - 4 : words], "little")
    source.write_bytes(head[:words] + (MARKER * 9)[:size] + head[words + size :])
    copy = cleaned(source, limits)
    assert MARKER not in copy.read_bytes()
    assert decoded(copy) == decoded(source)


def test_a_chain_of_oggs_has_no_copy(make: Make, tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / "chain.opus"
    other = tmp_path / "other.opus"
    ffmpeg("-i", make("opus"), "-c", "copy", "-serial_offset", "7", other)
    source.write_bytes(make("opus").read_bytes() + other.read_bytes())
    with pytest.raises(Unclean):
        cleaned(source, limits)


def test_a_film_for_bright_screens_is_cleaned(tmp_path: Path, limits: Limits) -> None:
    source, told = tmp_path / "film.mp4", tmp_path / "told.mp4"
    ffmpeg(*_PICTURES, "-c:v", "libx265", "-x265-params", _HDR, "-tag:v", "hvc1", source)
    ffmpeg("-i", source, "-c:v", "libx264", told)  # here the screen is told of in the container
    assert b"mdcv" in told.read_bytes()
    for one in (source, told):
        assert decoded(cleaned(one, limits)) == decoded(one)


TAILS = [MARKER, MARKER * 40, bytes(16) + MARKER * 700, b"TAG" + MARKER * 17, b"\xff\xfb" + MARKER * 5]


@pytest.mark.parametrize("tail", TAILS, ids=range(len(TAILS)))
@pytest.mark.parametrize("name", ["amr", "awb", "flac", "mp3", "aac", "wav", "opus", "ogg", "aiff", "m4a"])
def test_nothing_hides_after_the_last_sound(name: str, tail: bytes, make: Make, tmp_path: Path, limits: Limits) -> None:
    plain, source = tmp_path / f"plain.{name}", tmp_path / f"tail.{name}"
    plain.write_bytes(make(name).read_bytes())
    source.write_bytes(plain.read_bytes() + tail)
    copy = cleaned(source, limits)
    assert MARKER not in copy.read_bytes()
    assert copy.read_bytes() == cleaned(plain, limits).read_bytes()


@pytest.mark.parametrize(("name", "sync"), [("mp3", b"\xff\xfb"), ("aac", b"\xff\xf1")])
def test_nothing_hides_between_sounds_and_none_of_them_is_lost(
    name: str, sync: bytes, make: Make, tmp_path: Path, limits: Limits
) -> None:
    plain, source = tmp_path / f"plain.{name}", tmp_path / f"between.{name}"
    plain.write_bytes(make(name).read_bytes())
    data = plain.read_bytes()
    at = data.index(sync, len(data) // 2)
    source.write_bytes(data[:at] + MARKER * 3 + data[at:])
    assert cleaned(source, limits).read_bytes() == cleaned(plain, limits).read_bytes()


@pytest.mark.parametrize("name", ["amr", "awb", "aac", "flac", "mp3"])
def test_frames_are_all_of_a_whole_file(name: str, make: Make, tmp_path: Path, limits: Limits) -> None:
    plain = tmp_path / f"plain.{name}"
    plain.write_bytes(make(name).read_bytes())
    copy = cleaned(plain, limits).read_bytes()
    mime = sniff_file(plain)
    assert audio_frames.frames_only(mime, copy) == copy
    assert copy.startswith(audio_frames.frames_only(mime, copy[: len(copy) * 2 // 3])), (
        "of one that is cut short, whole frames"
    )


def test_what_a_phone_lost_on_the_way_cuts_no_recording_short() -> None:
    good, lost, silent = b"\x3c" + bytes(31), b"\x38" + bytes(31), b"\x78"
    whole = b"#!AMR\n" + good * 3 + lost + silent + good
    assert audio_frames.frames_only("audio/amr", whole) == whole
    assert audio_frames.frames_only("audio/amr", whole + silent) == whole + silent
    assert audio_frames.frames_only("audio/amr", whole + bytes(26) + MARKER) == whole
    assert audio_frames.frames_only("audio/amr", whole + MARKER * 9 + good * 12) == whole + good * 12, (
        "and what follows is found"
    )


@pytest.mark.parametrize("mime", sorted(audio_frames.MIMES))
def test_what_holds_no_frame_is_damaged(mime: str) -> None:
    for data in (b"", b"#!AMR\n", b"#!AMR-WB\n", MARKER * 9, b"\xff\xfb\xff\xf8" * 9):
        with pytest.raises(Unclean, match="damaged"):
            audio_frames.frames_only(mime, data)
