"""Clips are coded alike, so that a voice note is their packets one after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.prompt import VoiceNote
from satark.speech import clips_folder
from satark.speech.clips_folder import fill_folder
from satark.speech.ogg_opus import NotOpusError, read_packets, seconds, write_file
from satark.speech.voice_notes import PAUSE, VoiceNotes, reuse_key

LINES = {"en-1": ("en", "Welcome."), "hi-1": ("hi", "नमस्ते, आप कैसे हैं?")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    filled = fill_folder(LINES, folder, None, PAUSE)
    assert (filled.rendered, filled.missing) == (2, ())
    return folder


@pytest.mark.needs("espeak-ng")
def test_a_note_plays_as_long_as_its_clips_together(folder: Path) -> None:
    notes = VoiceNotes(folder)
    each = [seconds(read_packets((folder / f"{name}.ogg").read_bytes())) for name in ("en-1", PAUSE, "hi-1")]
    whole = notes.make(VoiceNote(("en-1", PAUSE, "hi-1")))
    assert seconds(read_packets(whole)) == pytest.approx(sum(each))
    assert min(each) > 0.25


@pytest.mark.needs("espeak-ng")
def test_a_written_page_has_the_checksum_that_ffmpeg_writes(folder: Path) -> None:
    by_ffmpeg = (folder / "hi-1.ogg").read_bytes()
    # Of two files with the same packets only the serial number differs, and with it the checksums.
    ours = write_file(read_packets(by_ffmpeg))
    at = by_ffmpeg.index(b"OggS", 4)
    tags = by_ffmpeg[at : by_ffmpeg.index(b"OggS", at + 4)]
    assert _crc(tags) == int.from_bytes(tags[22:26], "little")
    assert _crc(ours[47:][: ours.index(b"OggS", 48) - 47]) == int.from_bytes(ours[69:73], "little")


def _crc(page: bytes) -> int:
    """Compute RFC 3533's checksum bit by bit."""
    value = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value >> 31 else value << 1) & 0xFFFFFFFF
    return value


@pytest.mark.needs("espeak-ng")
def test_words_without_a_clip_are_read_by_the_synthetic_voice(folder: Path) -> None:
    note = VoiceNote(("en-1", ("en", "The gang was arrested.")))
    assert seconds(read_packets(VoiceNotes(folder).make(note))) > seconds(
        read_packets((folder / "en-1.ogg").read_bytes())
    )


@pytest.mark.needs("espeak-ng")
def test_a_recording_takes_the_place_of_the_synthetic_voice(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "en-1.ogg").write_bytes((folder / "hi-1.ogg").read_bytes())
    filled = fill_folder({"en-1": LINES["en-1"]}, tmp_path / "out", tmp_path / "in", PAUSE)
    assert (filled.recorded, filled.rendered) == (1, 0)
    played = seconds(read_packets((tmp_path / "out" / "en-1.ogg").read_bytes()))
    assert played == pytest.approx(seconds(read_packets((folder / "hi-1.ogg").read_bytes())), abs=0.05)


def test_without_the_synthetic_voice_the_missing_lines_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips_folder, "can_speak", lambda _: False)
    assert fill_folder(LINES, tmp_path, None, PAUSE).missing == ("en-1", "hi-1")
    assert VoiceNotes(tmp_path).ready


def test_what_is_one_persons_alone_is_never_found_again() -> None:
    assert reuse_key(VoiceNote(("en-1", "hi-1"))) != reuse_key(VoiceNote(("hi-1", "en-1")))
    assert reuse_key(VoiceNote(("en-1",), once=True)) == ""
    assert reuse_key(VoiceNote(("en-1", ("en", "words")))) == ""


def test_without_clips_nothing_is_ready_and_a_lost_clip_is_left_out(tmp_path: Path) -> None:
    assert not VoiceNotes(None).ready
    assert not VoiceNotes(tmp_path).ready
    (tmp_path / "en-1.ogg").write_bytes(b"broken")
    assert VoiceNotes(tmp_path).make(VoiceNote(("en-1", "en-9"))) == b""


@pytest.mark.parametrize("data", [b"", b"RIFF", b"OggS" + bytes(40)])
def test_what_is_no_opus_file_is_refused(data: bytes) -> None:
    with pytest.raises(NotOpusError):
        read_packets(data)


def test_a_long_packet_and_many_of_them_come_back_as_they_were() -> None:
    packets = tuple(bytes([n % 256]) * size for n, size in enumerate([1, 254, 255, 256, 510, 700] * 20))
    assert read_packets(write_file(packets)) == packets
