"""Finds the district and station of a pin, or of the names in a text, in the covered area."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, Self

from satark_words.geography.geography_files import GeographyError, GeographyProblem, Source, read_sources, sources_of
from satark_words.geography.units import (
    ELSEWHERE,
    RESERVED,
    UNKNOWN,
    District,
    Outpost,
    Point,
    Station,
    Unit,
    holds,
    kilometres,
    kilometres_along,
    on_sphere,
)
from satark_words.small_words import listed
from satark_words.tokens import fold

__all__ = [
    "ELSEWHERE", "RESERVED", "TRAINS", "UNKNOWN", "District", "Geography", "GeographyError", "GeographyProblem",
    "Named", "Near", "Outpost", "PlaceName", "Station", "Unit",
]  # fmt: skip

_REACH_KM: Final = 12.0
_LONGEST_NAME: Final = 4
"""Number of words of the longest name or alias that is searched for."""


class Named(NamedTuple):
    """The one district, station and outpost that names identify; empty: none or more than one."""

    district: str = ""
    station: str = ""
    outpost: str = ""


class PlaceName(NamedTuple):
    """The words `start` to `end` that spell the name of a village or of a place outside, and that place's districts."""

    start: int
    end: int
    name: str
    districts: frozenset[str]


class Near(NamedTuple):
    """A station and its distance."""

    km: float
    station: Station


