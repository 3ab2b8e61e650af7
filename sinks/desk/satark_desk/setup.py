"""Setting a desk up in one go: for the demo, and for whoever scripts a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from satark.atomic_files import flushed
from satark.desk import NoSuchDesk
from satark.officer import find_desk
from satark_desk.keys import new_passphrase
from satark_desk.officers import NewDesk, make_desk

if TYPE_CHECKING:
    from satark.desk import Level
    from satark.services import Services


def ensure_desk(
    services: Services, *, name: str, title: str, level: Level, area: str, officer: str, passphrase_file: Path
) -> None:
    """Make a desk with one officer, unless it is there already.

    The passphrase is the first line of `passphrase_file`; where there is no such file, one is made (mode 0600).
    """
    try:
        services.read(lambda c: find_desk(c, name))
    except NoSuchDesk:
        passphrase = read_passphrase(passphrase_file) if passphrase_file.exists() else _keep_new(passphrase_file)
        desk = NewDesk(name=name, title=title, level=level, area=area, officer=officer, passphrase=passphrase)
        make_desk(services, desk)


def read_passphrase(file: Path) -> str:
    """Give the first line of a passphrase file.

    Raises:
        OSError: it can't be read.
        UnicodeDecodeError: it is not text.
    """
    return file.read_text("utf-8").partition("\n")[0].strip()


def _keep_new(file: Path) -> str:
    # The file comes before the desk: a desk that nobody can open would take tips and show them to nobody.
    passphrase = new_passphrase()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with flushed(file) as out:
        out.write(f"{passphrase}\n".encode())
    return passphrase
