"""What a geography is made of: districts, police stations and outposts. `docs/geography.md` explains each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""

ELSEWHERE: Final = "elsewhere"
"""Stands for the code of a district where the place lies in none of the geography's."""
UNKNOWN: Final = "unknown"
"""The answer of a tipster who can't say which district or station."""
RESERVED: Final = frozenset({ELSEWHERE, UNKNOWN})
"""Codes that no unit may have."""
UNIT_WORDS: Final = frozenset({"thana", "थाना", "police", "station", "chowki", "चौकी", "outpost"})
"""Words that say what a unit is; they may stand in its name or not."""


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every place in the geography has: a code, unique among all, and names by language."""

    code: str
    names: Mapping[str, str]
    aliases: tuple[str, ...] = ()
    """Further spellings and well-known localities, in any script."""

    def label(self, language: str) -> str:
        """The name in a language, or the first name given where there is none in it."""
        return self.names.get(language) or next(iter(self.names.values()))

    @property
    def every_name(self) -> tuple[str, ...]:
        """Its names in all languages and its aliases."""
        return (*self.names.values(), *self.aliases)


class Outpost(Unit, frozen=True, kw_only=True):
    """An outpost (chowki) of a station."""


class Station(Unit, frozen=True, kw_only=True):
    """A police station (thana)."""

    latitude: float | None = None
    longitude: float | None = None
    """Degrees, roughly those of its building. Without them no pin finds the station: it is asked for."""
    circle: str = ""
    """Code of the circle officer's circle, or empty."""
    outposts: tuple[Outpost, ...] = ()

    @property
    def position(self) -> Point | None:
        """Where it is, if that is known."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


class District(Unit, frozen=True, kw_only=True):
    """A district: what one SP is responsible for."""

    range: str
    """Code of the range (the DIG's) that the district belongs to."""
    lgd: int | None = None
    """Code of the district in the Local Government Directory of India (lgdirectory.gov.in)."""
    census: int | None = None
    """Code of the district in the census of 2011."""
    border: tuple[Point, ...] = ()
    """Corners of its outline, in order. A pin inside is in the district, outside it is not."""
    centre: Point | None = None
    radius_km: float | None = None
    """In place of a border, a circle. With neither, only pins near a station are in the district."""
    reach_km: float | None = None
    """How far from a station a pin may be for it to be that station's; empty: the geography's own reach."""
    stations: tuple[Station, ...] = ()

    def units(self) -> Iterator[Unit]:
        """The district, its stations and their outposts."""
        yield self
        for station in self.stations:
            yield station
            yield from station.outposts
