"""Places: finds the districts, stations and outposts that a text names, in any script and spelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from satark_words.analysis import Analysis
from satark_words.geography.geography import ELSEWHERE, Geography, called_stations
from satark_words.geography.units import UNIT_WORDS
from satark_words.lexicon import Lexicon
from satark_words.marks import DISTANT, SOUND, Mark
from satark_words.reading import PlaceFound

_BEGINNING: Final = 80
_END: Final = 40
"""Number of words at the beginning and at the end of a text that are searched for names. A found place is only likely,
so the tipster is told it."""
_SHORTEST_JOINED: Final = 6


class Places:
    """The names of one geography, indexed by spelling. Build it once for a geography."""

    def __init__(self, geography: Geography, lexicon: Lexicon) -> None:
        self._geography = geography
        self._ordinary = lexicon
        self._names = Lexicon(_names(geography), lists=lexicon.knows)
        self._stations = {station.code for station in geography.stations()}

    def find(self, analysis: Analysis) -> PlaceFound:
        """Find the one district, station and outpost that a text names; empty if the names contradict each other."""
        named = self.codes(analysis)
        found = self._geography.resolve(named)
        mentioned = bool(named) or analysis.has("place.thing") or _near_something(analysis)
        return PlaceFound(district=found.district, station=found.station, outpost=found.outpost, mentioned=mentioned)

    def codes(self, analysis: Analysis) -> set[str]:
        """Return the codes that a text names in any spelling, with `ELSEWHERE` if it names a place outside."""
        if analysis.codes is None:
            analysis.codes = self.named(analysis) | (self._geography.named(analysis.text) & {ELSEWHERE})
        return analysis.codes

    def named(self, analysis: Analysis) -> set[str]:
        """Return every code that a text names."""
        found = self._found(analysis)
        whole = [mark for mark in found if not _is_inside(mark, found)]
        words = [token.text for token in analysis.tokens]
        return set(called_stations([(mark.name, mark.start, mark.end) for mark in whole], words, self._stations))

    def spans(self, analysis: Analysis, code: str) -> list[tuple[int, int]]:
        """Return the token ranges in which a text names a code."""
        return [(mark.start, mark.end) for mark in self._found(analysis) if mark.name == code]

    def _found(self, analysis: Analysis) -> Sequence[Mark]:
        """Find the names in a text, or in the beginning and end of a long one, once for each text."""
        if analysis.places is None:
            parts = _ends(len(analysis))
            found = [mark for part in parts for mark in self._marks(analysis, part)]
            analysis.places = found or [mark for part in parts for mark in self._written_apart(analysis, part)]
        return analysis.places

    def _marks(self, analysis: Analysis, part: slice) -> Iterator[Mark]:
        for mark in self._names.marks(analysis.tokens[part], analysis.heard):
            there = mark._replace(start=mark.start + part.start, end=mark.end + part.start)
            if self._counts(there, analysis):
                yield there

    def _written_apart(self, analysis: Analysis, part: slice) -> Iterator[Mark]:
        """Find names of one word that were written as two: "chet ganj"."""
        for index, (one, other) in enumerate(pairwise(analysis.tokens[part]), start=part.start):
            text = one.text + other.text
            if len(text) >= _SHORTEST_JOINED and self._names.sounds_known(text):
                marks = self._names.marks([one._replace(text=text)])
                yield from (mark._replace(start=index, end=index + 2) for mark in marks if mark.quality >= SOUND)

    def _counts(self, mark: Mark, analysis: Analysis) -> bool:
        """Return whether a mark is really a name: an ordinary word is not a misspelt name, as "ladka" is not Lanka."""
        if mark.quality >= SOUND:
            return True
        words = [analysis.tokens[index].text for index in range(mark.start, mark.end)]
        known = analysis.heard_surely.issuperset(range(mark.start, mark.end)) or any(
            self._ordinary.knows(word) for word in words
        )
        return not known and (mark.quality > DISTANT or len("".join(words)) > 5)  # noqa: PLR2004


def _ends(size: int) -> Sequence[slice]:
    if size <= _BEGINNING + _END:
        return [slice(0, size)]
    return [slice(0, _BEGINNING), slice(size - _END, size)]


def _names(geography: Geography) -> Iterator[tuple[str, str]]:
    for district in geography.districts:
        for unit in district.units():
            for name in unit.every_name:
                yield unit.code, name
                short = " ".join(word for word in name.split() if word.casefold() not in UNIT_WORDS)
                if short and short != name:
                    yield unit.code, short


def _is_inside(mark: Mark, others: Iterable[Mark]) -> bool:
    size = mark.end - mark.start
    return any(o.start <= mark.start and mark.end <= o.end and o.end - o.start > size for o in others)


def _near_something(analysis: Analysis) -> bool:
    return analysis.has("place.near") and len(analysis) > 1
