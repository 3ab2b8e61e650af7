"""Places: finds the districts, stations and outposts that a text names, in any script and spelling."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from satark_words.analysis import ENGLISH_NEGATIONS, Analysis, once
from satark_words.geography.geography import ELSEWHERE, TRAINS, Geography, PlaceName
from satark_words.geography.units import UNIT_WORDS
from satark_words.lexicon import Lexicon
from satark_words.lexicon_files import index_of
from satark_words.reading import PlaceFound
from satark_words.rules import DISTANT, EXACT, SOUND, Mark, Marks, widest
from satark_words.small_words import listed

_BEGINNING: Final = 80
_END: Final = 40
"""Number of words at the beginning and at the end of a text that are searched for names. A found place is only likely,
so the tipster is told it."""
_IN: Final = listed("on-place") | (listed("behind-place") - {"ke", "के"})
_SHORTEST_JOINED: Final = 6
_BESIDE: Final = 3
"""Most words between a landmark and the words for "near", or its name."""


class Places:
    """The names of one geography, indexed by spelling. Build it once for a geography."""

    def __init__(self, geography: Geography, lexicon: Lexicon) -> None:
        self._geography = geography
        self._ordinary = lexicon
        self._names = Lexicon(index_of(_names(geography, lexicon)), lists=lexicon.knows)
        sounds = [key.sound for key in self._names.keys.values()]
        self._beginnings = {sound[:size] for sound in sounds for size in range(len(sound))}
        self._stations = {station.code for station in geography.stations()}

    def find(self, analysis: Analysis) -> PlaceFound:
        """Find the one district, station and outpost that a text names; empty if the names contradict each other."""
        named = self.codes_told(analysis)
        found = self._geography.resolve(named)
        is_near = analysis.has("place.near") and len(analysis) > 1
        text = self._landmark(analysis, alone=bool(found.district))
        text = text or next((place.name for place in self._villages(analysis)), "")
        return PlaceFound(*found, mentioned=bool(named) or is_near or analysis.has("place.thing"), text=text)

    def codes_told(self, analysis: Analysis) -> set[str]:
        """Return the codes that a text names and does not deny: "Sigra nahi, Lanka"."""
        named = {code: self.marks_of(code, analysis) for code in self.codes(analysis)}
        return {code for code, those in named.items() if not any(is_cleared(analysis, one) for one in those)}

    def _landmark(self, analysis: Analysis, *, alone: bool) -> str:
        """Return the words that tell a place: a landmark or a unit of the geography, and the unknown names beside it.

        `alone`: whether a word such as "behind" beside a landmark suffices.
        """
        units = self._found(analysis)
        things = (*analysis.found("place.thing"), *units)
        tokens, near = analysis.tokens, analysis.covered(("place.near",))
        known = analysis.covered(("*",) if things else ())
        known |= {index for unit in units for index in range(unit.start, unit.end)}
        for thing in things:
            around = range(max(0, thing.start - _BESIDE), min(len(tokens), thing.end + _BESIDE))
            here = [i for i in around if tokens[i].clause == tokens[thing.start].clause]
            behind = {i: {one.text for one in tokens[thing.end : i]} for i in here}
            # "gaon me ghum": what is in a village is not its name, as in "gaon ka naam Baragaon" it is.
            names = [i for i in here if i not in known and (not behind[i] & _IN or behind[i] & listed("named"))]
            if (told := sorted([*(near & {*here}), *names])) and (alone or names):
                first, last = min(thing.start, *told), max(thing.end - 1, *told)
                return analysis.text[tokens[first].start : tokens[last].end]
        return ""

    @once
    def codes(self, analysis: Analysis) -> set[str]:
        """Return the codes that a text names in any spelling, with `ELSEWHERE` if it names a place outside.

        Addresses end with the larger place: "Ghazipur mandi, Delhi" may be outside, and "Fatehpur, Jaunpur" is not.
        """
        named, villages = self.named(analysis), self._villages(analysis)
        common = set(villages[0].districts.intersection(*(one.districts for one in villages)) if villages else ())
        last = max([mark.end for mark in self._found(analysis) if self._geography.district(mark.name)], default=0)
        outside = any(ELSEWHERE in one.districts and one.end > last for one in villages)
        return named | {ELSEWHERE} if outside else named or (common if len(common) == 1 else set())

    @once
    def _villages(self, analysis: Analysis) -> Sequence[PlaceName]:
        """Return the places outside that a text spells exactly, and its villages that are not ordinary words too."""
        found, knows = self._geography.places_in([token.text for token in analysis.tokens]), self._ordinary.knows
        return [one for one in found if ELSEWHERE in one.districts or not all(map(knows, one.name.split()))]

    def named(self, analysis: Analysis) -> set[str]:
        """Return every code that a text names."""
        words = [token.text for token in analysis.tokens]
        return set(_called_stations(widest(self._found(analysis)), words, self._stations))

    def mark_officers(self, analysis: Analysis) -> None:
        """Mark the officer in charge in "SO Lanka paisa leta hai", where "so" is no English word."""
        texts = [token.text for token in analysis.tokens]
        for mark in self._found(analysis) if "so" in texts else ():
            is_within = texts[mark.end : mark.end + 1] and texts[mark.end] in _WITHIN
            if mark.name in self._stations and texts[mark.start - 1 : mark.start] == ["so"] and not is_within:
                officer = Mark("unit.station", mark.start - 1, mark.end, mark.quality)
                analysis.marks = Marks([*analysis.found("*"), officer])

    def marks_of(self, code: str, analysis: Analysis) -> list[Mark]:
        """Return the marks of the words in which a text names a code."""
        return [mark for mark in self._found(analysis) if mark.name == code]

    @once
    def _found(self, analysis: Analysis) -> Sequence[Mark]:
        """Find the names in a text (in a long one: in its beginning and end)."""
        size, both = len(analysis), len(analysis) > _BEGINNING + _END
        parts = [slice(0, _BEGINNING), slice(size - _END, size)] if both else [slice(0, size)]
        found = [mark for part in parts for mark in self._marks(analysis, part)]
        found = found or [mark for part in parts for mark in self._written_apart(analysis, part)]
        analysis.places = [mark for mark in found if not self._is_any_towns(mark, found, analysis)]
        return analysis.places

    def _is_any_towns(self, mark: Mark, found: Sequence[Mark], analysis: Analysis) -> bool:
        """Return whether a name is one that every town has: "Gandhi chowk" is not Chowk, as "chowk, Varanasi" is."""
        if mark.end - mark.start > 1 or mark.start not in analysis.covered(("place.thing", "p.crowded")):
            return False
        district = self._geography.district_of(self._geography.station_of(mark.name) or mark.name)
        names = {at for one in found for at in range(one.start, one.end)} | analysis.covered(("fill", "unit.*"))
        clause = {at for at, token in enumerate(analysis.tokens) if token.clause == analysis.tokens[mark.start].clause}
        return not (clause <= names or any(one.name == district for one in found))

    def _marks(self, analysis: Analysis, part: slice) -> Iterator[Mark]:
        spelt = [(one, EXACT if ELSEWHERE in one.districts else SOUND) for one in self._villages(analysis)]
        crimes = [mark for mark in analysis.found("cat.*", "strong.*") if mark.end - mark.start > 1]
        for mark in self._names.marks(analysis.tokens[part], analysis.heard):
            there = mark._replace(start=mark.start + part.start, end=mark.end + part.start)
            here = [least for one, least in spelt if there.start < one.end and one.start < there.end]
            is_spelt = mark.quality >= max(here, default=0)
            if is_spelt and there in widest([there, *crimes]) and self._counts(there, analysis):
                yield there

    def _written_apart(self, analysis: Analysis, part: slice) -> Iterator[Mark]:
        """Find names of one word that were written as two: "chet ganj"."""
        for index, (one, other) in enumerate(pairwise(analysis.tokens[part]), start=part.start):
            begins, text = analysis.heard[one.text].sound[:-1], one.text + other.text
            if begins in self._beginnings and len(text) >= _SHORTEST_JOINED and self._names.sounds_known(text):
                marks = self._names.marks([one._replace(text=text)])
                yield from (mark._replace(start=index, end=index + 2) for mark in marks if mark.quality >= SOUND)

    def _counts(self, mark: Mark, analysis: Analysis) -> bool:
        """Return whether a mark is really a name: an ordinary word is not a misspelt name, as "ladka" is not Lanka."""
        if mark.quality < EXACT and analysis.covered(("person.police",)).issuperset(range(mark.start, mark.end)):
            return False  # an ASI is not Assi
        if not TRAINS.isdisjoint(token.text for token in analysis.tokens[mark.end : mark.end + 1]):
            return False
        if mark.quality >= SOUND:
            first = analysis.tokens[mark.start]
            return {"'", "’"}.isdisjoint(analysis.text[first.start : first.end])  # "can't" is not Cantt
        words = [analysis.tokens[index].text for index in range(mark.start, mark.end)]
        known = analysis.covered(("*",), SOUND).issuperset(range(mark.start, mark.end))
        known = known or any(self._ordinary.knows(word) for word in words)
        return not known and (mark.quality > DISTANT or len("".join(words)) > 5)  # noqa: PLR2004


_BEFORE: Final = ENGLISH_NEGATIONS | {"na", "ना", "न", "نہ"}
"""Negations that may stand before the police whom they clear: "na daroga, na CO"."""


def is_cleared(analysis: Analysis, mark: Mark) -> bool:
    """Return whether a denial clears the words of a mark: behind, as in "daroga nahi", or before: "not the inspector".

    A denial before other police or another place, as in "Lanka, not Assi", belongs to these.
    """
    denials, empty = analysis.found("@says-no"), analysis.covered(("fill", "who.they"))
    behind = next(at for at in range(mark.end, len(analysis) + 1) if at not in empty)
    others = {one.start for one in (*analysis.found("@police"), *analysis.places)}
    for one in denials:
        denial, after = analysis.tokens[one.start], {one.end, one.end + (one.end in empty)}  # "not the station"
        here = mark.start in after and denial.clause == analysis.tokens[mark.start].clause
        is_before = denial.text in _BEFORE and here
        if is_before or (one.start == behind and not (denial.text in _BEFORE and after & others)):
            return True
    return False


_WITHIN: Final = listed("behind-place") | listed("on-place")
"""Words behind the name of a place in which something happens."""
_CALLS: Final = frozenset({"thana", "थाना", "thane", "थाने"})


def _called_stations(found: Sequence[Mark], words: Sequence[str], stations: set[str]) -> list[str]:
    """Leave out stations that share their name with a village, if the text tells which name is the station's.

    "Rampur, thana Cholapur" is in Cholapur. The word before a name counts more than the word after it, which may belong
    to the next name.
    """
    named = [one for one in found if one.name in stations]
    called = {one.name for one in named if one.start and words[one.start - 1] in _CALLS}
    called = called or {one.name for one in named if one.end < len(words) and words[one.end] in _CALLS}
    return [one.name for one in found if not called or one.name in called or one.name not in stations]


def _names(geography: Geography, ordinary: Lexicon) -> Iterator[tuple[str, str]]:
    for district in geography.districts:
        for unit in district.units():
            for name in unit.every_name:
                yield unit.code, name
                short = " ".join(word for word in name.split() if word.casefold() not in UNIT_WORDS)
                if short != name and not all(map(ordinary.knows, short.split())):  # as "mahila", woman
                    yield unit.code, short
