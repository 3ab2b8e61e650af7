"""Makes a geography from public lists: the districts of the Local Government Directory, and a table of police stations.

The directory (lgdirectory.gov.in, "Download Directory", "All Districts of India") gives each district its LGD code, its
names and its code in the census of 2011. There is no public list of police stations with codes: somebody types the
table of stations from the district's own list, with the columns of `STATION_COLUMNS`.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import yaml

from satark_words.geography.geography_files import GeographyError, GeographyProblem
from satark_words.tokens import fold

STATION_COLUMNS: Final = (
    "district", "code", "name_hi", "name_en", "aliases", "latitude", "longitude", "circle", "outposts",
)  # fmt: skip
"""Columns of a table of stations. `district` is an LGD code, a census code, or a name. Several aliases or outposts have
`;` between them; an outpost is its code and its names in the order of the table's languages, with `|` between them."""

_NAME_COLUMN: Final = re.compile(r"name_([a-z]{2,3})")
_DISTRICT_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "lgd": ("districtlgdcode", "districtcode", "lgdcode", "lgd"),
    "name": ("districtnameinenglish", "districtname", "district"),
    "local": ("districtnameinlocal", "districtnamelocal", "namehi"),
    "state": ("statenameinenglish", "statename", "state"),
    "census": ("census2011code", "census2011", "census"),
}
_VILLAGE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "lgd": ("districtcode", "districtlgdcode"),
    "name": ("villagenameinenglish", "villagename"),
    "local": ("villagenameinlocal",),
}
"""Field → the headings that its column in the directory's table has had, in lower case and without other characters."""


class ListedDistrict(NamedTuple):
    code: str
    names: Mapping[str, str]
    state: str
    lgd: int
    census: int | None

    def is_called(self, name: str) -> bool:
        """Return whether a text is the district's name or one of its codes."""
        known = {*map(fold, self.names.values()), self.code, str(self.lgd), str(self.census or "")}
        return bool(name.strip()) and fold(name) in known


class ListedStation(NamedTuple):
    """A row of the table of stations, in the format of a geography's file, and the district that it names."""

    line: int
    district: str
    fields: dict[str, object]


def read_districts(text: str, file: str, language: str = "hi") -> list[ListedDistrict]:
    """Read the directory's table of districts (comma-separated values); `file`: its name, for messages.

    Raises:
        GeographyError: a column is missing, or a code is not a number.
    """
    rows = _table(text, file, _DISTRICT_COLUMNS, "District Name (In English)")
    return [_district(cells, GeographyProblem(file, line, ""), language) for line, cells in rows]


