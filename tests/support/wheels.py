"""Builds wheels, makes a package index of them, and installs them offline, as an outside user would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TypeAlias
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Install: TypeAlias = Callable[[str], Path]
"""Name of an example → the folder with its installed wheel, for `PYTHONPATH`."""


def install(project: Path, folder: Path) -> Path:
    """Build a project's wheel and install it below a folder; return the folder."""
    wheels, target = folder / "wheels", folder / "target"
    _run(["-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)], project, {})
    (wheel,) = wheels.glob("*.whl")
    _run(
        ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)], folder, {}
    )
    return target


def package_index(folder: Path, wanted: Iterable[str], built: Iterable[Path]) -> str:
    """Make a package index (PEP 503) of some wheels and of what is installed here for `wanted`; return its address.

    What is installed here came from the lock, by hash. It is packed into wheels again, with the metadata that it had,
    so that no other server is asked.
    """
    for wheel in (*built, *(_repacked(one, folder) for one in _installed_for(wanted))):
        home = folder / "simple" / canonicalize_name(wheel.name.split("-")[0])
        home.mkdir(parents=True)
        wheel.rename(home / wheel.name)
        (home / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    return (folder / "simple").as_uri()


def _installed_for(wanted: Iterable[str]) -> list[Distribution]:
    """Return what an installation of these requirements brings, without Satark itself."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(one) for one in wanted]
    while waiting:
        one = waiting.pop()
        if (key := (canonicalize_name(one.name), frozenset(one.extras))) in found:
            continue
        found.add(key)
        further = [Requirement(text) for text in distribution(one.name).requires or ()]
        extras = [{"extra": extra} for extra in ("", *one.extras)]
        waiting += [more for more in further if more.marker is None or any(map(more.marker.evaluate, extras))]
    return [distribution(name) for name in sorted({name for name, _ in found} - {"satark"})]


def _repacked(installed: Distribution, folder: Path) -> Path:
    """Pack an installed distribution into a wheel; its programs are made again from its entry points."""
    inside = [file for file in installed.files or () if file.parts[0] != ".." and "__pycache__" not in file.parts]
    (metadata,) = {file.parts[0] for file in inside if file.parts[0].endswith(".dist-info")}
    tags = (line.split("-") for line in re.findall(r"^Tag: (\S+)", installed.read_text("WHEEL") or "", re.MULTILINE))
    tag = "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))
    path = folder / f"{metadata.removesuffix('.dist-info')}-{tag}.whl"
    made_here = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    kept = [file for file in inside if file.parent.name != metadata or file.name not in made_here]
    with ZipFile(path, "w") as wheel:
        for file in kept:
            wheel.write(file.locate(), str(file))
        wheel.writestr(f"{metadata}/RECORD", "".join(f"{file},,\n" for file in (*kept, f"{metadata}/RECORD")))
    return path


def run_satark(*arguments: str, **environment: str) -> str:
    """Run a Satark command in a separate process; return its output."""
    return _run(["-c", "from satark.cli import main; main()", *arguments], Path.cwd(), environment)


def _run(arguments: Sequence[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout
