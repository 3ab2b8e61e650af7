"""Reads `requirements.lock`, finds the packages that a running Satark needs, and reduces the lock to them."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pip_requirements_parser import RequirementsFile

LOCK: Final = Path("requirements.lock")
"""The lock, from the root of the project."""
_PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
"""Versions of Python that a server may have. The machine that builds the wheel may have another one."""
_ENTRY: Final = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,-]+\])?==.*?(?=^[a-z0-9]|\Z)", re.MULTILINE | re.DOTALL)


class LockedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One package of the lock."""

    name: str
    """The name in its canonical form."""
    version: str
    sha256: tuple[str, ...]
    """The digests of the package's files, in hex."""
    here: bool
    """Whether the package is installed here; some packages are for other machines or Python versions."""


def read_lock(path: Path = LOCK) -> Sequence[LockedPackage]:
    """Read the lock.

    Raises:
        ValueError: a line is no pinned package, or has no hash.
    """
    found = RequirementsFile.from_file(str(path))
    if found.invalid_lines:
        raise ValueError(f"{path}: {len(found.invalid_lines)} lines are no packages")
    packages = [_package(line) for line in found.requirements]
    return sorted(packages, key=lambda package: package.name)


def needed_to_run(project: Path = Path("pyproject.toml"), without: Collection[str] = ()) -> frozenset[str]:
    """Return the names of the packages that Satark needs to run, with every extra except some; no development tool."""
    declared = tomllib.loads(project.read_text())["project"]
    chosen = {name: lines for name, lines in declared["optional-dependencies"].items() if name not in without}
    extras = (line for lines in chosen.values() for line in lines)
    waiting = [Requirement(line) for line in (*declared["dependencies"], *extras)]
    needed: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        for extra in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), extra)
            if key not in needed and key[0] != "satark":
                needed.add(key)
                waiting += _requirements(*key)
    return frozenset(name for name, _ in needed)


def cut_lock(names: Collection[str], path: Path = LOCK) -> str:
    """Return the lock entries of these packages, unchanged, for `pip install --require-hashes`.

    Raises:
        ValueError: the lock has no entry for one of them.
    """
    entries = [(canonicalize_name(entry[1]), entry[0]) for entry in _ENTRY.finditer(path.read_text())]
    if missing := sorted(set(names) - {name for name, _ in entries}):
        raise ValueError(f"{path} has no entry for {', '.join(missing)}")
    return "".join(entry for name, entry in entries if name in names)  # one may have an entry for each Python


def _requirements(name: str, extra: str) -> Sequence[Requirement]:
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:  # for another machine
        return []
    found = map(Requirement, lines)
    return [one for one in found if one.marker is None or any(map(one.marker.evaluate, _environments(extra)))]


def _environments(extra: str) -> Sequence[dict[str, str]]:
    return [{"extra": extra, "python_version": one, "python_full_version": f"{one}.0"} for one in _PYTHONS]


def _package(line: Any) -> LockedPackage:
    requirement: Requirement = line.req
    pins = [pin.version for pin in requirement.specifier if pin.operator == "=="]
    hashes = tuple(one.partition("sha256:")[2] for one in line.hash_options)
    if len(pins) != 1 or not all(hashes) or not hashes:
        raise ValueError(f"{requirement.name} is not pinned by version and hash")
    here = line.marker is None or line.marker.evaluate()
    return LockedPackage(name=canonicalize_name(requirement.name), version=pins[0], sha256=hashes, here=here)
