"""Where things are: districts, circles, police stations and their outposts, as far as the service covers them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from satark.folding import fold
from satark.tip import Place

_EARTH_KM: Final = 6371.0
_LONGEST_TEXT: Final = 2000
"""Characters of a place's text that are searched for names."""
_LONGEST_NAME: Final = 4
"""Words of the longest name or alias that is looked for."""


class GeographyError(ValueError):
    """The geography can't be used; the message says what is wrong in it."""


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every place in the geography has: a code, unique among all, and names by language."""

    code: str
    names: Mapping[str, str]
    aliases: tuple[str, ...] = ()
    """Further spellings and well-known localities, in any script."""

    def label(self, language: str) -> str:
        """The name in a language, or the first name given where there is none in it."""
        return self.names.get(language) or next(iter(self.names.values()))


class Outpost(Unit, frozen=True, kw_only=True):
    """An outpost (chowki) of a station."""


class Station(Unit, frozen=True, kw_only=True):
    """A police station (thana). Latitude and longitude in degrees, roughly those of its building."""

    latitude: float
    longitude: float
    circle: str = ""
    """Code of the circle officer's circle, or empty."""
    outposts: tuple[Outpost, ...] = ()


class District(Unit, frozen=True, kw_only=True):
    """A district: what one SP is responsible for."""

    range: str
    """Code of the range (the DIG's) that the district belongs to."""
    stations: tuple[Station, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    districts: tuple[District, ...]
    reach_km: float = 12.0


class Geography:
    """A covered area. Everything is answered from memory; a code that is not known gives None or an empty text."""

    def __init__(self, districts: Iterable[District], reach_km: float = 12.0) -> None:
        self.districts: tuple[District, ...] = tuple(districts)
        self._reach_km = reach_km
        self._districts = {district.code: district for district in self.districts}
        self._stations = {s.code: s for d in self.districts for s in d.stations}
        self._district_of = {s.code: d.code for d in self.districts for s in d.stations}
        self._station_of = {o.code: s.code for s in self._stations.values() for o in s.outposts}
        self._names = _index(unit for district in self.districts for unit in _within(district))

    @classmethod
    def parse(cls, text: str) -> Geography:
        """Read a geography from YAML.

        Raises:
            GeographyError: it is not a geography, or a code occurs twice in it.
        """
        try:
            found = msgspec.yaml.decode(text.encode(), type=_File)
        except msgspec.MsgspecError as error:
            raise GeographyError(f"the geography can't be read: {error}") from error
        _check(found.districts)
        return cls(found.districts, found.reach_km)

    @classmethod
    def load(cls, path: Path) -> Geography:
        """Read a geography from a YAML file.

        Raises:
            GeographyError: as `parse`.
            OSError: the file can't be read.
        """
        return cls.parse(path.read_text("utf-8"))

    @classmethod
    @cache
    def sample(cls) -> Geography:
        """The geography that comes with Satark: the district Varanasi."""
        return cls.parse((files("satark.geography") / "geography.yaml").read_text("utf-8"))

    def district(self, code: str) -> District | None:
        """The district of this code."""
        return self._districts.get(code)

    def station(self, code: str) -> Station | None:
        """The station of this code."""
        return self._stations.get(code)

    def stations(self, district: str = "") -> tuple[Station, ...]:
        """The stations of a district in the file's order; of all districts where the code is empty or unknown."""
        found = self._districts.get(district)
        return found.stations if found else tuple(self._stations.values())

    def label(self, code: str, language: str) -> str:
        """The name of a station or an outpost in a language; empty if the code is neither's."""
        units = {unit.code: unit for station in self._stations.values() for unit in (station, *station.outposts)}
        return units[code].label(language) if code in units else ""

    def station_of(self, outpost: str) -> str:
        """Code of the station that an outpost belongs to."""
        return self._station_of.get(outpost, "")

    def circle_of(self, station: str) -> str:
        """Code of the circle that a station belongs to."""
        found = self._stations.get(station)
        return found.circle if found else ""

    def district_of(self, station: str) -> str:
        """Code of the district that a station belongs to."""
        return self._district_of.get(station, "")

    def range_of(self, district: str) -> str:
        """Code of the range that a district belongs to."""
        found = self._districts.get(district)
        return found.range if found else ""

    def locate(self, place: Place) -> Place:
        """Fill in district and station as far as the pin, or names in the text, tell them. What is set stays.

        A pin says more than a text. A text that names two stations tells none; an outpost's name tells its station.
        """
        station = place.station or self._nearest(place) or self._named(place.text)
        district = place.district or self._district_of.get(station, "") or self._only_district(place)
        return msgspec.structs.replace(place, district=district, station=station)

    def outpost_in(self, text: str, station: str = "") -> str:
        """Code of the one outpost that a text names, of this station where one is given; else empty."""
        found = {code for code in self._found(text) if code in self._station_of}
        found = {code for code in found if station in {"", self._station_of[code]}}
        return found.pop() if len(found) == 1 else ""

    def _nearest(self, place: Place) -> str:
        if place.latitude is None or place.longitude is None or not self._stations:
            return ""
        distance, code = min((_km(place.latitude, place.longitude, s), s.code) for s in self._stations.values())
        return code if distance <= self._reach_km else ""

    def _named(self, text: str) -> str:
        found = self._found(text)
        stations = {code for code in found if code in self._stations}
        stations |= {self._station_of[code] for code in found if code in self._station_of}
        return stations.pop() if len(stations) == 1 else ""

    def _only_district(self, place: Place) -> str:
        named = {code for code in self._found(place.text) if code in self._districts}
        if len(named) == 1:
            return named.pop()
        return self.districts[0].code if len(self.districts) == 1 and place.latitude is None else ""

    def _found(self, text: str) -> set[str]:
        words = fold(text[:_LONGEST_TEXT]).split()
        found: set[str] = set()
        for start in range(len(words)):
            for end in range(start + 1, min(start + _LONGEST_NAME, len(words)) + 1):
                code = self._names.get(" ".join(words[start:end]))
                if code:
                    found.add(code)
        return found


def _within(district: District) -> list[Unit]:
    stations = district.stations
    return [district, *stations, *(outpost for station in stations for outpost in station.outposts)]


def _index(units: Iterable[Unit]) -> dict[str, str]:
    """Folded name → code. A name that two places share tells neither; a station goes before its district's name."""
    index: dict[str, str] = {}
    for unit in units:
        for name in {fold(name) for name in (*unit.names.values(), *unit.aliases)}:
            index[name] = unit.code if name not in index else ""
    return index


def _check(districts: tuple[District, ...]) -> None:
    seen: set[str] = set()
    for unit in (unit for district in districts for unit in _within(district)):
        if not unit.names:
            raise GeographyError(f"{unit.code!r} has no name")
        if unit.code in seen:
            raise GeographyError(f"the code {unit.code!r} occurs twice")
        seen.add(unit.code)


def _km(latitude: float, longitude: float, station: Station) -> float:
    """Distance on the sphere (haversine)."""
    north, south = math.radians(latitude), math.radians(station.latitude)
    across = math.radians(station.longitude - longitude)
    half = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
