"""Places: compares pins on the map, and landmarks of one station's area that tipsters describe in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Final

import msgspec

from satark.casework.related.wording import EMPTY, as_compared
from satark.casework.search import words_in

METRES: Final = 75
"""Longest distance between two pins of one place, in metres."""
_SQUARE: Final = 0.001
"""Side of a square, in degrees: about a hundred metres, so that near pins lie in one or in neighbouring squares."""
_DEGREE: Final = 111_320
"""Metres of a degree of latitude."""
_MOST_WORDS: Final = 8
_SAME: Final = 0.5
"""Smallest share of words that two descriptions of one place have in common."""
_GENERAL: Final = """
पास पीछे सामने बगल नजदीक करीब किनारे ऊपर नीचे अंदर बाहर गली मोहल्ला चौराहा तिराहा रोड सड़क मार्ग गांव नगर कॉलोनी बाजार
जिला थाना शहर मंदिर मस्जिद स्कूल दुकान मकान घर pas paas piche peeche samne bagal najdik karib kinare upar niche andar
bahar gali mohalla chauraha tiraha road sadak marg gaon nagar colony bazar bajar jila thana shahar mandir masjid
school dukan makan ghar near behind opposite front side beside street lane crossing village town market district
station city temple mosque shop house
"""


class Pin(msgspec.Struct, frozen=True):
    """A point on the map, in degrees."""

    latitude: float
    longitude: float

    def metres_to(self, other: Pin) -> float:
        """Return the distance to another pin nearby, in metres."""
        north = (self.latitude - other.latitude) * _DEGREE
        east = (self.longitude - other.longitude) * _DEGREE * math.cos(math.radians(self.latitude))
        return math.hypot(north, east)

    def squares(self) -> Iterator[tuple[int, int]]:
        """Yield the square of the map in which the pin lies, then the squares around it."""
        row, column = math.floor(self.latitude / _SQUARE), math.floor(self.longitude / _SQUARE)
        yield row, column
        yield from ((row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y)


class Landmark(msgspec.Struct, frozen=True):
    """A place that a tipster describes in words, within a station's area."""

    station: str
    words: frozenset[str]
    """Its words as they are compared, without those that many places have in common."""

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """Yield each pair of its words: another description of the place shares at least one pair."""
        return ((self.station, *pair) for pair in combinations(sorted(self.words)[:_MOST_WORDS], 2))

    def is_same(self, other: Landmark) -> bool:
        """Return whether two descriptions are of one place."""
        shared = self.words & other.words
        return (
            self.station == other.station and len(shared) > 1 and len(shared) / len(self.words | other.words) >= _SAME
        )


def landmark(text: str, station: str) -> Landmark | None:
    """Return the landmark that a text describes; None if it says too little."""
    words = frozenset(as_compared(word) for word in words_in(text)) - EMPTY - _GENERAL_WORDS - {""}
    return Landmark(station, words) if station and len(words) > 1 else None


_GENERAL_WORDS: Final = frozenset(as_compared(word) for word in words_in(_GENERAL))
