"""The demo's two desks: `sp` and `dig`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from satark.api import Level, Prepared
from satark.casework import Services
from satark_desk.officers import WrongPassphrase, unlock
from satark_desk.provision import ensure_desk, read_passphrase

_DESKS: tuple[tuple[str, str, Level, str], ...] = (
    ("sp", "पुलिस अधीक्षक · Superintendent of Police", "district", ""),
    ("dig", "पुलिस उपमहानिरीक्षक · Deputy Inspector General", "range", ""),
)
_STATIONS: tuple[tuple[str, str, Level, str], ...] = (
    ("lanka", "थाना लंका · Lanka police station", "station", "lanka"),
    ("sigra", "थाना सिगरा · Sigra police station", "station", "sigra"),
)
"""Desks of the sample week."""


_DEMO_ONLY = (
    "demo only: one officer a desk, whose passphrase lies in a file, and no second factor; "
    "in service each officer sets a passphrase of their own and adds a second factor at /desk/account"
)


def prepare(services: Services, data_dir: Path, *, sample_week: bool) -> Sequence[Prepared]:
    """Create the desks `sp` and `dig` if they don't exist; return how to sign in to each, and its casework.

    `sample_week`: two stations as well.
    """
    prepared = []
    for name, title, level, area in (*_DESKS, *(_STATIONS if sample_week else ())):
        file = data_dir / "officers" / f"{name}.txt"
        ensure_desk(services, name=name, title=title, level=level, area=area, officer=name, passphrase_file=file)
        prepared.append(_open(services, name, file))
    return [*prepared, Prepared(line=_DEMO_ONLY)]


def _open(services: Services, name: str, file: Path) -> Prepared:
    if not file.exists():
        return Prepared(line=f"desk {name}, officer {name}, passphrase unknown (its file is missing: {file})")
    passphrase = read_passphrase(file)
    line = f"desk {name}, officer {name}, passphrase {passphrase}  ({file})"
    try:
        unlocked = unlock(services, name, name, passphrase)
    except WrongPassphrase:
        return Prepared(line=f"{line}, which no longer unlocks the desk")
    work = unlocked.casework(services)
    return Prepared(line=line, casework=work, acting=work)