def read_stations(text: str, file: str) -> list[ListedStation]:
    """Read a table of stations.

    Raises:
        GeographyError: a column is missing or unknown, or a value can't be read; every problem is named.
    """
    rows = csv.DictReader(text.lstrip("\ufeff").splitlines())
    headings = [heading.strip() for heading in rows.fieldnames or ()]
    languages = [found[1] for heading in headings if (found := _NAME_COLUMN.fullmatch(heading))]
    unknown = [one for one in headings if one not in STATION_COLUMNS and not _NAME_COLUMN.fullmatch(one)]
    missing = [one for one in ("district", "code") if one not in headings]
    if unknown or missing or not languages:
        message = f"the columns are {', '.join(STATION_COLUMNS)}; a column name_xx more for each further language"
        raise GeographyError([GeographyProblem(file, 1, message)])
    stations: list[ListedStation] = []
    problems: list[GeographyProblem] = []
    for row in rows:
        cells = {(name or "").strip(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
        try:
            stations.append(ListedStation(rows.line_num, cells["district"], _station(cells, languages)))
        except ValueError as error:
            problems.append(GeographyProblem(file, rows.line_num, str(error)))
    if problems:
        raise GeographyError(problems)
    return stations


def read_villages(text: str, file: str) -> dict[str, list[str]]:
    """Read the directory's table of villages: the LGD code of each district, and the names of its villages.

    Raises:
        GeographyError: a column is missing.
    """
    found: dict[str, dict[str, None]] = {}
    for _, cells in _table(text, file, _VILLAGE_COLUMNS, "Village Name (In English)"):
        told = (fold(cells[name]) for name in ("name", "local"))
        found.setdefault(cells["lgd"], {}).update(dict.fromkeys(filter(None, told)))
    return {code: list(villages) for code, villages in found.items()}


def _table(
    text: str, file: str, columns: Mapping[str, Sequence[str]], names: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row of a table of the directory: its line, and the cells of these columns, `lgd` and `name` at least.

    `names`: the heading of the column `name`, for messages.
    """
    rows = csv.DictReader(text.lstrip("\ufeff").splitlines())
    headings = {_plain(heading): heading for heading in rows.fieldnames or ()}
    found = {what: next((headings[one] for one in known if one in headings), "") for what, known in columns.items()}
    if not found["lgd"] or not found["name"]:
        message = f"the table needs the columns District Code and {names}, as the directory gives them"
        raise GeographyError([GeographyProblem(file, 1, message)])
    for row in rows:
        yield rows.line_num, {what: (row.get(heading) or "").strip() for what, heading in found.items()}


def write_districts(
    districts: Sequence[ListedDistrict],
    range_: str,
    stations: Sequence[ListedStation] = (),
    file: str = "stations",
    villages: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[tuple[str, str]]:
    """Yield the code of each district and the text of its file.

    `file`: the name of the table of stations, for messages; `villages`: their names by the district's LGD code.

    Raises:
        GeographyError: a station belongs to none of the districts.
    """
    lost = [one for one in stations if not any(each.is_called(one.district) for each in districts)]
    if lost:
        message = "the district {!r} is not among those that are imported: correct it, or import that district too"
        raise GeographyError([GeographyProblem(file, one.line, message.format(one.district)) for one in lost])
    for district in districts:
        own = [one.fields for one in stations if district.is_called(one.district)]
        document = _document(district, range_, own, villages.get(str(district.lgd), ()))
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)
        yield district.code, f"{_HEAD.format(name=district.names['en'])}{text}"


_HEAD: Final = """\
# {name}: made of public lists. Add what is missing (border, aliases, coordinates, circles, outposts) as
# docs/geography.md says, have somebody who knows the district check every line, then run: satark geography check
"""


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def _district(cells: Mapping[str, str], where: GeographyProblem, language: str) -> ListedDistrict:
    if not cells["lgd"].isdecimal():
        message = f"the district's code {cells['lgd']!r} is no number"
        raise GeographyError([GeographyProblem(where.file, where.line, message)])
    name = cells["name"].title() if cells["name"].isupper() else cells["name"]
    names = {language: cells["local"], "en": name} if cells["local"] else {"en": name}
    census = int(cells["census"]) if cells["census"].isdecimal() else 0
    return ListedDistrict(_slug(name), names, cells["state"], int(cells["lgd"]), census or None)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24]


def _station(cells: Mapping[str, str], languages: Sequence[str]) -> dict[str, object]:
    names = {language: cells[f"name_{language}"] for language in languages if cells[f"name_{language}"]}
    if not cells["code"] or not names:
        raise ValueError("a station needs a code and a name")
    fields: dict[str, object] = {"code": cells["code"], "names": names}
    if aliases := _listed(cells.get("aliases", "")):
        fields["aliases"] = aliases
    for name in ("latitude", "longitude"):
        if cells.get(name):
            fields[name] = _degrees(name, cells[name])
    if cells.get("circle"):
        fields["circle"] = cells["circle"]
    if outposts := [_outpost(one, languages) for one in _listed(cells.get("outposts", ""))]:
        fields["outposts"] = outposts
    return fields


def _degrees(name: str, written: str) -> float:
    try:
        return float(written)
    except ValueError:
        raise ValueError(f"the {name} {written!r} is no number of degrees, such as 25.281") from None


def _outpost(written: str, languages: Sequence[str]) -> dict[str, object]:
    code, *names = (part.strip() for part in written.split("|"))
    if not code or not any(names) or len(names) > len(languages):
        raise ValueError(f"the outpost {written!r} is no code|{'|'.join(languages)}")
    return {"code": code, "names": {language: name for language, name in zip(languages, names, strict=False) if name}}


def _listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _document(
    district: ListedDistrict, range_: str, stations: Iterable[dict[str, object]], villages: Sequence[str]
) -> dict[str, object]:
    fields: dict[str, object] = {
        "code": district.code, "names": dict(district.names), "range": range_, "lgd": district.lgd,
    }  # fmt: skip
    if district.census:
        fields["census"] = district.census
    places = {"places": list(villages)} if villages else {}
    return {"districts": [{**fields, "stations": list(stations), **places}]}
