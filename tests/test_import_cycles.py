"""No two files import each other, not even for types: import-linter checks packages, and this test checks files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow("reads all sources")

ROOT = Path(__file__).parents[1]
BASES = [ROOT / "core", *(path for folder in ("channels", "sinks") for path in (ROOT / folder).iterdir())]


def modules() -> dict[str, Path]:
    """Return every module of the core and of the plugins."""
    found = {}
    for base in BASES:
        for path in base.glob("satark*/**/*.py"):
            parts = path.relative_to(base).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Return the modules that a file imports, in type-checking blocks too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in known else node.module


def graph() -> dict[str, set[str]]:
    """Return module → the modules that it imports."""
    known = modules()
    return {name: {one for one in imported(path, known) if one in known} - {name} for name, path in known.items()}


def test_no_files_import_each_other_in_a_cycle() -> None:
    assert len(modules()) > 300
    tuple(TopologicalSorter(graph()).static_order())


def test_an_import_cycle_would_be_found() -> None:
    with pytest.raises(CycleError):
        tuple(TopologicalSorter({**graph(), "a": {"b"}, "b": {"a"}}).static_order())
