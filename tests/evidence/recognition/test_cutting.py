"""Sound is cut where it is quiet, and nothing of it is left out."""

from __future__ import annotations

from array import array

import pytest

from satark.evidence.recognition.model import CHUNK_SECONDS, RATE, chunks


@pytest.mark.parametrize("seconds", [0, 0.1, CHUNK_SECONDS, CHUNK_SECONDS + 0.1, 60, 95.5])
def test_the_chunks_are_the_whole_and_none_is_too_long(seconds: float) -> None:
    sound = array("h", (n * 7919 % 20_011 - 10_005 for n in range(int(seconds * RATE))))
    cut = list(chunks(sound))
    assert sum(cut, array("h")) == sound
    assert all(0 < len(chunk) <= CHUNK_SECONDS * RATE for chunk in cut)


def test_the_cut_is_in_the_pause() -> None:
    sound = array("h", [9000]) * (40 * RATE)
    pause = range(22 * RATE, 23 * RATE)
    sound[pause.start : pause.stop] = array("h", [10]) * len(pause)
    assert len(next(chunks(sound))) in pause
