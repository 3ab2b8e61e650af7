"""Cuts sound into chunks that a model hears at once, each where it is quiet: words are not cut in two."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

from satark.evidence.recognition.model import CHUNK_SECONDS, RATE

_LONGEST: Final = CHUNK_SECONDS * RATE
_SEARCHED: Final = 5 * RATE
"""Samples at the end of a chunk among which the quiet place is looked for."""
_FRAME: Final = RATE // 10


def chunks(sound: array[int]) -> Iterator[array[int]]:
    """Yield the samples (16 bits, one channel, `RATE`) in chunks of at most `CHUNK_SECONDS`; none is left out."""
    at = 0
    while len(sound) - at > _LONGEST:
        cut = _quietest(sound, at + _LONGEST - _SEARCHED, at + _LONGEST)
        yield sound[at:cut]
        at = cut
    if at < len(sound):
        yield sound[at:]


def _quietest(sound: array[int], begin: int, end: int) -> int:
    frames = range(begin, end - _FRAME + 1, _FRAME)
    return min(frames, key=lambda frame: sum(map(abs, sound[frame : frame + _FRAME]))) + _FRAME // 2
