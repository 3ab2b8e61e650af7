"""Speech is heard in a recording, which is written as a file."""

from __future__ import annotations

from io import BytesIO

import av
import pytest

from satark.speech.ogg_opus import read_packets
from satark_whatsapp.calls.recording import Recording
from satark_whatsapp.calls.sounds import FRAME, PACKETS_A_SECOND, SILENCE, beep


def recorded(*packets: bytes) -> Recording:
    recording = Recording(0.0)
    for number, packet in enumerate(packets):
        recording.add(7 + number * FRAME, packet, (number + 1) / PACKETS_A_SECOND)
    return recording


def test_silence_is_no_speech_and_a_tone_is() -> None:
    assert not recorded(*[SILENCE] * 100).has_speech
    spoken = recorded(*beep(), *[SILENCE] * 50)
    assert spoken.has_speech
    assert 0 < spoken.heard_at < 0.5, "silence after speech is no speech"
    assert spoken.seconds == 2


@pytest.mark.slow("a long sound")
def test_a_constant_noise_is_no_speech_for_long() -> None:
    recording = recorded(*[*beep()] * 100)
    assert recording.has_speech
    assert recording.heard_at < 10, "it is the room's noise"


@pytest.mark.parametrize("broken", [b"", b"\xff", b"\x00" * 2000])
def test_a_broken_packet_is_no_speech(broken: bytes) -> None:
    assert not recorded(broken, broken).has_speech


def test_a_recording_is_a_file_of_its_packets_in_their_order() -> None:
    tone, start = beep(), 2**32 - 2 * FRAME
    recording = Recording(0.0)
    for number in (0, 1, 3, 2, 2, 5):  # late, twice, lost
        recording.add((start + number * FRAME) % 2**32, tone[number], 0.0)
    assert read_packets(recording.file()) == tuple(tone[number] for number in (0, 1, 2, 3, 5))
    with av.open(BytesIO(recording.file())) as file:
        assert file.streams[0].codec_context.name in {"opus", "libopus"}
