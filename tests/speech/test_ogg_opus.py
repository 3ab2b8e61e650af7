"""Opus in Ogg: files are written as ffmpeg writes them, and reading returns what was written."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest

from satark.speech.ogg_opus import EncoderError, NotOpusError, encode, encode_files, read_packets, seconds, write_file
from satark.speech.voice_notes import fill_folder

LINES = {"en-1": ("en", "Welcome."), "hi-1": ("hi", "नमस्ते, आप कैसे हैं?")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    filled = fill_folder(LINES, folder, None)
    assert (filled.rendered, filled.missing) == (2, ())
    return folder


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


@pytest.mark.parametrize("data", [b"", b"RIFF", b"OggS" + bytes(40)])
def test_a_file_that_is_not_opus_is_refused(data: bytes) -> None:
    with pytest.raises(NotOpusError):
        read_packets(data)


def test_a_long_packet_and_many_packets_are_read_back_unchanged() -> None:
    packets = tuple(bytes([n % 256]) * size for n, size in enumerate([1, 254, 255, 256, 510, 700] * 20))
    assert read_packets(write_file(packets)) == packets


pytestmark = pytest.mark.slow("ffmpeg")


def silence(length: float) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(4 * round(length * 16_000)))
    return made.getvalue()


def test_a_sound_is_as_long_coded_as_it_was() -> None:
    assert seconds(read_packets(encode(silence(0.5)))) == pytest.approx(0.5, abs=0.05)


def test_many_files_are_coded_in_batches(tmp_path: Path) -> None:
    files = {tmp_path / f"{n}.wav": tmp_path / f"{n}.ogg" for n in range(41)}
    for file in files:
        file.write_bytes(silence(0.1))
    encode_files(files)
    assert all(read_packets(target.read_bytes()) for target in files.values())


def test_data_that_is_not_sound_is_refused() -> None:
    with pytest.raises(EncoderError, match="ffmpeg failed"):
        encode(b"no sound")
