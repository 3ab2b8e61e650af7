"""Writes the code of the scaffolds into their how-tos: it is what `satark plugin new` makes, and what its tests run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from satark.cli.plugin import write_project

_SHOWN = {"screen": "railways", "scrubber": "calendars", "step": "number_plate"}
"""Kind → the name that the how-to gives it."""


def scaffold(kind: str) -> str:
    """Return the module of a scaffold that does its work, then the one that offers it."""
    name = _SHOWN[kind]
    with TemporaryDirectory() as folder:
        write_project(kind, name, Path(folder))
        modules = [Path(folder, f"satark_{name}", file).read_text("utf-8") for file in (f"{kind}.py", "plugin.py")]
    return "\n".join(f"```python\n{module}```\n" for module in modules)
