"""Mutation testing: checks whether the tests detect changed lines in a part of Satark.

mutmut changes the code of a part, one change at a time, and runs the part's tests on each change. It works on a copy,
in the layout that it knows (`src/`), so the work tree stays as it is. `tests/mutation.toml` names the parts, their
modules and their tests, and gives a reason for every function where a change may survive.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click
import msgspec

CONFIGURATION: Final = Path("tests/mutation.toml")
KILLED: Final = 85
"""Percentage of a part's changes that its tests must detect."""

_SURVIVED: Final = frozenset({"survived", "no tests", "suspicious"})
_NOTICED: Final = frozenset({"killed", "timeout", "segfault", "caught by type check"})


class Part(msgspec.Struct, frozen=True):
    """A part of Satark whose tests are tested."""

    modules: tuple[str, ...]
    """Glob patterns below `core/satark`."""
    tests: tuple[str, ...]
    """Arguments of pytest: the smallest set of tests that covers the part."""
    survivors: Mapping[str, str] = {}
    """Function, as `module.function` or `module.Class.method` → why a changed line in it may survive."""


class Results(msgspec.Struct):
    """The results of a part's changes."""

    noticed: int = 0
    survivors: list[str] = []
    """The names of the changes that no test detected."""
    unknown: Counter[str] = msgspec.field(default_factory=Counter)
    """State → number of changes that were not tried."""

    @property
    def total(self) -> int:
        """The number of changes."""
        return self.noticed + len(self.survivors)

    @property
    def percentage(self) -> float:
        """The percentage of changes that the tests detected."""
        return 100 * self.noticed / self.total if self.total else 0.0


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Change the code of the named parts (by default all), and report which changes no test detected."""
    parts = msgspec.convert(tomllib.loads(CONFIGURATION.read_text()), dict[str, Part])
    poor = [name for name in names or parts if not _is_good(name, parts[name])]
    raise SystemExit(f"fewer than {KILLED} % noticed: {', '.join(poor)}" if poor else 0)


def _is_good(name: str, part: Part) -> bool:
    with TemporaryDirectory(prefix="satark-mutation-") as folder:
        copy_project(Path(folder), part)
        results = read_results(run_mutmut(Path(folder)))
        click.echo(
            f"{name}: {results.noticed} of {results.total} changes noticed ({results.percentage:.1f} %), "
            f"{len(results.survivors)} survived"
        )
        for survivor in results.survivors:
            reason = part.survivors.get(function_of(survivor), "")
            click.echo(f"\n{survivor}: {reason or 'NO REASON GIVEN'}\n{_difference(Path(folder), survivor)}")
        if results.unknown:
            click.echo(f"not tried: {dict(results.unknown)}")
    return results.percentage >= KILLED and not results.unknown


def copy_project(folder: Path, part: Part) -> None:
    """Copy the code and the tests to a folder, with the configuration of mutmut for a part."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree("core/satark", folder / "src/satark", ignore=ignored)
    shutil.copytree("tests", folder / "tests", ignore=ignored)
    for rest in ("channels", "sinks", "docs"):
        (folder / rest).symlink_to(Path(rest).resolve())
    project = Path("pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(f"{project}\n[tool.mutmut]\n{_configuration(part)}")


def _configuration(part: Part) -> str:
    lists = {
        "source_paths": ["src"],
        "only_mutate": [f"src/satark/{pattern}" for pattern in part.modules],
        "pytest_add_cli_args_test_selection": part.tests,
        # Each change is tried on SQLite alone: PostgreSQL takes ten times as long and knows no other rule.
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "--timeout=40", "-k", "not postgresql"],
    }
    # A change that makes a test wait for ever shall not hold up the others for minutes.
    limits = "timeout_constant = 2.0\ntimeout_multiplier = 3.0"
    return "\n".join([*(f"{name} = {_toml_list(values)}" for name, values in lists.items()), limits])


def _toml_list(values: Iterable[str]) -> str:
    return f"[{', '.join(msgspec.json.encode(value).decode() for value in values)}]"


def run_mutmut(folder: Path) -> str:
    """Try every change in a copy of the project; return the list of results.

    Raises:
        SystemExit: mutmut failed; its output is shown.
    """
    done = _mutmut(folder, "run", "--max-children", "1")
    if done.returncode:
        raise SystemExit(f"mutmut failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return _mutmut(folder, "results", "--all", "true").stdout


def _mutmut(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command: Sequence[str] = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def read_results(text: str) -> Results:
    """Read what `mutmut results --all true` prints: a line `name: state` for every change."""
    results = Results()
    for line in text.splitlines():
        name, separator, state = line.strip().rpartition(": ")
        if not separator or "__mutmut_" not in name:
            continue
        if state in _NOTICED:
            results.noticed += 1
        elif state in _SURVIVED:
            results.survivors.append(name)
        else:
            results.unknown[state] += 1
    return results


def function_of(mutant: str) -> str:
    """Return the function that a change is in: `satark.a.xǁClassǁmethod__mutmut_3` is in `satark.a.Class.method`."""
    module, _, mangled = mutant.rpartition("__mutmut_")[0].rpartition(".")
    name = mangled.removeprefix("x_") if mangled.startswith("x_") else mangled.removeprefix("xǁ").replace("ǁ", ".")
    return f"{module}.{name}"


def _difference(folder: Path, mutant: str) -> str:
    lines = _mutmut(folder, "show", mutant).stdout.splitlines()
    return "\n".join(line for line in lines if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"})


if __name__ == "__main__":
    main()
