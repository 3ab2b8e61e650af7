"""A copy of the installed packages that a test may change, for tests that prove what a change takes."""

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
    """Packages copied to a folder, where code can run against them.

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

    def run(self, code: str, *, write_bytecode: bool = False) -> dict[str, object]:
        """Run code in a new process that imports the copies; return the JSON object that it prints.

        Args:
            code: the code.
            write_bytecode: whether compiled modules are kept, for code that starts further processes; the copies must
                not change after it.

        Raises:
            AssertionError: the code failed; the message is what it wrote.
        """
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "" if write_bytecode else "1"}
        done = subprocess.run(  # noqa: S603 - the code is the test's own
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            raise AssertionError(done.stderr)
        return msgspec.json.decode(done.stdout, type=dict[str, object])
