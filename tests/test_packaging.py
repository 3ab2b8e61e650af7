"""Folders, declarations and the wheel agree: a package that is missing from a list fails here."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from satark import __version__
from support.supply.lock import needed_to_run

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOOL = PROJECT["tool"]
LOCK, LOWEST = ((ROOT / name).read_text() for name in ("requirements.lock", "requirements-lowest.lock"))

PLUGIN_FOLDERS = sorted(
    folder for kind in ("channels", "sinks") for folder in (ROOT / kind).iterdir() if any(folder.glob("*/*.py"))
)
FOLDERS = [ROOT / "core", *PLUGIN_FOLDERS]

EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
NEEDED_TO_RUN = {
    *PROJECT["project"]["dependencies"],
    *(line for name, extra in EXTRAS.items() if name != "all" for line in extra),
}
REQUIREMENTS = sorted({*PROJECT["build-system"]["requires"], *NEEDED_TO_RUN, *PROJECT["dependency-groups"]["dev"]})


def relative(path: Path) -> str:
    """Return a path as pyproject.toml writes it."""
    return path.relative_to(ROOT).as_posix()


def packages_in(folder: Path) -> list[str]:
    """Return the names of a folder's packages: five in `core`, one in each plugin's."""
    return sorted(path.parent.name for path in folder.glob("*/__init__.py"))


PACKAGES = {name: folder / name for folder in FOLDERS for name in packages_in(folder)}
PLUGINS = {folder: packages_in(folder)[0] for folder in PLUGIN_FOLDERS}


def contract(kind: str, **fields: list[str]) -> dict[str, Any]:
    """Return the one import-linter contract of a kind with these fields."""
    contracts = TOOL["importlinter"]["contracts"]
    (found,) = (c for c in contracts if c["type"] == kind and all(c[name] == value for name, value in fields.items()))
    return dict(found)


@pytest.mark.parametrize("folder", FOLDERS, ids=relative)
def test_a_folder_holds_typed_packages_and_no_module(folder: Path) -> None:
    folders = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__")
    assert folders == packages_in(folder)
    assert len(folders) == (6 if folder.name == "core" else 1)
    assert not list(folder.glob("*.py")), "the folder itself is on sys.path in a development install"
    assert all((folder / name / "py.typed").exists() for name in folders)


def test_the_lists_of_folders_name_every_folder_and_no_other() -> None:
    folders = sorted(map(relative, FOLDERS))
    wheel = TOOL["hatch"]["build"]["targets"]["wheel"]
    assert sorted(TOOL["hatch"]["build"]["dev-mode-dirs"]) == folders
    examples = [relative(project.parent) for project in ROOT.glob("examples/*/pyproject.toml")]
    assert sorted(TOOL["mypy"]["mypy_path"]) == sorted([*folders, "tests", "docs", *examples])
    assert sorted(wheel["packages"]) == sorted(map(relative, PACKAGES.values()))


def test_the_lists_of_packages_name_every_package_and_no_other() -> None:
    assert set(TOOL["coverage"]["run"]["source_pkgs"]) == set(PACKAGES)
    assert set(TOOL["importlinter"]["root_packages"]) == set(PACKAGES)


def test_every_plugin_is_in_the_import_contracts() -> None:
    plugins = set(PLUGINS.values())
    assert set(contract("independence")["modules"]) == plugins
    walls = [one for one in TOOL["importlinter"]["contracts"] if one["type"] == "forbidden"]
    assert plugins <= {module for wall in walls for module in wall["source_modules"]}
    contracts = [one for one in TOOL["importlinter"]["contracts"] if one["type"] == "layers"]
    (packages,) = (one["layers"] for one in contracts if "containers" not in one)
    assert {name for layer in packages for name in layer.split(" | ")} == set(PACKAGES)


def test_every_plugin_is_an_entry_point_under_its_folders_name() -> None:
    expected = {folder.name: f"{name}.plugin" for folder, name in PLUGINS.items()}
    assert PROJECT["project"]["entry-points"]["satark"] == expected


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[PurePosixPath]:
    """Build the wheel, offline and without isolation; return its files."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return {PurePosixPath(name) for name in zipfile.ZipFile(built).namelist()}


