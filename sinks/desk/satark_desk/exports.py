"""Writing a tip's files into a folder."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path

from satark.officer import Agreement, Casework, Form, OpenTip, may_contain_voice
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
    if agreed:
        for record in tip.records:
            path = folder / file_name(tip, record, original=True)
            write_private(path, casework.untouched(tip, record.ordinal, agreed))
            yield path
        return
    clean = [record for record in tip.evidence if record.clean_sha256]
    written = [voice for voice in tip.voices if voice.transcript]
    names = [file_name(tip, record, original=False) for record in clean]
    names += [f"{tip.tip.number}-{voice.ordinal}.transcript.txt" for voice in written]
    copies: list[tuple[str, Form]] = [(record.ordinal, "clean") for record in clean]
    copies += [(voice.ordinal, "transcript") for voice in written]
    _, contents = casework.export(tip, copies)
    for name, pieces in zip(names, contents, strict=True):
        write_private(folder / name, pieces)
        yield folder / name


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


def remarks(tip: OpenTip) -> list[str]:
    """What whoever passes files on must know of their sound."""
    films = (record.ordinal for record in tip.evidence if may_contain_voice(record))
    return [f"file {one} is a film: the tipster may be heard in it; listen before you pass it on" for one in films]
