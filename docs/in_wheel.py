"""Puts the pages of the documentation into the wheel, where `satark docs` finds them; a checkout needs no copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PAGES = ("*.md", "docs/**/*.md", "docs/images/*", "channels/*/README.md", "sinks/*/README.md", "examples/*/README.md")
_FOLDER = "satark/documentation"


class PagesInWheel(BuildHookInterface[Any]):
    """Ships the pages as they lie here, so that the links between them hold."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the pages to what the wheel holds."""
        if version == "editable":
            return
        root = Path(self.root)
        for page in sorted(found for pattern in _PAGES for found in root.glob(pattern)):
            build_data["force_include"][str(page)] = f"{_FOLDER}/{page.relative_to(root).as_posix()}"
