"""A call plays clips or a synthetic voice, hears speech in a recording, and writes it as a file."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import av
import pytest

from satark.api.prompt import clip_name
from satark.api.providers import Line, Pace
from satark.speech.ogg_opus import read_packets
from satark_whatsapp.calls.sounds import FRAME, PACKETS_A_SECOND, SILENCE, Recording, beep, clip_packets, spoken_packets

Clips = Callable[..., Any]


def test_a_line_is_played_from_its_clip_and_else_spoken(clips: Clips) -> None:
    notes = clips(clip_name("hi", "एक"))
    assert clip_packets(Line(text="एक", language="hi"), notes) == [*beep()[:1]]
    assert clip_packets(Line(text="दो", language="hi"), notes) is None
    assert spoken_packets(Line(text="दो", language="hi"), notes) == [*beep()[:2]]
    assert notes.made == [clip_name("hi", "एक"), ("hi", "दो")]


def test_a_line_that_cannot_be_spoken_is_silent(clips: Clips) -> None:
    notes = clips()
    notes.make = lambda _: b""
    assert spoken_packets(Line(text="एक", language="hi"), notes) == []


@pytest.mark.parametrize(("pace", "gap"), [("slow", 10), ("slowest", 30)])
def test_a_code_is_said_digit_by_digit_with_pauses(pace: Pace, gap: int, clips: Clips) -> None:
    notes = clips(*(clip_name("hi", digit) for digit in "83"))
    tone, line = beep()[0], Line(text="8 3", language="hi", pace=pace, pause=1)
    assert clip_packets(line, notes) == [tone, *[SILENCE] * gap, tone, *[SILENCE] * (gap + PACKETS_A_SECOND)]
    notes.made.clear()
    spoken_packets(line, notes)
    assert notes.made == [("hi", "8"), ("hi", "3")]


def test_the_number_of_a_tip_is_spelled(clips: Clips) -> None:
    notes = clips()
    spoken_packets(Line(text="Tip number 4K7Q-2XPM.", language="en"), notes)
    assert notes.made == [("en", "Tip number 4 K 7 Q - 2 X P M.")]


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
