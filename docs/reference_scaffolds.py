"""Writes the code of the scaffolds into their how-tos: the code that `satark plugin new` makes and its tests run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from satark.cli.plugin import write_project

_SHOWN = {"channel": "beacon", "screen": "railways", "scrubber": "calendars", "step": "number_plate"}
"""Kind → the name that the how-to gives it."""


def scaffold(kind: str, shown: str = "") -> str:
    """Return the module of a scaffold that has its main code, or the file `shown` of its project."""
    name = _SHOWN[kind]
    with TemporaryDirectory() as folder:
        write_project(kind, name, Path(folder))
        module = Path(folder, shown or f"satark_{name}/{kind}.py").read_text("utf-8")
    return f"```python\n{module}```\n"
