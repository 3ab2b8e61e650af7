"""The demo's two desks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from satark_desk.setup import ensure_desk, read_passphrase

if TYPE_CHECKING:
    from satark.routing import Level
    from satark.services import Services

_DESKS: tuple[tuple[str, str, Level], ...] = (
    ("sp", "पुलिस अधीक्षक · Superintendent of Police", "district"),
    ("dig", "पुलिस उपमहानिरीक्षक · Deputy Inspector General", "range"),
)


def prepare(services: Services, data_dir: Path) -> Sequence[str]:
    """Make the desks `sp` and `dig` where they are not there yet; give a line for each on how to sign in."""
    lines = []
    for name, title, level in _DESKS:
        file = data_dir / "officers" / f"{name}.txt"
        ensure_desk(services, name=name, title=title, level=level, area="", officer=name, passphrase_file=file)
        known = read_passphrase(file) if file.exists() else "(its file is gone)"
        lines.append(f"desk {name}, officer {name}, passphrase {known}  ({file})")
    return lines
