"""A call plays clips or a synthetic voice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.api.prompt import clip_name
from satark.api.providers import Line, Pace
from satark_whatsapp.calls.sounds import PACKETS_A_SECOND, SILENCE, beep, clip_packets, spoken_packets

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
