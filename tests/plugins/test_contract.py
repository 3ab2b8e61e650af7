"""Plugins import the public contract and nothing beyond it: ours, the scaffolds, and every example of the documents."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from satark.plugins.contract import public_names

ROOT = Path(__file__).parents[2]
SCAFFOLD = ROOT / "core" / "satark" / "cli" / "scaffold"
PLUGINS = sorted(path for folder in ("channels", "sinks") for path in (ROOT / folder).rglob("*.py"))
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("channels/*/README.md"), *ROOT.glob("sinks/*/README.md")])
PUBLIC = public_names()
TESTS = "satark_testing"
"""Tests of plugins may import this too."""


def imported(source: str) -> Iterator[tuple[str, str]]:
    """Give what a source imports of Satark: module and name; the name is empty for `import satark.x`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "satark":
            yield from ((node.module, alias.name) for alias in node.names)
        if isinstance(node, ast.Import):
            yield from ((a.name, "") for a in node.names if a.name.partition(".")[0] == "satark")


def is_public(module: str, name: str) -> bool:
    """Whether `from module import name` stays within the contract."""
    if module == "satark" and f"satark.{name}" in PUBLIC:
        return True
    return name in PUBLIC.get(module, ())


def beyond(source: str, *, test: bool = False) -> list[str]:
    """Name what a source imports beyond the contract."""
    found = [one for one in imported(source) if not is_public(*one)]
    return sorted(f"{module}:{name}" for module, name in found if not (test and module.startswith(TESTS)))


def relative(path: Path) -> str:
    """Name a file as the reader knows it."""
    return path.relative_to(ROOT).as_posix()


def test_an_import_beyond_it_is_found() -> None:
    assert beyond("from satark.store import tables\nfrom satark import hookimpl, sealing") == ["satark.store:tables"]
    assert beyond("from satark.api.channel import Nothing\nimport satark.runtime.host") == [
        "satark.api.channel:Nothing",
        "satark.runtime.host:",
    ]


def test_a_built_in_plugin_imports_nothing_beyond_it() -> None:
    assert {relative(path): found for path in PLUGINS if (found := beyond(path.read_text("utf-8")))} == {}


def test_a_scaffold_imports_nothing_beyond_it() -> None:
    wrong = {}
    for path in SCAFFOLD.rglob("*.py.jinja"):
        source = re.sub(r"\{\{ *(\w+) *\}\}", r"\1", path.read_text("utf-8"))
        source = re.sub(r"\{%.*?%\}", "", source)
        wrong[relative(path)] = beyond(source, test="tests" in path.parts)
    assert {name: found for name, found in wrong.items() if found} == {}


def test_an_example_of_the_documents_imports_nothing_beyond_it() -> None:
    wrong = {}
    for page in PAGES:
        blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        code = [block for block in blocks if re.search(r"^(from|import) ", block, re.MULTILINE)]
        wrong[relative(page)] = [line for block in code for line in beyond(block, test="def test_" in block)]
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_there_and_says_what_it_is(module: str) -> None:
    found = importlib.import_module(module)
    assert found.__doc__
    for name in PUBLIC[module]:
        assert hasattr(found, name), name


def test_every_public_name_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "contract.md").read_text("utf-8")
    for module, names in PUBLIC.items():
        assert f"`{module}`" in page
        for name in names:
            assert f"`{name}`" in page, f"{module}.{name}: run python docs/reference.py"
