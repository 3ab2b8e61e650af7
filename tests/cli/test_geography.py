"""`satark geography`: its reports on a geography, and its import of public lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from satark.api.routing import DestinationRule
from satark.cli.check_desks import area_problems, settings_problems
from satark.cli.geography import geography
from satark.cli.main import cli
from satark.settings.core import Core
from satark_words.geography.geography import Geography
from support.commands import run as check

DISTRICTS = """\
State Code,State Name (In English),District Code,District Name(In English),District Name (In Local),Census 2011 Code
9,UTTAR PRADESH,123,AZAMGARH,आजमगढ़,191
9,UTTAR PRADESH,168,MAU,,192
9,UTTAR PRADESH,141,FARRUKHABAD,,159
27,MAHARASHTRA,9141,FARRUKHABAD,,0
"""
STATIONS = """\
district,code,name_hi,name_en,aliases,latitude,longitude,circle,outposts
123,azamgarh-kotwali,आजमगढ़ कोतवाली,Azamgarh Kotwali,कोतवाली; kotwali,26.07,83.18,azamgarh-city,azamgarh-chowk|चौक|Chowk
Azamgarh,sidhari,सिधारी,Sidhari,,,,azamgarh-city,
191,rani-ki-sarai,रानी की सराय,Rani ki Sarai,,,,,
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Write the tables and import the named districts."""
    (tmp_path / "districts.csv").write_text(DISTRICTS, "utf-8")

    def run(*arguments: str, stations: str = STATIONS, districts: str = DISTRICTS) -> Result:
        (tmp_path / "districts.csv").write_text(districts, "utf-8")
        (tmp_path / "stations.csv").write_text(stations, "utf-8")
        tables = ["--districts", str(tmp_path / "districts.csv"), "--stations", str(tmp_path / "stations.csv")]
        ways = ["--range", "azamgarh-range", "--to", str(tmp_path / "out")]
        return CliRunner().invoke(geography, ["import", *tables, *ways, *arguments])

    return run


def test_the_geography_that_comes_with_satark_has_no_problems() -> None:
    printed = CliRunner().invoke(cli, ["geography", "check"])
    assert (printed.exit_code, printed.output.splitlines()[-1]) == (0, "The geography has no problems.")
    assert "varanasi: 28 stations (26 outposts)" in printed.output


def test_check_tells_the_share_of_places_that_it_finds(tmp_path: Path) -> None:
    (tmp_path / "places.txt").write_text("Lanka\nमहमूरगंज\n\nNowhere at all\n", "utf-8")
    printed = CliRunner().invoke(cli, ["geography", "check", "--places", str(tmp_path / "places.txt")])
    assert printed.output.splitlines()[-2:] == [
        "3 places: the district of 2 is found, the station of 1.", "not found: Nowhere at all",
    ]  # fmt: skip


def test_villages_are_imported_with_their_district(run: Callable[..., Result], tmp_path: Path) -> None:
    table = tmp_path / "villages.csv"
    table.write_text("District Code,Village Name (In English)\n123,KHAIRABAD KALAN\n124,OTHER\n", "utf-8")
    assert run("--only", "123", "--villages", str(table)).exit_code == 0
    assert Geography.load(tmp_path / "out").districts[0].places == ("khairabad kalan",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("districts:\n  - code: D\n    names: {en: D}\n    range: r\n", ":2: the code 'D' may have only small letters"),
        ("districts:\n  - {code: d, names: {en: " + "D" * 25 + "}, range: r}\n", "has 25 characters; 24 can be shown"),
        ("districts: [\n", "this is no YAML"),
    ],
)
def test_a_problem_is_reported_with_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    (file := tmp_path / "g.yaml").write_text(text, "utf-8")
    printed = CliRunner().invoke(geography, ["check", str(file)])
    assert printed.exit_code == 1
    assert words in printed.output


def test_a_district_is_made_of_public_lists(run: Callable[..., Result], tmp_path: Path) -> None:
    printed = run("--only", "azamgarh", "--only", "168")
    assert printed.exit_code == 0, printed.output
    assert "azamgarh: 3 stations (1 outpost, 2 without coordinates, no border" in printed.output
    made = Geography.load(tmp_path / "out")
    assert [(one.code, one.lgd, one.census, one.range) for one in made.districts] == [
        ("azamgarh", 123, 191, "azamgarh-range"),
        ("mau", 168, 192, "azamgarh-range"),
    ]
    assert [one.code for one in made.stations("azamgarh")] == ["azamgarh-kotwali", "sidhari", "rani-ki-sarai"]
    kotwali = made.station("azamgarh-kotwali")
    assert kotwali is not None
    assert (kotwali.position, kotwali.aliases) == ((26.07, 83.18), ("कोतवाली", "kotwali"))
    assert made.label("azamgarh-chowk", "hi") == "चौक"
    assert made.label("azamgarh", "hi") == "आजमगढ़"


def test_an_edited_file_stays_unchanged(run: Callable[..., Result], tmp_path: Path) -> None:
    run("--only", "Mau", stations="district,code,name_en\n")
    (tmp_path / "out" / "mau.yaml").write_text("districts: [{code: mau, names: {en: M}, range: r}]", "utf-8")
    again = run("--only", "Mau", stations="district,code,name_en\n")
    assert "is there already and stays as it is" in again.output
    assert Geography.load(tmp_path / "out").label("mau", "en") == "M"


HEAD = STATIONS.split("\n", 1)[0] + "\n"


@pytest.mark.parametrize(
    ("only", "stations", "words"),
    [
        ("Nowhere", HEAD, "0 districts of the table: 'Nowhere'; look its name up in the table"),
        ("Farrukhabad", HEAD, "give one of the LGD codes 141 (Farrukhabad, UTTAR PRADESH), 9141"),
        ("123", HEAD + "Mau,x,,X,,,,,\n", "stations.csv:2: the district 'Mau' is not among those that are imported"),
        ("123", HEAD + "123,x,,X,,north,83,,\n", "stations.csv:2: the latitude 'north' is no number of degrees"),
        ("123", HEAD + "123,,,X,,,,,\n", "stations.csv:2: a station needs a code and a name"),
        ("123", HEAD + "123,x,,X,,,,,post\n", "the outpost 'post' is no code|hi|en"),
        ("123", HEAD + "123,X,,X,,,,,\n", "azamgarh.yaml:10: the code 'X' may have only small letters"),
        ("123", "district,code,name\n", "stations.csv:1: the columns are district, code, name_hi"),
    ],
)
def test_a_line_that_can_not_be_imported_is_named(
    run: Callable[..., Result], only: str, stations: str, words: str
) -> None:
    printed = run("--only", only, stations=stations)
    assert printed.exit_code == 1
    assert words in printed.output


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("code,name\n1,X\n", "districts.csv:1: the table needs the columns District Code"),
        ("District Code,District Name (In English)\nx,X\n", "districts.csv:2: the district's code 'x' is no number"),
    ],
)
def test_another_table_of_districts_is_refused(run: Callable[..., Result], table: str, words: str) -> None:
    printed = run("--only", "X", districts=table)
    assert printed.exit_code == 1
    assert words in printed.output


@pytest.mark.slow("a process that looks for the system's protections")
def test_satark_check_names_the_line_of_the_geography(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data.parent / "g.yaml").write_text("districts:\n  - code: D\n    names: {}\n    range: r\n", "utf-8")
    monkeypatch.setenv("SATARK_GEOGRAPHY", "g.yaml")
    printed = check("check", code=1).stdout
    assert "✗ geography (SATARK_GEOGRAPHY): g.yaml:2: the code 'D' may have only small letters" in printed
    assert "✗ geography (SATARK_GEOGRAPHY): g.yaml:3: 'D' has no name" in printed


@pytest.mark.parametrize(
    ("level", "area", "wrong"),
    [
        ("district", "jaunpur", False),
        ("district", "jaunpurr", True),
        ("range", "varanasi-range", False),
        ("range", "varanasi", True),
        ("station", "mughalsarai", False),
        ("station", "varanasi", True),
        ("outpost", "lanka-nagwa", False),
        ("circle", "cantt-circle", False),
        ("circle", "cantt", True),
        ("district", "", False),
        ("state", "up", True),
    ],
)
def test_a_desk_of_an_unknown_area_is_named(level: str, area: str, wrong: bool) -> None:  # noqa: FBT001 - pytest's
    found = area_problems([("one", level, area)], Geography.sample())
    assert [one.setting for one in found] == (["desk one: area"] if wrong else [])


@pytest.mark.parametrize(("district", "wrong"), [("jaunpur", False), ("elsewhere", False), ("jaunpurr", True)])
def test_a_destination_may_get_only_tips_without_a_district(district: str, wrong: bool) -> None:  # noqa: FBT001 - pytest's
    rule = DestinationRule(to="email:cell", desk="dig", districts=(district,))
    found = settings_problems(Core(destination=(rule,)), Geography.sample())
    assert [one.message for one in found] == ([f"the geography has no district {district!r}"] if wrong else [])
