"""Export: write a tip's files into a folder."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path

from satark.officer import Casework, Form, OpenTip, TwoOfficerApproval, may_contain_voice
from satark.tip import Evidence
from satark_desk.officers import UnlockedDesk

_ENDINGS = {"image/jpeg": ".jpg", "audio/ogg": ".ogg"}


def file_name(tip: OpenTip, record: Evidence, *, original: bool) -> str:
    """Return a file's name in an export: tip number and ordinal, never the name that the file came with."""
    mime = record.mime if original else record.clean_mime
    ending = _ENDINGS.get(mime) or mimetypes.guess_extension(mime) or ".bin"
    kind = ".original" if original else ""
    return f"{tip.tip.number}-{record.ordinal}{kind}{ending}"


def approve_originals(
    casework: Casework, tip: OpenTip, first: UnlockedDesk, second: UnlockedDesk
) -> TwoOfficerApproval:
    """Approve the export of originals by two officers of the desk, and note their names in the tip.

    Raises:
        SecondOfficerRequired: both are the same officer.
    """
    approval = TwoOfficerApproval(first.officer, second.officer)
    casework.note(tip, f"Originals were opened by {first.officer} and {second.officer}.")
    return approval


def export(
    casework: Casework, tip: OpenTip, folder: Path, approval: TwoOfficerApproval | None = None
) -> Iterator[Path]:
    """Write a tip's files, readable for this user alone; yield each path once it is written.

    Without an approval: the clean copies, and the transcripts of the tipster's own voice. With one: the originals.

    Raises:
        CantOpen: a file was altered. It is not written.
        OSError: the folder can't be written to.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if approval:
        for record in tip.records:
            path = folder / file_name(tip, record, original=True)
            write_private(path, casework.original_of(tip, record.ordinal, approval))
            yield path
        return
    clean = [record for record in tip.evidence if record.clean_sha256]
    written = [voice for voice in tip.voices if voice.transcript]
    names = [file_name(tip, record, original=False) for record in clean]
    names += [f"{tip.tip.number}-{voice.ordinal}.transcript.txt" for voice in written]
    copies: list[tuple[str, Form]] = [(record.ordinal, "clean") for record in clean]
    copies += [(voice.ordinal, "transcript") for voice in written]
    _, contents = casework.export(tip, copies)
    for name, chunks in zip(names, contents, strict=True):
        write_private(folder / name, chunks)
        yield folder / name


def write_private(path: Path, chunks: Iterator[bytes]) -> None:
    """Write a file that only this user can read.

    Raises:
        CantOpen: the content was altered. No file is written.
        OSError: it can't be written.
    """
    # The first chunk comes after the whole file was verified: an altered file leaves nothing behind.
    first = next(chunks, b"")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(first)
        for chunk in chunks:
            out.write(chunk)


def video_warnings(tip: OpenTip) -> list[str]:
    """Return a warning for each exported video in which the tipster may be heard."""
    videos = (record.ordinal for record in tip.evidence if may_contain_voice(record))
    return [f"file {one} is a video: the tipster may be heard in it. Listen before you pass it on" for one in videos]
