"""Public lists are read under the headings that they have had, and written as a geography's files."""

from __future__ import annotations

import pytest

from satark.cli.public_lists import read_districts, read_stations, read_villages, write_districts
from satark_words.geography.geography import Geography
from satark_words.geography.geography_files import GeographyError
from satark_words.reader import Reader
from support.loops import every_row

DISTRICTS = (
    "District Code,District Name(In English),District Name (In Local),Census 2011 Code\n123,AZAMGARH,आजमगढ़,191\n"
)
STATIONS = "district,code,name_hi,name_en,latitude,longitude\nAzamgarh,sidhari,सिधारी,Sidhari,26.07,83.18\n"


@every_row("name", ["azamgarh", "AZAMGARH", "आज़मगढ़", "123", "191"])
def test_a_district_is_called_by_its_names_and_codes(name: str) -> None:
    (district,) = read_districts(DISTRICTS, "districts.csv")
    assert district.is_called(name)
    assert not district.is_called("")


def test_a_file_written_from_public_lists_can_be_read_as_a_geography() -> None:
    ((code, text),) = write_districts(read_districts(DISTRICTS, "d.csv"), "r", read_stations(STATIONS, "s.csv"))
    made = Geography.parse(text)
    assert code == "azamgarh"
    assert [(one.code, one.position) for one in made.stations("azamgarh")] == [("sidhari", (26.07, 83.18))]


def test_every_problem_of_a_table_is_named_with_its_line() -> None:
    with pytest.raises(GeographyError) as caught:
        read_stations("district,code,name_en\n123,,X\n123,y,\n", "s.csv")
    assert [problem.line for problem in caught.value.problems] == [2, 3]


VILLAGES = """\
District Code,Village Code,Village Name (In English),Village Name (In Local)
123,1,KHAIRABAD KALAN,खैराबाद कलां
123,2,LATGHAT,
124,3,LATGHAT,
"""


@pytest.mark.slow("a list of villages")
def test_a_village_tells_its_district_unless_other_districts_have_one_of_that_name() -> None:
    listed = read_districts(DISTRICTS + "124,MAU,,192\n", "d.csv")
    files = dict(write_districts(listed, "r", villages=read_villages(VILLAGES, "v.csv")))
    made = Geography((*Geography.parse(files["azamgarh"]).districts, *Geography.parse(files["mau"]).districts))
    reader = Reader(made)
    told = {text: made.resolve(reader.names(text)).district for text in ("khairabad kalan me", "खैराबाद कलां", "latghat")}
    assert told == {"khairabad kalan me": "azamgarh", "खैराबाद कलां": "azamgarh", "latghat": ""}


def test_a_table_without_names_of_villages_is_refused() -> None:
    with pytest.raises(GeographyError, match="Village Name"):
        read_villages("District Code\n123\n", "v.csv")
