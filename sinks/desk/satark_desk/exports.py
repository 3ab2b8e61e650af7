"""Writing a tip's files into a folder."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path

from satark.casework import Agreement, Casework, OpenTip
from satark.tip import Evidence
from satark_desk.officers import Opened

_ENDINGS = {"image/jpeg": ".jpg", "audio/ogg": ".ogg"}


def file_name(tip: OpenTip, record: Evidence, *, original: bool) -> str:
    """Give a file's name in an export: the tip's number and the file's ordinal, never the name it came with."""
    mime = record.mime if original else record.clean_mime
    ending = _ENDINGS.get(mime) or mimetypes.guess_extension(mime) or ".bin"
    kind = ".original" if original else ""
    return f"{tip.tip.number}-{record.ordinal}{kind}{ending}"


def agree(casework: Casework, tip: OpenTip, first: Opened, second: Opened) -> Agreement:
    """Let two officers of the desk agree to take originals out, and write down in the tip who they were.

    Raises:
        OneOfficer: both passphrases are the same officer's.
    """
    agreed = Agreement(first.officer, second.officer)
    casework.note(tip, f"Originals were opened by {first.officer} and {second.officer}.")
    return agreed


def export(casework: Casework, tip: OpenTip, folder: Path, agreed: Agreement | None = None) -> Iterator[Path]:
    """Write every file that is there, readable for this user alone; give each path once it is written.

    They are clean copies, and of the tipster's own voice what is said in it; or, where two officers agreed, originals.

    Raises:
        CantOpen: a file was altered; it is not written.
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for record, pieces in _originals(casework, tip, agreed) if agreed else _copies(casework, tip):
        path = folder / file_name(tip, record, original=agreed is not None)
        write_private(path, pieces)
        yield path
    if not agreed:
        yield from _transcripts(tip, folder)


def _copies(casework: Casework, tip: OpenTip) -> Iterator[tuple[Evidence, Iterator[bytes]]]:
    return ((one, casework.evidence(tip, one.ordinal)) for one in tip.evidence if one.clean_sha256)


def _originals(casework: Casework, tip: OpenTip, agreed: Agreement) -> Iterator[tuple[Evidence, Iterator[bytes]]]:
    return ((one, casework.untouched(tip, one.ordinal, agreed)) for one in tip.records)


def _transcripts(tip: OpenTip, folder: Path) -> Iterator[Path]:
    for voice in tip.voices:
        if voice.transcript:
            path = folder / f"{tip.tip.number}-{voice.ordinal}.transcript.txt"
            write_private(path, iter([voice.transcript.encode()]))
            yield path


def write_private(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a file that this user alone can read.

    Raises:
        CantOpen: what is to be written was altered; there is no file then.
        OSError: it can't be written.
    """
    # The first piece comes once the whole file has proved to be right: an altered one leaves nothing behind.
    first = next(pieces, b"")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(first)
        for piece in pieces:
            out.write(piece)
