"""A scrubber's report about a copy, and the reasons for having none."""

from typing import get_args

import pytest

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.scrubber import LEFT_OUT, REASONS, Cleaned, LeftOut, Reason, Scrubber, Unclean


def test_the_readable_percentage_is_between_1_and_100() -> None:
    assert [Cleaned("image/png", readable=percent).readable for percent in (-3, 0, 40, 120)] == [1, 1, 40, 100]


def test_each_kind_of_left_out_content_is_named_once() -> None:
    made = Cleaned("video/mp4", left_out=["subtitles", "film", "subtitles"])
    assert (made, made.left_out) == ("video/mp4", ("subtitles", "film"))


def test_every_reason_and_everything_left_out_has_a_sentence() -> None:
    assert tuple(REASONS) == get_args(Reason)
    assert tuple(LEFT_OUT) == get_args(LeftOut)
    assert Unclean("damaged").reason == "damaged"


@pytest.mark.slow("ffmpeg")
def test_every_built_in_scrubber_keeps_the_protocol() -> None:
    scrubbers: list[object] = [*builtin_scrubbers()]
    assert all(isinstance(scrubber, Scrubber) for scrubber in scrubbers)
    assert all(scrubber.mimes for scrubber in builtin_scrubbers())
