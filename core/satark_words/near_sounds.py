"""Near sounds: those of known words that a misspelt word is a letter or two off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

_SHORTEST: Final = 6
_TWO_LETTERS_OFF: Final = 9
"""Letters of the shortest word that may be one letter off, and of the shortest that may be two."""


class NearSounds:
    """Sounds of words, by how they begin and how long a word near them may be."""

    def __init__(self, sounds: Iterable[str]) -> None:
        self._alike: dict[tuple[str, int], list[str]] = {}
        for sound in sounds:
            size = len(sound)
            for other in (size - 2, size - 1, size, size + 1, size + 2) if size >= _SHORTEST - 1 else ():
                if abs(other - size) <= _letters_off(other) and sound.isalpha():
                    self._alike.setdefault((sound[0], other), []).append(sound)

    def of(self, sound: str) -> Sequence[str]:
        """Return those that a sound is the fewest letters off; none where it is too short, or no word."""
        size = len(sound)
        if size < _SHORTEST or not sound.isalpha():
            return ()
        alike = self._alike.get((sound[0], size), ())
        near = extract(sound, alike, scorer=OSA.distance, score_cutoff=_letters_off(size), limit=None)
        best = min((distance for _, distance, _ in near), default=0)
        return [other for other, distance, _ in near if distance == best]


def _letters_off(size: int) -> int:
    return 2 if size >= _TWO_LETTERS_OFF else 1
