"""Writing a tip's files into a folder."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path

from satark.casework import Casework, CaseworkError, OpenTip
from satark.tip import Evidence
from satark_desk.officers import Opened

_ENDINGS = {"image/jpeg": ".jpg", "audio/ogg": ".ogg"}


def file_name(tip: OpenTip, record: Evidence, *, original: bool) -> str:
    """Give a file's name in an export: the tip's number and the file's ordinal, never the name it came with."""
    mime = record.mime if original else record.clean_mime
    ending = _ENDINGS.get(mime) or mimetypes.guess_extension(mime) or ".bin"
    kind = ".original" if original else ""
    return f"{tip.tip.number}-{record.ordinal}{kind}{ending}"


def two_officers(casework: Casework, tip: OpenTip, first: Opened, second: Opened) -> None:
    """Let originals out only where two officers of the desk agreed, and write down in the tip who they were.

    Raises:
        CaseworkError: both passphrases are the same officer's.
    """
    if first.officer == second.officer:
        raise CaseworkError("originals take two different officers")
    casework.note(tip, f"Originals were opened by {first.officer} and {second.officer}.")


def export(casework: Casework, tip: OpenTip, folder: Path, *, originals: bool) -> Iterator[Path]:
    """Write every file that is there, readable for this user alone; give each path once it is written.

    Raises:
        CantOpen: a file was altered; it is not written.
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for record in tip.evidence:
        if originals or record.clean_sha256:
            path = folder / file_name(tip, record, original=originals)
            _write(path, casework.evidence(tip, record.ordinal, original=originals))
            yield path


def _write(path: Path, pieces: Iterator[bytes]) -> None:
    # The first piece comes once the whole file has proved to be right: an altered one leaves nothing behind.
    first = next(pieces, b"")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(first)
        for piece in pieces:
            out.write(piece)
