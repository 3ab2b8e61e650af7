"""Builds the wheel of a distribution and installs it offline into a separate folder, as an outside user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

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
