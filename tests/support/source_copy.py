"""Copies packages to a folder and runs code that imports the copies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import msgspec


class SourceCopy:
    """Copies of packages.

    Args:
        folder: an empty folder.
        packages: import names of top-level packages, such as `satark` and `satark_desk`.
    """

    def __init__(self, folder: Path, packages: Iterable[str]) -> None:
        self.folder = folder
        for package in packages:
            spec = find_spec(package)
            if spec is None or spec.origin is None:
                raise AssertionError(f"{package} is not installed")
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(Path(spec.origin).parent, folder / package, ignore=ignore)

    def run(self, code: str) -> dict[str, object]:
        """Run code in a new process that imports the copies; return the JSON object that it prints.

        Raises:
            AssertionError: the code failed; the message is what it wrote.
        """
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            raise AssertionError(done.stderr)
        return msgspec.json.decode(done.stdout, type=dict[str, object])