class Geography:
    """The covered area. All answers come from memory. For an unknown code they are None or an empty text."""

    def __init__(
        self, districts: Iterable[District], reach_km: float = _REACH_KM, elsewhere: Iterable[str] = ()
    ) -> None:
        self.districts: tuple[District, ...] = tuple(districts)
        self._reach_km = reach_km
        self._districts = {district.code: district for district in self.districts}
        self._stations = {s.code: s for d in self.districts for s in d.stations}
        self._district_of = {s.code: d.code for d in self.districts for s in d.stations}
        self._on_sphere = {
            d.code: [(on_sphere(s.position), s.code) for s in d.stations if s.position] for d in self.districts
        }
        self._outposts = {o.code: o for s in self._stations.values() for o in s.outposts}
        self._station_of = {o.code: s.code for s in self._stations.values() for o in s.outposts}
        villages = [(name, district.code) for district in self.districts for name in district.places]
        self._places = _index((*villages, *((name, ELSEWHERE) for name in elsewhere)))
        self._beginnings = {name.partition(" ")[0] for name in self._places}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a geography from YAML.

        Raises:
            GeographyError: the text is not a geography, or has problems.
        """
        return cls._of([Source("geography", text)])

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a geography from a YAML file, or from all YAML files of a folder.

        Raises:
            GeographyError: as for `parse`.
            OSError: a file can't be read.
        """
        return cls._of(sources_of(path))

    @classmethod
    @cache
    def sample(cls) -> Self:
        """Return the geography that comes with Satark: the Varanasi range."""
        folder = files("satark_words.geography") / "varanasi_range"
        found = {file.name: file for file in folder.iterdir()}
        # The service began in Varanasi, which therefore comes first in every list.
        order = ("varanasi.yaml", *sorted(found.keys() - {"varanasi.yaml"}))
        return cls._of([Source(name, found[name].read_text("utf-8")) for name in order])

    @classmethod
    def _of(cls, sources: list[Source]) -> Self:
        read = read_sources(sources)
        reach = next((file.reach_km for file in read if file.reach_km is not None), _REACH_KM)
        districts = [district for file in read for district in file.districts]
        return cls(districts, reach, [name for file in read for name in file.elsewhere])

    def district(self, code: str) -> District | None:
        return self._districts.get(code)

    def station(self, code: str) -> Station | None:
        return self._stations.get(code)

    def stations(self, district: str = "") -> tuple[Station, ...]:
        """Return the stations of a district in the file's order.

        For an empty or unknown code, return those of all districts.
        """
        found = self._districts.get(district)
        return found.stations if found else tuple(self._stations.values())

    def label(self, code: str, language: str) -> str:
        """Return the name of a district, station or outpost in a language; empty if none has this code."""
        unit: Unit | None = self._districts.get(code) or self._stations.get(code) or self._outposts.get(code)
        return unit.label(language) if unit else ""

    def station_of(self, outpost: str) -> str:
        """Return the code of the station that an outpost belongs to."""
        return self._station_of.get(outpost, "")

    def circle_of(self, station: str) -> str:
        """Return the code of the circle that a station belongs to."""
        found = self._stations.get(station)
        return found.circle if found else ""

    def district_of(self, station: str) -> str:
        """Return the code of the district that a station belongs to."""
        return self._district_of.get(station, "")

    def range_of(self, district: str) -> str:
        """Return the code of the range that a district belongs to."""
        found = self._districts.get(district)
        return found.range if found else ""

    def locate(self, point: Point | None, codes: Iterable[str] = (), *, district: str = "", station: str = "") -> Named:
        """Find the district and station of a pin, or else those that the codes named by a text identify.

        A district or station that is known already stays. Nothing is guessed: a code that is not found stays empty,
        and is asked for.
        """
        if station or district in RESERVED:
            return Named(district or self.district_of(station), station)
        found = self._named(set(codes), district) if point is None else self._at(point, set(codes), district)
        return Named(district or found.district, found.station)

    def nearest(self, point: Point, count: int) -> list[Near]:
        """Return the stations nearest to a point, the nearest first. Stations without a position are left out."""
        placed = [(kilometres(point, one.position), one) for one in self._stations.values() if one.position]
        return [Near(*one) for one in sorted(placed, key=itemgetter(0))[:count]]

    def is_outside(self, point: Point) -> bool:
        """Return whether a pin is in no district of the geography."""
        return not self._around(point)

    def resolve(self, codes: Iterable[str]) -> Named:
        """Find the district, station and outpost that the codes named by a text identify together.

        "Kotwali, Jaunpur" is a station of Jaunpur.

        A district and a station outside it contradict each other, as do two stations. Then the result is empty, or the
        district that they share. `ELSEWHERE` among the codes means that the text names a place outside the geography:
        the district is `ELSEWHERE`, unless the text names a district or station of the geography too.
        """
        codes = set(codes)
        if not codes:
            return Named()
        stations = {code for code in codes if code in self._stations} | {self._station_of.get(code) for code in codes}
        named = {code for code in codes if code in self._districts}
        inside = {code for code in stations if code and self._district_of[code] in named}
        outposts = {code for code in codes if code in self._station_of}
        if ELSEWHERE in codes:
            return Named() if named or len(stations - {None}) == 1 else Named(ELSEWHERE)
        if not named:
            inside = {code for code in stations if code}
        elif not inside and stations - {None}:
            return Named()
        station = _only(inside)
        district = _only({self._district_of[code] for code in inside} or named)
        outpost = _only({code for code in outposts if self._station_of[code] == station})
        return Named(district, station, outpost)

    def places_in(self, words: Sequence[str]) -> Iterator[PlaceName]:
        """Yield the villages, localities and places outside that folded words spell, in their order."""
        for start in [at for at, word in enumerate(words) if word in self._beginnings]:
            for end in range(start + 1, min(start + _LONGEST_NAME, len(words)) + 1):
                name = " ".join(words[start:end])
                goes = start and words[start - 1] in {"from", "to", "via", "for"}
                around = goes or not _NOT_THERE.isdisjoint(words[end : end + 1])
                if (districts := self._places.get(name)) and not (around and ELSEWHERE in districts):
                    yield PlaceName(start, end, name, districts)

    def outpost_in(self, codes: Iterable[str], station: str = "") -> str:
        """Return the one outpost among the codes that a text names, of this station if one is given; else empty."""
        found = {code for code in codes if code in self._station_of}
        return _only({code for code in found if station in {"", self._station_of[code]}})

    def _named(self, codes: set[str], district: str) -> Named:
        """Resolve the codes that the words name, within the district if it is already known."""
        if district:
            codes = {code for code in codes if code not in self._districts and code != ELSEWHERE} | {district}
        return self.resolve(codes)

    def _at(self, point: Point, codes: set[str], district: str) -> Named:
        """Return the district of a pin and the nearest station within its reach."""
        around = [one for one in self._around(point) if district in {"", one[1]}]
        if not around:
            return self._named(codes, district) if district else Named()
        distance, nearest, station = min(around)
        return Named(nearest, station if distance <= self._reach_of(nearest) else "")

    def _around(self, point: Point) -> list[tuple[float, str, str]]:
        """Return the districts that may contain a point, each with the nearest station and its distance."""
        found: list[tuple[float, str, str]] = []
        here = on_sphere(point)
        for district in self.districts:
            inside = holds(district, point)
            if inside is False:
                continue
            chords = [(math.dist(here, there), code) for there, code in self._on_sphere[district.code]]
            chord, station = min(chords, default=(math.inf, ""))
            distance = kilometres_along(chord)
            if inside or distance <= self._reach_of(district.code):
                found.append((distance, district.code, station))
        return found

    def _reach_of(self, district: str) -> float:
        own = self._districts[district].reach_km
        return self._reach_km if own is None else own


TRAINS: Final = listed("trains")
_NOT_THERE: Final = TRAINS | listed("not-there")


def _index(named: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """Return folded name → the codes with this name."""
    index: dict[str, set[str]] = {}
    for name, code in named:
        index.setdefault(fold(name), set()).add(code)
    return {name: frozenset(codes) for name, codes in index.items()}


def _only(codes: Iterable[str]) -> str:
    found = list(codes)
    return found[0] if len(found) == 1 else ""
