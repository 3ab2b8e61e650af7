"""Sound is cut where it is quiet, and nothing of it is left out."""

from __future__ import annotations

from array import array

import pytest

from satark.evidence.recognition.model import PIECE_SECONDS, RATE
from satark.evidence.recognition.pieces import pieces


@pytest.mark.parametrize("seconds", [0, 0.1, PIECE_SECONDS, PIECE_SECONDS + 0.1, 60, 95.5])
def test_the_pieces_are_the_whole_and_none_is_too_long(seconds: float) -> None:
    sound = array("h", (n * 7919 % 20_011 - 10_005 for n in range(int(seconds * RATE))))
    cut = list(pieces(sound))
    assert sum(cut, array("h")) == sound
    assert all(0 < len(piece) <= PIECE_SECONDS * RATE for piece in cut)


def test_the_cut_is_in_the_pause() -> None:
    sound = array("h", [9000]) * (40 * RATE)
    pause = range(22 * RATE, 23 * RATE)
    sound[pause.start : pause.stop] = array("h", [10]) * len(pause)
    assert len(next(pieces(sound))) in pause
