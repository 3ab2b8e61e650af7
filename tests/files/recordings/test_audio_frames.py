"""Audio without a container: all complete frames stay, and only these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.recordings import audio_frames
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff_file
from support.evidence.markers import MARKER_BYTES

Make = Callable[[str], Path]
Clean = Callable[[Path], Path]
TAILS = [
    MARKER_BYTES,
    MARKER_BYTES * 40,
    bytes(16) + MARKER_BYTES * 700,
    b"TAG" + MARKER_BYTES * 17,
    b"\xff\xfb" + MARKER_BYTES * 5,
]


@pytest.mark.parametrize("tail", TAILS, ids=range(len(TAILS)))
@pytest.mark.parametrize("name", ["amr", "awb", "flac", "mp3", "aac", "wav", "opus", "ogg", "aiff", "m4a"])
def test_no_data_hides_after_the_last_frame(name: str, tail: bytes, make: Make, tmp_path: Path, cleaned: Clean) -> None:
    plain, source = tmp_path / f"plain.{name}", tmp_path / f"tail.{name}"
    plain.write_bytes(make(name).read_bytes())
    source.write_bytes(plain.read_bytes() + tail)
    copy = cleaned(source)
    assert MARKER_BYTES not in copy.read_bytes()
    assert copy.read_bytes() == cleaned(plain).read_bytes()


@pytest.mark.parametrize(("name", "sync"), [("mp3", b"\xff\xfb"), ("aac", b"\xff\xf1")])
def test_no_data_hides_between_frames_and_no_frame_is_lost(
    name: str, sync: bytes, make: Make, tmp_path: Path, cleaned: Clean
) -> None:
    plain, source = tmp_path / f"plain.{name}", tmp_path / f"between.{name}"
    plain.write_bytes(make(name).read_bytes())
    data = plain.read_bytes()
    at = data.index(sync, len(data) // 2)
    source.write_bytes(data[:at] + MARKER_BYTES * 3 + data[at:])
    assert cleaned(source).read_bytes() == cleaned(plain).read_bytes()


@pytest.mark.parametrize("name", ["amr", "awb", "aac", "flac", "mp3"])
def test_a_clean_file_consists_of_frames(name: str, make: Make, tmp_path: Path, cleaned: Clean) -> None:
    plain = tmp_path / f"plain.{name}"
    plain.write_bytes(make(name).read_bytes())
    copy = cleaned(plain).read_bytes()
    mime = sniff_file(plain)
    assert audio_frames.frames_only(mime, copy) == copy
    assert copy.startswith(audio_frames.frames_only(mime, copy[: len(copy) * 2 // 3])), (
        "of a file that is cut short, the complete frames"
    )


def test_damaged_frames_do_not_shorten_a_recording() -> None:
    good, lost, silent = b"\x3c" + bytes(31), b"\x38" + bytes(31), b"\x78"
    complete = b"#!AMR\n" + good * 3 + lost + silent + good
    assert audio_frames.frames_only("audio/amr", complete) == complete
    assert audio_frames.frames_only("audio/amr", complete + silent) == complete + silent
    assert audio_frames.frames_only("audio/amr", complete + bytes(26) + MARKER_BYTES) == complete
    assert audio_frames.frames_only("audio/amr", complete + MARKER_BYTES * 9 + good * 12) == complete + good * 12, (
        "and the frames that follow are found"
    )


@pytest.mark.parametrize("mime", sorted(audio_frames.MIMES))
def test_a_file_without_frames_is_refused(mime: str) -> None:
    for data in (b"", b"#!AMR\n", b"#!AMR-WB\n", MARKER_BYTES * 9, b"\xff\xfb\xff\xf8" * 9):
        with pytest.raises(Unclean, match="damaged"):
            audio_frames.frames_only(mime, data)


def test_the_version_of_an_aac_encoder_is_blanked(make: Callable[[str], Path]) -> None:
    data = make("aac").read_bytes()
    assert b"Lavc" in data
    frames = audio_frames.frames_only("audio/aac", data)
    assert b"Lavc" not in frames
    assert b" " * 8 in frames
