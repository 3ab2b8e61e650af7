"""Sabotages: changes of the code that each remove a protection, and that a test must detect: `tests/sabotages.toml`.

A test must fail, or the worlds of the canary must find something.

A copy of the project is changed, with an environment of its own, so that processes which tests start import the copy.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "tests/sabotages.toml"
_IMPORTS: Final = "from support.canary.wrapping import before, instead\n"
_TESTS_FAILED: Final = 1
"""pytest's exit code where tests ran and failed. Any other says that the sabotage breaks more than it should."""


class Sabotage(NamedTuple):
    """One change of the code."""

    name: str
    file: str
    """Path below the project's root."""
    new: str
    old: str = ""
    """The text that is replaced; it occurs once in the file. Empty: `new` is appended."""
    test: str = ""
    """Argument of pytest: the test that must fail."""
    finds: str = ""
    """In place of `test`: regular expression that must match a find of the canary."""

    def change(self, source: str) -> str:
        """Return the changed source.

        Raises:
            ValueError: the text to replace is missing, or occurs more than once: adapt the sabotage.
        """
        if not self.old:
            return f"{source}\n\n{_IMPORTS}{self.new}\n"
        if source.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.old!r} occurs {source.count(self.old)} times in {self.file}")
        return source.replace(self.old, self.new)


def all_sabotages() -> list[Sabotage]:
    """Read the table."""
    table: dict[str, dict[str, str]] = tomllib.loads(FILE.read_text())
    return [Sabotage(name=name, **fields) for name, fields in table.items()]


class Workshop:
    """A copy of the project in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("core", "channels", "sinks", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        for name in ("docs", "README.md"):
            (folder / name).symlink_to(ROOT / name)
        self._python = _make_environment(folder)

    def is_noticed(self, sabotage: Sabotage) -> bool:
        """Return whether the test fails on the changed copy; change it back."""
        path = self._folder / sabotage.file
        source = path.read_text()
        path.write_text(sabotage.change(source))
        try:
            return self._run(sabotage.test) == _TESTS_FAILED
        finally:
            path.write_text(source)

    def missed_by_canary(self, sabotages: Iterable[Sabotage]) -> list[str]:
        """Run the worlds on a copy with all these changes; return the names of those that no find reveals."""
        tried = list(sabotages)
        for sabotage in tried:
            path = self._folder / sabotage.file
            path.write_text(sabotage.change(path.read_text()))
        environment = {**os.environ, "PYTHONPATH": str(self._folder / "tests")}
        command = [str(self._python), "-m", "support.canary"]
        done = subprocess.run(command, cwd=self._folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(done.stderr[-4000:])
        self.finds: list[str] = json.loads(done.stdout)["finds"]
        return [one.name for one in tried if not any(re.search(one.finds, find) for find in self.finds)]

    def passes(self, tests: Iterable[str]) -> bool:
        """Return whether tests pass on the unchanged copy."""
        return self._run(*tests) == 0

    def _run(self, *tests: str) -> int:
        command = [str(self._python), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=self._folder, env=environment, capture_output=True, check=False).returncode


def _make_environment(folder: Path) -> Path:
    """Make a virtual environment with the installed packages, and the copy in place of the project; return Python."""
    here, installed = folder / ".venv", Path(sysconfig.get_path("purelib"))
    packages = here / installed.relative_to(sys.prefix)
    packages.mkdir(parents=True)
    (here / "bin").mkdir()
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", here)
    python = here / "bin/python"
    python.symlink_to(Path(sys.executable).resolve())
    (here / "bin/weed").symlink_to(Path(sys.prefix) / "bin/weed")  # SeaweedFS, which a wheel brings
    script = here / "bin/satark"
    installed_script = (Path(sys.prefix) / "bin/satark").read_text()
    script.write_text(f"#!{python}\n{installed_script.partition(chr(10))[2]}")
    script.chmod(0o755)
    ours = [folder / Path(path).relative_to(ROOT) for path in sys.path if Path(path).is_relative_to(ROOT)]
    copied = [path for path in ours if path.exists() and ".venv" not in path.parts]
    (packages / "copy.pth").write_text("\n".join(map(str, [*copied, installed])))
    return python
