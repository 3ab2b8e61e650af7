"""Export of a tip's files into a folder; and the names of exported and downloaded files."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from satark.api import Evidence
from satark.casework import Casework, Form, OpenTip, TwoOfficerApproval, may_contain_voice
from satark_files.file_endings import ending_of

INLINE: dict[str, str] = {
    f"{kind}/{form}": kind
    for kind, forms in {"image": "jpeg png webp gif", "video": "mp4 webm", "audio": "mpeg mp4 ogg wav webm"}.items()
    for form in forms.split()
}
"""MIME type → the element that shows it on a page. All other types can only be downloaded."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def file_name(tip: OpenTip, record: Evidence, *, original: bool) -> str:
    """Return a file's name in an export: tip number and ordinal, never the file's original name."""
    mime = record.mime if original else record.clean_mime
    kind = ".original" if original else ""
    return f"{tip.tip.number}-{record.ordinal}{kind}{ending_of(mime)}"


def note_opened(casework: Casework, tip: OpenTip, approval: TwoOfficerApproval) -> None:
    """Note in a tip's thread which two officers opened its originals."""
    casework.note(tip, f"Originals were opened by {approval.first} and {approval.second}.")


def export(
    casework: Casework, tip: OpenTip, folder: Path, approval: TwoOfficerApproval | None = None
) -> Iterator[Path]:
    """Write a tip's files, readable by this user alone; yield the path of each written file.

    Without an approval: the clean copies, and the transcripts of the tipster's own voice. With one: the originals.

    Raises:
        CantOpen: a file was altered. This file is not written.
        OSError: the folder can't be written to.
    """
    with _opened(folder) as descriptor:
        for name, chunks in _contents(casework, tip, approval):
            _write_private(descriptor, folder, name, chunks)
            yield folder / name


def _contents(
    casework: Casework, tip: OpenTip, approval: TwoOfficerApproval | None
) -> Iterator[tuple[str, Iterator[bytes]]]:
    if approval:
        for record in tip.records if approval.may_listen else tip.evidence:
            yield file_name(tip, record, original=True), casework.original_of(tip, record.ordinal, approval)
        return
    clean = [record for record in tip.evidence if record.clean_sha256]
    written = [voice for voice in tip.voices if voice.transcript]
    names = [file_name(tip, record, original=False) for record in clean]
    names += [f"{tip.tip.number}-{voice.ordinal}.transcript.txt" for voice in written]
    copies: list[tuple[str, Form]] = [(record.ordinal, "clean") for record in clean]
    copies += [(voice.ordinal, "transcript") for voice in written]
    _, contents = casework.export(tip, copies)
    yield from zip(names, contents, strict=True)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """Open the folder; create it if there is none. Refuse a link in its place: somebody else may have put it there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_private(folder: int, where: Path, name: str, chunks: Iterator[bytes]) -> None:
    """Write a file that only this user can read, in an opened folder. Replace a link of that name; do not follow it."""
    # The first chunk comes after the whole file was verified: an altered file leaves nothing behind.
    first = next(chunks, b"")
    partial = f".{secrets.token_hex(8)}.part"
    try:
        with os.fdopen(os.open(partial, _NEW, 0o600, dir_fd=folder), "wb") as out:
            out.write(first)
            for chunk in chunks:
                out.write(chunk)
        os.replace(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(where / name)) from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=folder)


def video_warnings(tip: OpenTip) -> list[str]:
    """Return a warning for each exported video in which the tipster may be heard."""
    videos = (record.ordinal for record in tip.evidence if may_contain_voice(record))
    return [f"file {one} is a video: the tipster may be heard in it. Listen before you pass it on" for one in videos]
