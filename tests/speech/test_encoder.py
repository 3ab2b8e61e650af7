"""Sound is coded as Opus in Ogg; what is no sound is refused."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest

from satark.speech.encoder import EncoderError, encode, encode_files
from satark.speech.ogg_opus import read_packets, seconds

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


def test_what_is_no_sound_is_refused() -> None:
    with pytest.raises(EncoderError, match="ffmpeg failed"):
        encode(b"no sound")
