"""Reads a geography from its files and reports problems with file, line and what to do."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import msgspec
import yaml

from satark_words.geography.units import RESERVED, District, Station, Unit, holds
from satark_words.tokens import fold

_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TOKEN_LENGTH: Final = 24
"""Most characters of a district's or station's code, which is part of the token of the button that chooses it."""
_STEP: Final = re.compile(r"\.([a-z_]+)|\[(\d+)\]|\[\.\.\.\]")
_FEWEST_CORNERS: Final = 3

_Path: TypeAlias = tuple[str | int, ...]


class GeographyProblem(msgspec.Struct, frozen=True):
    """One problem of a geography."""

    file: str
    line: int
    """Line of the problem, from 1; 0: the problem is not in a single line."""
    message: str
    """The problem and what to do about it."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}"


class GeographyError(ValueError):
    """The geography can't be used; `problems` lists its problems."""

    def __init__(self, problems: Sequence[GeographyProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class GeographyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The schema of a geography's file."""

    districts: tuple[District, ...] = ()
    reach_km: float | None = None
    elsewhere: tuple[str, ...] = ()


class Source(NamedTuple):
    """The name and the text of a geography's file."""

    name: str
    text: str


def sources_of(path: Path) -> list[Source]:
    """Return a geography's file, or all `*.yaml` files of its folder, sorted by name.

    Raises:
        GeographyError: the folder contains no such file.
        OSError: a file can't be read.
    """
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise GeographyError([GeographyProblem(str(path), 0, "the folder holds no *.yaml file: add one a district")])
    return [Source(str(file), file.read_text("utf-8")) for file in files]


def read_sources(sources: Sequence[Source]) -> list[GeographyFile]:
    """Read the files of a geography and check them together.

    Raises:
        GeographyError: the files have problems; every problem is named.
    """
    read = [(source, _decode(source)) for source in sources]
    problems = [one for _, one in read if isinstance(one, GeographyProblem)]
    files = [(source, one) for source, one in read if isinstance(one, GeographyFile)]
    problems += sorted(_GeographyChecks(files).problems(), key=lambda one: (one.file, one.line))
    if problems:
        raise GeographyError(problems)
    return [file for _, file in files]


def _decode(source: Source) -> GeographyFile | GeographyProblem:
    try:
        return msgspec.yaml.decode(source.text.encode(), type=GeographyFile)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        path = tuple(name or int(number) for name, number in _STEP.findall(where.strip("`")) if name or number)
        return GeographyProblem(source.name, _line(source, path), message)
    except msgspec.MsgspecError as error:
        found = re.search(r"line (\d+)", str(error))
        problem = str(error).split("\n")[0]
        return GeographyProblem(source.name, int(found[1]) if found else 0, f"this is no YAML: {problem}")


def _line(source: Source, path: _Path) -> int:
    """Return the line of a value, or of the nearest enclosing value that exists."""
    node = yaml.compose(source.text, Loader=yaml.CSafeLoader)
    line = 1
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    if isinstance(node, yaml.MappingNode):
        pairs = ((key, value) for key, value in node.value if key.value == step)
        return next(((key.start_mark.line + 1, value) for key, value in pairs), None)
    return None


class _Placed(NamedTuple):
    """A unit and its position in the files."""

    source: Source
    path: _Path
    unit: Unit
    district: District


class _GeographyChecks:
    """Checks of a geography that the types of its fields can't express."""

    def __init__(self, files: Sequence[tuple[Source, GeographyFile]]) -> None:
        self._placed = [one for source, file in files for one in _placed(source, file)]
        self._circles: dict[str, str] = {}

    def problems(self) -> Iterator[GeographyProblem]:
        seen: set[str] = set()
        for one in self._placed:
            yield from self._unit(one, seen)
            if isinstance(one.unit, Station):
                yield from self._station(one, one.unit)
            elif isinstance(one.unit, District):
                yield from self._district(one, one.unit)

    def _unit(self, one: _Placed, seen: set[str]) -> Iterator[GeographyProblem]:
        code = one.unit.code
        if not _CODE.fullmatch(code):
            yield _problem(one, f"the code {code!r} may have only small letters, digits and -, and 40 of them", "code")
        elif len(code) > _TOKEN_LENGTH and isinstance(one.unit, District | Station):
            yield _problem(one, f"the code {code!r} is longer than {_TOKEN_LENGTH} characters: shorten it", "code")
        if code in RESERVED:
            yield _problem(one, f"the code {code!r} has a meaning of its own: choose another", "code")
        if code in seen:
            yield _problem(one, f"the code {code!r} occurs twice: put the district's code before it", "code")
        seen.add(code)
        if not any(name.strip() for name in one.unit.names.values()):
            yield _problem(one, f"{code!r} has no name: add one for each language, {{hi: …, en: …}}", "names")
        elif not all(fold(name) for name in one.unit.every_name):
            yield _problem(one, f"{code!r} has an empty name or alias: take it out", "names")

    def _district(self, one: _Placed, district: District) -> Iterator[GeographyProblem]:
        if not district.range:
            yield _problem(one, f"{district.code!r} has no range: give the code of the DIG's range", "range")
        if any(district.range in {other.unit.code, _circle(other)} for other in self._placed if district.range):
            yield _problem(one, f"the range {district.range!r} has the code of something else: rename it", "range")
        if district.border and (
            len(district.border) < _FEWEST_CORNERS or not all(_is_on_earth(*point) for point in district.border)
        ):
            yield _problem(one, "a border has three corners or more, each [latitude, longitude] in degrees", "border")
        if (district.centre is None) != (district.radius_km is None):
            yield _problem(one, "a centre needs a radius_km, and a radius_km a centre", "centre")
        yield from _shared_names(one, district)

    def _station(self, one: _Placed, station: Station) -> Iterator[GeographyProblem]:
        if (station.latitude is None) != (station.longitude is None):
            yield _problem(one, f"{station.code!r} has only one coordinate: give both or neither", "latitude")
        elif station.position and not _is_on_earth(*station.position):
            yield _problem(one, f"{station.code!r} is not on the earth: latitude -90 to 90, longitude -180 to 180")
        elif station.position and holds(one.district, station.position) is False:
            message = f"{station.code!r} lies outside its district: correct its coordinates, or the district's border"
            yield _problem(one, message, "latitude")
        if not station.circle:
            return
        if any(station.circle == other.unit.code for other in self._placed):
            yield _problem(one, f"the circle {station.circle!r} has the code of a unit: rename it", "circle")
        if self._circles.setdefault(station.circle, one.district.code) != one.district.code:
            yield _problem(one, f"the circle {station.circle!r} is in two districts: give each its own code", "circle")


def _placed(source: Source, file: GeographyFile) -> Iterator[_Placed]:
    for at, district in enumerate(file.districts):
        path: _Path = ("districts", at)
        yield _Placed(source, path, district, district)
        for number, station in enumerate(district.stations):
            inner = (*path, "stations", number)
            yield _Placed(source, inner, station, district)
            for last, outpost in enumerate(station.outposts):
                yield _Placed(source, (*inner, "outposts", last), outpost, district)


def _shared_names(one: _Placed, district: District) -> Iterable[GeographyProblem]:
    """Report stations of one district with the same name, since a text could not show which one is meant."""
    seen: dict[str, str] = {}
    for number, station in enumerate(district.stations):
        for name in sorted({fold(name) for name in station.names.values()}):
            other = seen.setdefault(name, station.code)
            if other != station.code:
                path = (*one.path, "stations", number, "names")
                message = f"{station.code!r} has a name of {other!r}: tell them apart"
                yield GeographyProblem(one.source.name, _line(one.source, path), message)


def _circle(one: _Placed) -> str:
    return one.unit.circle if isinstance(one.unit, Station) else ""


def _is_on_earth(latitude: float, longitude: float) -> bool:
    return abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004


def _problem(one: _Placed, message: str, field: str = "") -> GeographyProblem:
    path = (*one.path, field) if field else one.path
    return GeographyProblem(one.source.name, _line(one.source, path), message)