@pytest.mark.slow("a process")
def test_the_wheel_installs_the_packages_and_never_their_folders(wheel: set[PurePosixPath]) -> None:
    assert {path.parts[0] for path in wheel} == {*PACKAGES, f"satark-{__version__}.dist-info"}


@pytest.mark.slow("a process")
def test_the_wheel_holds_every_file_of_the_packages(wheel: set[PurePosixPath]) -> None:
    """Texts, flows, templates, static files and `py.typed` are included: no ignore rule may drop one."""
    expected = {
        PurePosixPath(path.relative_to(package.parent).as_posix())
        for package in PACKAGES.values()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packaged = {path for path in wheel if not path.parts[0].endswith(".dist-info")}
    assert packaged == expected


@pytest.mark.slow("a process")
def test_the_wheel_contains_the_licence(wheel: set[PurePosixPath]) -> None:
    assert any(path.match("*.dist-info/licenses/LICENSE") for path in wheel)


def pins(lock: str) -> dict[str, str]:
    """Return the version of each package in a lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z0-9,-]+\])?==(\S+)", lock, re.MULTILINE))


@pytest.mark.parametrize("lock", [LOCK, LOWEST], ids=["newest", "lowest"])
def test_a_lock_names_no_server(lock: str) -> None:
    assert not re.search(r"://|--index|--find-links|@ ", lock)


@pytest.mark.parametrize("lock", [LOCK, LOWEST], ids=["newest", "lowest"])
def test_a_lock_pins_every_requirement_by_hash(lock: str) -> None:
    entries = re.findall(r"^[a-z0-9._-]+(?:\[[a-z0-9,-]+\])?==\S+.*?(?=^[a-z0-9]|\Z)", lock, re.MULTILINE | re.DOTALL)
    assert len(entries) == len(re.findall(r"^[a-z0-9]", lock, re.MULTILINE))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_lock_satisfies_every_requirement() -> None:
    wanted, pinned = list(map(Requirement, REQUIREMENTS)), pins(LOCK)
    assert [str(one) for one in wanted if not one.specifier.contains(pinned[canonicalize_name(one.name)])] == []


def test_the_oldest_allowed_version_is_the_tested_one() -> None:
    tested = {name: Version(version) for name, version in pins(LOWEST).items()}
    for requirement in map(Requirement, NEEDED_TO_RUN):
        (oldest,) = (bound.version for bound in requirement.specifier if bound.operator == ">=")
        assert tested[canonicalize_name(requirement.name)] == Version(oldest), requirement


def megabytes(names: Iterable[str]) -> float:
    """Return what the files of installed packages take, without byte code."""
    installed = {canonicalize_name(one.name): one for one in importlib.metadata.distributions()}
    found = (installed.get(canonicalize_name(name)) for name in names)
    files = (file for one in found if one is not None for file in one.files or ())
    paths = (Path(str(file.locate())) for file in files if file.suffix != ".pyc")
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


@pytest.mark.slow("reads all of the code")
def test_the_base_and_every_extra_take_no_more_than_the_installation_page_says() -> None:
    """Wheels for other processors have other sizes, by a few megabytes."""
    page = (ROOT / "docs/install.md").read_text("utf-8")
    (base, everything) = map(int, re.findall(r"The base takes (\d+) MB.*?every extra (\d+):", page)[0])
    files = (file for package in PACKAGES.values() for file in package.rglob("*") if "__pycache__" not in file.parts)
    own = sum(file.stat().st_size for file in files if file.is_file())
    project = ROOT / "pyproject.toml"
    assert megabytes(needed_to_run(project, without=EXTRAS)) + own / 1e6 == pytest.approx(base, abs=6)
    assert megabytes(needed_to_run(project)) + own / 1e6 == pytest.approx(everything, abs=25)
    assert base <= 120
