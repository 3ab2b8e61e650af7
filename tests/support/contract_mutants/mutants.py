"""Breaks copies of plugins on purpose, and reports which rule of the kit detects each change."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import inspect
import re
import shutil
import sys
import tomllib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from satark.cli.plugin import write_project
from satark_testing.contracts.channel import check_channel
from satark_testing.contracts.rules import BrokenRule

FILE: Final = Path(__file__).with_name("mutants.toml")
ROOT: Final = Path(__file__).parents[3]
HOW_TOS: Final = ROOT / "docs/how-to"
SCAFFOLDS: Final[Mapping[str, str]] = {"channel": "mutant_channel", "sink": "mutant_sink"}
HOW_TO: Final = "scaffold/cases/"
"""What a mutant's file begins with if it stands in the how-tos of sinks."""
_LEAK: Final = "C48"
_CASES: Final[Mapping[str, Sequence[str]]] = {
    "satark_sms_ivr": ("sms_case", "voice_case"),
    "satark_telegram": ("telegram_case",),
    "satark_whatsapp": ("whatsapp_case",),
}


class Mutant(NamedTuple):
    """One change of one plugin."""

    name: str
    file: str
    """The file, such as `scaffold/channel/channel.py`, or a path below the project's root."""
    rule: str
    """The rule that is expected to detect the change."""
    old: str
    new: str


class Noticed(NamedTuple):
    """The kit's result for a mutant."""

    mutant: Mutant
    rule: str
    """The rule that detected the mutant; empty: none."""
    message: str


def all_mutants() -> list[Mutant]:
    """Read the list of mutants."""
    files: dict[str, dict[str, dict[str, str]]] = tomllib.loads(FILE.read_text())
    return [
        Mutant(name, file, change["rule"], *(change[part].replace("\\n", "\n") for part in ("old", "new")))
        for file, changes in files.items()
        for name, change in changes.items()
    ]


class Workshop:
    """A folder with copies of the plugins that are broken.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for kind, name in SCAFFOLDS.items():
            write_project(kind, name, folder / kind)

        for page in ("sink.md", "sink-answers.md"):
            for code in re.findall(
                r"^```python\n(.*?)^```", (HOW_TOS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE
            ):
                name = code.partition('"""')[2].partition(":")[0]
                (folder / "cases" / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / "cases" / name).write_text(code, "utf-8")

    def try_mutant(self, mutant: Mutant) -> Noticed:
        """Change a copy, run the checks on it, and restore it.

        Raises:
            ValueError: the text to change is missing in the file, or occurs more than once.
        """
        path, package, checks = self._place(mutant.file)
        name = package.removeprefix("satark_")
        source = path.read_text()
        old, new = (part.replace("{name}", name) for part in (mutant.old, mutant.new))
        if source.count(old) != 1:
            raise ValueError(f"{mutant.name}: {old!r} stands {source.count(old)} times in {mutant.file}")
        path.write_text(source.replace(old, new))
        try:
            noticed = self._run(mutant, path, package, checks)
        finally:
            path.write_text(source)
        if noticed.rule == _LEAK:
            _collect()
        return noticed

    def clean(self, file: str) -> Noticed:
        """Run the checks on an unchanged copy, which must break no rule."""
        path, package, checks = self._place(file)
        return self._run(Mutant("unchanged", file, "", "", ""), path, package, checks)

    def _place(self, file: str) -> tuple[Path, str, Sequence[str]]:
        """Return the copied file, its package, and its checks: functions of a test module, or cases."""
        first, second, *rest = file.split("/")
        if file.startswith(HOW_TO):
            test = f"test_{rest[0].removesuffix('.py').replace('plugin', 'sink')}"
            return self._folder / second / "satark_cases" / rest[0], "satark_cases", (test,)
        if first == "scaffold":
            package = f"satark_{SCAFFOLDS[second]}"
            return self._folder / second / package / rest[0], package, (f"test_{second}",)
        package = rest[0]
        copied = self._folder / "own" / package
        if not copied.exists():
            shutil.copytree(ROOT / first / second / package, copied, ignore=shutil.ignore_patterns("__pycache__"))
        return copied.joinpath(*rest[1:]), package, _CASES[package]

    def _run(self, mutant: Mutant, path: Path, package: str, checks: Sequence[str]) -> Noticed:
        folder = next(parent for parent in path.parents if parent.name == package).parent
        with _imported_from((package, "tests"), folder, folder / "tests"):
            try:
                for check in checks:
                    asyncio.run(_check(check, self._empty_folder()))
            except BrokenRule as broken:
                return Noticed(mutant, broken.rule.id, str(broken))
        return Noticed(mutant, "", "")

    def _empty_folder(self) -> Path:
        folder = self._folder / "data"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder


async def _check(name: str, folder: Path) -> None:
    if name.endswith("_case"):
        cases = importlib.import_module("support.contract_mutants.cases")
        await check_channel(getattr(cases, name)())
        return
    tests = _tests_of(name)
    found = (
        getattr(tests, test, None) for test in ("test_the_plugin_keeps_the_contract", "test_it_keeps_the_contract")
    )
    for test in filter(None, found):
        arguments: dict[str, Any] = {"tmp_path": folder} if "tmp_path" in inspect.signature(test).parameters else {}
        result = test(**arguments)
        if inspect.isawaitable(result):
            await result


def _collect() -> None:
    """Collect garbage now, so that open resources give no warning during another test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _tests_of(name: str) -> ModuleType:
    """Import a project's test module without pytest's import hook, which would rewrite it."""
    path = next(path for folder in sys.path if (path := Path(folder, f"{name}.py")).exists())
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _imported_from(packages: Sequence[str], *folders: Path) -> Iterator[None]:
    """Import packages anew from these folders while the block runs. Afterwards the earlier modules are restored."""
    known, path, written = dict(sys.modules), list(sys.path), sys.dont_write_bytecode
    _forget(packages)
    sys.path[:0] = map(str, folders)
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        _forget(packages)
        sys.path[:], sys.dont_write_bytecode = path, written
        sys.modules.update({name: module for name, module in known.items() if name.partition(".")[0] in packages})


def _forget(packages: Sequence[str]) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] in packages:
            del sys.modules[name]
