"""Provisioning: set up a desk with its first officer in one call, for the demo and for scripted deployments."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from satark.api import Level, NoSuchDesk, Prepared
from satark.casework import Services, close_roster
from satark_desk.officers import NewDesk, WrongPassphrase, make_desk, unlock
from satark_desk.passphrases import new_passphrase
from satark_files.atomic_files import flushed

_BY_EVERYBODY = 0o007


class ExposedPassphrase(Exception):  # noqa: N818 - it reads as what it says
    """Everybody on this machine can read the passphrase file, so the passphrase is no longer secret."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"everybody on this machine can read the passphrase file: chmod 600 {file}, and change the passphrase if "
            "others use this machine"
        )


def ensure_desk(
    services: Services, *, name: str, title: str, level: Level, area: str, officer: str, passphrase_file: Path
) -> None:
    """Create a desk with one officer, unless it exists.

    The passphrase is the first line of `passphrase_file`; a missing file is created (mode 0600) with a new passphrase.
    """
    try:
        services.desk(name)
    except NoSuchDesk:
        passphrase = (
            read_passphrase(passphrase_file) if passphrase_file.exists() else _write_new_passphrase(passphrase_file)
        )
        desk = NewDesk(name=name, title=title, level=level, area=area, officer=officer, passphrase=passphrase)
        make_desk(services, desk)


def read_passphrase(file: Path) -> str:
    """Return the first line of a passphrase file. The file may be a pipe, or a device such as `/dev/stdin`.

    Raises:
        ExposedPassphrase: everybody on this machine can read the file.
        OSError: it can't be read.
        UnicodeDecodeError: it is not text.
    """
    with file.open(encoding="utf-8") as lines:
        mode = os.fstat(lines.fileno()).st_mode
        if stat.S_ISREG(mode) and mode & _BY_EVERYBODY:
            raise ExposedPassphrase(file)
        return lines.readline().strip()


def _write_new_passphrase(file: Path) -> str:
    # Before the desk is created: a desk that nobody can open would receive tips that nobody can read.
    passphrase = new_passphrase()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with flushed(file) as out:
        out.write(f"{passphrase}\n".encode())
    return passphrase


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
    """Create the desks `sp` and `dig` if they don't exist; return the way to sign in to each, and its casework.

    `sample_week`: two stations as well, and the founding ends now, since its tips come at once: no sign-in changes
    keys while their casework fills the desks.
    """
    files = {}
    for name, title, level, area in (*_DESKS, *(_STATIONS if sample_week else ())):
        file = files[name] = data_dir / "officers" / f"{name}.txt"
        ensure_desk(services, name=name, title=title, level=level, area=area, officer=name, passphrase_file=file)
    if sample_week:
        services.write_now(lambda unit: close_roster(unit, services.destination_rules))
    return [*(_open(services, name, file) for name, file in files.items()), Prepared(line=_DEMO_ONLY)]


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
