"""The sample photos have metadata that identify their owner, and the sample recording has sound."""

from __future__ import annotations

import wave

from satark_demo import samples
from satark_demo.messages import identifying_metadata


def test_the_sample_photos_identify_their_owner() -> None:
    for name in samples.names():
        assert identifying_metadata(samples.photograph(name)) == (
            "GPS 25.28917, 83.00694",
            "DT-9 of Ramesh",
            "Ramesh, Assi",
            "2026:11:20 22:41:07",
            "SN-4471-0925",
        )


def test_the_spoken_sample_is_two_seconds_of_sound() -> None:
    with wave.open(str(samples.FOLDER / "spoken.wav")) as sound:
        assert sound.getnframes() == 2 * sound.getframerate()
        frames = sound.readframes(sound.getnframes())
    assert max(frames[1::2]) > 0
