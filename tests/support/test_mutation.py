"""Mutation testing: mutmut's results are read correctly, and the configured parts exist."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from support.mutation import CONFIGURATION, Part, copy_project, function_of, read_results

ROOT = Path(__file__).parents[2]
PARTS = msgspec.convert(tomllib.loads((ROOT / CONFIGURATION).read_text()), dict[str, Part])
RESULTS = """
    satark.a.x_one__mutmut_1: killed
    satark.a.x_one__mutmut_2: survived
    satark.a.xǁThingǁ_two__mutmut_1: timeout
    satark.a.xǁThingǁ_two__mutmut_2: no tests
    satark.a.x_one__mutmut_3: not checked
a line: of something else
"""


def test_mutmut_results_are_counted_and_survivors_named() -> None:
    results = read_results(RESULTS)
    assert (results.noticed, results.total, results.percentage) == (2, 4, 50.0)
    assert results.survivors == ["satark.a.x_one__mutmut_2", "satark.a.xǁThingǁ_two__mutmut_2"]
    assert results.unknown == {"not checked": 1}
    assert read_results("").percentage == 0.0


@pytest.mark.parametrize(
    ("mutant", "function"),
    [
        ("satark.a.x_one__mutmut_2", "satark.a.one"),
        ("satark.a.x__one__mutmut_12", "satark.a._one"),
        ("satark.a.xǁThingǁ_two__mutmut_2", "satark.a.Thing._two"),
        ("satark.a.xǁThingǁ__init____mutmut_2", "satark.a.Thing.__init__"),
    ],
)
def test_a_mutant_is_assigned_to_its_function(mutant: str, function: str) -> None:
    assert function_of(mutant) == function


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_each_part_names_existing_modules_tests_and_functions(part: Part) -> None:
    modules = [path for pattern in part.modules for path in (ROOT / "core/satark").glob(pattern)]
    assert modules
    assert all((ROOT / test.partition("::")[0]).exists() for test in part.tests)
    known = {"satark." + ".".join(path.relative_to(ROOT / "core/satark").with_suffix("").parts) for path in modules}
    assert {name for name in part.survivors if not any(name.startswith(f"{module}.") for module in known)} == set()
    assert all(len(reason) > 20 for reason in part.survivors.values())


def test_mutation_testing_covers_the_critical_parts() -> None:
    assert {"sealing", "receipts", "identity", "routing", "roster"} <= PARTS.keys()


@pytest.mark.slow("hundreds of files")
def test_the_copied_project_has_the_layout_that_mutmut_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    copy_project(tmp_path, PARTS["routing"])
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())
    assert project["tool"]["mutmut"]["source_paths"] == ["src"]
    assert project["tool"]["mutmut"]["only_mutate"] == ["src/satark/routing/*.py"]
    assert (tmp_path / "src/satark/routing/rules.py").exists()
    assert (tmp_path / "tests/routing/test_rules.py").exists()
