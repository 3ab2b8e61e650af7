"""Packages for some machines are in extras: a machine for the role web is small, and missing ones are named."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from satark_files import extra_packages as packages
from satark_files.extra_packages import MODULES, Extra, MissingPackage, needing
from satark_testing.processes.service import Service, ServiceError
from support.commands import run

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MOST_BYTES = 200_000_000
SATARK = str(Path(sys.executable).with_name("satark"))
ABSENT = f"""
import sys

class Finder:
    def __init__(self, finder):
        self._finder = finder

    def __getattr__(self, name):
        return getattr(self._finder, name)

    def find_spec(self, name, path=None, target=None):
        absent = name.partition(".")[0] in {[name for names in MODULES.values() for name in names]}
        return None if absent else self._finder.find_spec(name, path, target)

sys.meta_path[:] = map(Finder, sys.meta_path)
"""


@pytest.fixture
def small(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds no package of these extras."""
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent" / "sitecustomize.py").write_text(ABSENT)
    return {"PYTHONPATH": str(tmp_path / "absent")}


def base_distributions() -> Iterator[Distribution]:
    """Yield what `pip install satark`, without extras, installs beside Satark."""
    seen, waiting = set[str](), list(PROJECT["dependencies"])
    while waiting:
        wanted = Requirement(waiting.pop())
        name = canonicalize_name(wanted.name)
        if name not in seen and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            seen.add(name)
            yield (found := distribution(name))
            waiting += found.requires or ()


def size(paths: Iterator[Path]) -> int:
    """Return how many bytes files have, those that are there."""
    return sum(path.stat().st_size for path in paths if path.is_file())


@pytest.mark.parametrize("extra", MODULES)
def test_an_extra_brings_the_packages_of_its_modules(extra: Extra) -> None:
    required = {canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"][extra]}
    brought = {path.parts[0].removesuffix(".py") for name in required for path in distribution(name).files or ()}
    assert set(MODULES[extra]) <= brought
    assert len(required) == len(MODULES[extra])


@pytest.mark.slow("a third of a second of a processor")
def test_a_base_install_takes_at_most_200_megabytes() -> None:
    others = (Path(str(one.locate_file(file))) for one in base_distributions() for file in one.files or ())
    own = (path for part in ("core", "channels", "sinks") for path in (ROOT / part).rglob("*"))
    assert size(others) + size(own) <= MOST_BYTES


@pytest.mark.slow("a process")
async def test_the_role_web_starts_without_the_extras(tmp_path: Path, small: dict[str, str]) -> None:
    environment = {**small, "SATARK_PLUGINS": '["web_form"]'}
    async with Service(tmp_path / "data", environment, [SATARK, "serve", "--role", "web"]) as service:
        assert service.running


@pytest.mark.slow("a process")
@pytest.mark.parametrize(("role", "extra"), [("worker", "evidence"), ("desk", "printing")])
async def test_a_role_without_its_extra_names_the_extra_and_does_not_start(
    role: str, extra: Extra, tmp_path: Path, small: dict[str, str]
) -> None:
    environment = {**small, "SATARK_PLUGINS": '["web_form", "desk"]'}
    service = Service(tmp_path / "data", environment, [SATARK, "serve", "--role", role])
    with pytest.raises(ServiceError, match=rf"(?s){role} needs {MODULES[extra][0]}.*pip install 'satark\[{extra}\]'"):
        await service.start()


@pytest.mark.slow("a process")
def test_check_names_a_missing_extra_that_a_role_needs(
    tmp_path: Path, no_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    assert "worker needs imageio_ffmpeg, lxml, " in run("check", "--role", "worker", code=1).stdout
    assert "pip install 'satark[printing]'" in run("check", "--role", "desk", code=1).stdout
    assert "pip install" not in run("check", "--role", "web", code=1).stdout


@pytest.mark.slow("a process")
def test_a_command_without_its_extra_names_the_extra(tmp_path: Path, small: dict[str, str]) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    command = [SATARK, "evidence", "clean", str(tmp_path / "a.jpg")]
    done = subprocess.run(
        command, env={**os.environ, **small}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "pip install 'satark[evidence]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_module_of_no_extra_is_another_failure() -> None:
    with pytest.raises(MissingPackage, match=r"needs fpdf, .*: pip install 'satark\[printing\]'"), needing("printing"):
        raise ModuleNotFoundError(name="fpdf.enums")
    with pytest.raises(ModuleNotFoundError), needing("printing"):
        raise ModuleNotFoundError(name="elsewhere")
