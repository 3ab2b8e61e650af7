"""The files of a geography: which lines are refused, and how the error names their position."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from satark_words.geography.geography import District, Geography, GeographyError, Named, Station
from satark_words.geography.geography_files import GeographyFile
from satark_words.reader import Reader

HEAD = """\
districts:
  - code: d
    names: {hi: द, en: D}
    range: r
"""
STATION = """\
    stations:
      - code: s
        names: {en: S}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(GeographyError) as refused:
        Geography.parse(text)
    return [str(one) for one in refused.value.problems]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[]", 1, "Expected `object`"),
        ("districts: [\n", 2, "no YAML"),
        ("districts:\n  - code: d\n    names: {en: D}\n", 2, "`range`"),
        (HEAD + "    more: 1\n", 2, "more"),
        (HEAD + STATION + "        latitude: north\n", 8, "Expected `float | null`, got `str`"),
        (HEAD.replace("code: d", "code: D d"), 2, "small letters"),
        (HEAD.replace("code: d", "code: elsewhere"), 2, "a meaning of its own"),
        (HEAD.replace("code: d", f"code: {'d' * 25}"), 2, "shorten it"),
        (HEAD.replace("{hi: द, en: D}", "{}"), 3, "has no name"),
        (HEAD.replace("{hi: द, en: D}", "{hi: द, en: ''}"), 3, "empty name"),
        (HEAD.replace("range: r", "range: ''"), 4, "has no range"),
        (HEAD.replace("range: r", "range: d"), 4, "the code of something else"),
        (HEAD + "    border: [[25, 83], [26, 83]]\n", 5, "three corners"),
        (HEAD + "    border: [[83, 25], [183, 26], [26, 83]]\n", 5, "[latitude, longitude]"),
        (HEAD + "    centre: [25, 83]\n", 5, "radius_km"),
        (HEAD + STATION + STATION.split("\n", 1)[1], 8, "occurs twice"),
        (HEAD + STATION + STATION.split("\n", 1)[1].replace("code: s", "code: t"), 9, "a name of 's'"),
        (HEAD + STATION + "        latitude: 25.1\n", 8, "only one coordinate"),
        (HEAD + STATION + "        latitude: 95.1\n        longitude: 83\n", 6, "not on the earth"),
        (HEAD + STATION + "        circle: d\n", 8, "the code of a unit"),
        (HEAD + "    centre: [25, 83]\n    radius_km: 9\n" + STATION + "        latitude: 28\n        longitude: 77\n",
         10, "outside its district"),
    ],
)  # fmt: skip
def test_a_wrong_geography_is_refused_with_the_line(text: str, line: int, words: str) -> None:
    found = problems(text)
    assert any(one.startswith(f"geography:{line}: ") and words in one for one in found), found


def test_every_problem_is_named_at_once() -> None:
    wrong = HEAD.replace("code: d", "code: D") + STATION + "        latitude: 25.1\n        circle: s\n"
    assert len(problems(wrong)) == 3


def test_a_folder_is_one_geography_and_a_circle_is_in_one_district(tmp_path: Path) -> None:
    circle = "        circle: c\n"
    (tmp_path / "a.yaml").write_text(HEAD + STATION + circle, "utf-8")
    other = (HEAD + STATION).replace("code: d", "code: e").replace("code: s", "code: t")
    (tmp_path / "b.yaml").write_text(other, "utf-8")
    assert [one.code for one in Geography.load(tmp_path).districts] == ["d", "e"]
    (tmp_path / "b.yaml").write_text(other + circle, "utf-8")
    with pytest.raises(GeographyError, match=rf"^{tmp_path}/b\.yaml:8: the circle 'c' is in two districts"):
        Geography.load(tmp_path)


def test_a_geography_is_a_file_too_and_may_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text("districts: []", "utf-8")
    empty = Geography.load(path)
    assert empty.locate((1.0, 1.0)) == Named()
    (nothing := tmp_path / "nothing").mkdir()
    with pytest.raises(GeographyError, match="holds no"):
        Geography.load(nothing)


CIRCLE = HEAD + "    centre: [25.3, 83.0]\n    radius_km: 20\n    reach_km: 3\n" + STATION + (
    "        latitude: 25.3\n        longitude: 83.0\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "latitude", "district", "station"),
    [
        (CIRCLE, 25.31, "d", "s"),
        (CIRCLE, 25.40, "d", ""),
        (CIRCLE, 25.60, "", ""),
        (CIRCLE.replace("    centre: [25.3, 83.0]\n    radius_km: 20\n", ""), 25.31, "d", "s"),
        (CIRCLE.replace("    centre: [25.3, 83.0]\n    radius_km: 20\n", ""), 25.40, "", ""),
        (CIRCLE.replace("reach_km: 3", "reach_km: 30"), 25.40, "d", "s"),
    ],
)
def test_a_district_may_be_a_circle_or_only_its_stations(
    text: str, latitude: float, district: str, station: str
) -> None:
    found = Geography.parse(text).locate((latitude, 83.0))
    assert (found.district, found.station) == (district, station)


@pytest.mark.slow("a whole geography")
def test_the_example_of_the_document_is_a_geography() -> None:
    document = (Path(__file__).parents[3] / "docs" / "geography.md").read_text("utf-8")
    example = Geography.parse(document.split("```yaml\n")[1].split("```")[0])
    assert example.resolve(Reader(example).names("मुगलसराय, चंदौली")).station == "mughalsarai"
    named = set(re.findall(r"^\| `(\w+)`(?:, `(\w+)`)?", document, re.MULTILINE))
    fields = {name for struct in (GeographyFile, District, Station) for name in struct.__struct_fields__}
    assert {name for row in named for name in row if name} == fields
