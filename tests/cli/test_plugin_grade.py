"""`satark plugin grade`: the grade of a plugin follows from the rules that its tests show to be kept."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from satark.cli.plugin import write_project
from satark.cli.plugin_grade import plugin_grade
from satark_testing.contracts.quality import Quality, grade_of
from satark_testing.contracts.rule_book import RULES

ROOT = Path(__file__).parents[2]
GRADED = {
    "channels/whatsapp": "tests/channels/whatsapp/test_contract.py",
    "channels/telegram": "tests/channels/telegram/test_contract.py",
    "channels/sms_ivr": "tests/channels/sms_ivr/test_contract.py",
    "examples/exotel": "tests/examples/exotel",
    "examples/geojson": "tests/examples/test_geojson.py",
    "examples/matrix_alert": "tests/examples/test_matrix_alert.py",
    "examples/signal": "tests/examples/signal/test_contract.py",
}
"""Folder of a graded plugin → its tests of the contract."""
OF_A_CHANNEL = [rule for rule in RULES if rule[0] in "CP"]


def grade(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(plugin_grade, [str(folder), *arguments])


@pytest.mark.parametrize(
    ("without", "reached"),
    [((), "platinum"), (("P10",), "gold"), (("P08",), "silver"), (("C36",), "bronze"), (("C07",), "none")],
)
def test_a_grade_needs_every_rule_of_it_and_of_the_lower_ones(without: tuple[str, ...], reached: str) -> None:
    found = grade_of([rule for rule in OF_A_CHANNEL if rule not in without], {})
    assert (found.grade, found.lacking) == (reached, without)
    assert grade_of(found.kept, dict.fromkeys(without, "no such thing here")).grade == "platinum"


def test_a_sink_is_not_held_to_the_rules_of_channels() -> None:
    assert grade_of([rule for rule in RULES if rule[0] in "SP"], {}).grade == "platinum"


def test_every_graded_plugin_is_listed_here() -> None:
    files = [file for place in ("channels", "sinks", "examples") for file in (ROOT / place).glob("*/quality.yaml")]
    assert {file.parent.relative_to(ROOT).as_posix() for file in files} == set(GRADED)


@pytest.mark.parametrize("folder", GRADED)
def test_ours_are_what_their_quality_file_says(folder: str) -> None:
    checked = grade(ROOT / folder, "--tests", str(ROOT / GRADED[folder]), "--check")
    assert checked.exit_code == 0, checked.output
    assert ": platinum," in checked.output


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new sink's project, importable by its own tests."""
    write_project("sink", "beacon", tmp_path)
    (tmp_path / "tests/conftest.py").write_text(f"import sys\n\nsys.path.insert(0, {str(tmp_path)!r})\n", "utf-8")
    return tmp_path


def test_a_new_project_is_graded_by_its_own_tests(project: Path) -> None:
    assert grade(project, "--check").exit_code == 1  # there is no quality.yaml yet
    written = grade(project)
    assert written.exit_code == 0, written.output
    assert "  S16 bronze   a sink that reads opens only its own tips\n" in written.output
    found = msgspec.yaml.decode((project / "quality.yaml").read_bytes(), type=Quality)
    assert {"S02", "S11", "P07", "P08"} <= set(found.kept)
    assert grade(project, "--check").exit_code == 0
    (project / "satark_beacon/py.typed").unlink()
    lost = grade(project, "--check")
    assert (lost.exit_code, "P08 it has types" in lost.output) == (1, True)


def test_failing_tests_and_reasons_that_are_missing_are_named(project: Path) -> None:
    (project / "quality.yaml").write_text("grade: none\nkept: []\nexempt: {S03: ''}\n", "utf-8")
    assert "'S03' names no rule or has no reason" in grade(project).output
    (project / "quality.yaml").write_text("grade: [", "utf-8")
    assert "quality.yaml can't be read" in grade(project).output
    (project / "quality.yaml").unlink()
    (project / "tests/test_wrong.py").write_text("def test_it():\n    assert False\n", "utf-8")
    assert "fail" in grade(project).output
    assert not (project / "quality.yaml").exists()
