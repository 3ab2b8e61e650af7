"""Plugins import the contract and nothing beyond it: ours, the scaffolds, and every example of the documents."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

import satark.api

ROOT: Final = Path(__file__).parents[2]
SCAFFOLD: Final = ROOT / "core" / "satark" / "cli" / "scaffold"
LIBRARIES: Final = ("satark_files", "satark_words")
"""Modules that plugins may use besides the contract: those that list their names."""
DESK: Final = "satark_desk"
MODULES: Final = sorted(path.stem for path in (ROOT / "core/satark/api").glob("*.py") if path.stem != "__init__")


def imported(source: str) -> Iterator[tuple[str, str]]:
    """Give what a source imports of the host and the two libraries: module and name; no name for `import x`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names if is_ours(node.module))
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if is_ours(alias.name))


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in {"satark", *LIBRARIES}


def beyond(source: str, *, desk: bool = False) -> list[str]:
    """Name what a source imports beyond the contract."""
    return sorted(f"{module}:{name}" for module, name in imported(source) if not may_import(module, name, desk=desk))


def may_import(module: str, name: str, *, desk: bool) -> bool:
    if module == "satark.api":
        return name in satark.api.__all__ or name in MODULES
    if module in LIBRARIES:
        return hasattr(importlib.import_module(f"{module}.{name}"), "__all__")
    if desk and module == "satark.casework":
        return name in public_names(module)
    if module.partition(".")[0] in LIBRARIES:
        return name in getattr(importlib.import_module(module), "__all__", ())
    return False


def public_names(module: str) -> set[str]:
    """Return what a module imports: all that it offers."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def blocks(page: Path) -> str:
    """Return the code of a page that imports something."""
    found = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return "\n".join(block for block in found if re.search(r"^(from|import) ", block, re.MULTILINE))


def off_contract(files: Iterable[tuple[Path, str]]) -> list[str]:
    """Name each file that imports something beyond the contract, and what."""
    return [
        f"{path.relative_to(ROOT)}: {', '.join(found)}"
        for path, source in files
        if (found := beyond(source, desk=DESK in path.parts))
    ]


def test_an_import_beyond_the_contract_is_found() -> None:
    assert beyond("from satark.api import hookimpl, Channel, Nothing\nfrom satark.store import tables") == [
        "satark.api:Nothing",
        "satark.store:tables",
    ]
    assert beyond("from satark.api.channel import Channel\nimport satark.runtime.host") == [
        "satark.api.channel:Channel",
        "satark.runtime.host:",
    ]
    assert beyond("from satark.casework import Casework, tip_cache", desk=True) == ["satark.casework:tip_cache"]
    assert beyond("from satark_words.tokens import fold, secret") == ["satark_words.tokens:secret"]


@pytest.mark.slow("every file of the plugins")
def test_the_built_in_plugins_import_nothing_beyond_the_contract() -> None:
    files = sorted(path for folder in ("channels", "sinks", "examples") for path in (ROOT / folder).rglob("*.py"))
    assert off_contract((path, path.read_text("utf-8")) for path in files) == []


def test_the_scaffolds_import_nothing_beyond_the_contract() -> None:
    files = sorted(SCAFFOLD.rglob("*.py.jinja"))
    sources = [re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{ *(\w+) *\}\}", r"\1", file.read_text("utf-8"))) for file in files]
    assert off_contract(zip(files, sources, strict=True)) == []


def test_the_documents_examples_import_nothing_beyond_the_contract() -> None:
    pages = sorted(
        [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("channels/*/README.md"), *ROOT.glob("sinks/*/README.md")]
    )
    assert off_contract((page, blocks(page)) for page in pages) == []


def test_the_contract_is_small_and_every_module_of_it_is_explained() -> None:
    assert len(MODULES) <= 18
    assert len(satark.api.__all__) <= 201
    assert len(satark.api.__all__) == len(set(satark.api.__all__)), "one module each"
    for name in MODULES:
        assert importlib.import_module(f"satark.api.{name}").__doc__


def test_every_name_that_the_contract_lists_can_be_used() -> None:
    for name in satark.api.__all__:
        assert getattr(satark.api, name) is not None


@pytest.mark.slow("a process of its own")
def test_the_web_role_starts_without_casework() -> None:
    """A process that needs no desk's key would only start more slowly with casework."""
    modules = "satark.runtime.host, satark.runtime.app, satark_desk.plugin, satark_police_system.plugin"
    code = f"import sys, {modules}; print([one for one in sys.modules if one.startswith('satark.casework')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow("a process")
def test_importing_the_contract_loads_no_heavy_library() -> None:
    heavy = ("PIL", "aiohttp", "click", "jinja2", "sqlalchemy", "starlette")
    code = f"import satark.api, sys; print(*(name for name in {heavy} if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_every_public_name_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "contract.md").read_text("utf-8")
    missing = [name for name in satark.api.__all__ if f"`{name}`" not in page]
    assert missing == [], "run python docs/reference.py"
