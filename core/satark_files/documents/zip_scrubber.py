"""Cleans ZIP archives, such as an exported chat, and mails: cleans each file in them, and packs the clean copies.

A member is named by its number, or keeps a name that WhatsApp gave it. Films lose their sound. The clean copy leaves
out sound and contact cards, because nobody can be asked whose they are, and members that can't be cleaned: a list in
the copy names these members, and the reasons. Runs in the sandbox only.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from satark_files.documents import zip_container
from satark_files.documents.mail import read_mail
from satark_files.documents.plain_text import shown_text
from satark_files.file_endings import ending_of
from satark_files.limits import Limits
from satark_files.recordings import ffmpeg
from satark_files.scrubber import Cleaned, Reason, Scrubber, Unclean
from satark_files.sniff import sniff_file

ZIP: Final = "application/zip"
MAIL: Final = "message/rfc822"
TIME_SHARE: Final = 0.5
"""Share of a file's processor time that cleaning its members may take; later members are left out."""
_LIST: Final = "left-out.txt"
_OPEN_DOCUMENT: Final = b"application/vnd.oasis.opendocument."
_CHAT_NAME: Final = re.compile(r"(?:IMG|VID|STK|DOC)-\d{8}-WA\d{4}")
"""Matches WhatsApp's file names, by which a chat refers to its pictures. They hold only a day and a number."""


class ArchiveScrubber:
    mimes = frozenset({ZIP, MAIL})

    def __init__(self, scrubbers: Sequence[Scrubber], muter: Scrubber) -> None:
        """Clean each member with the first of these scrubbers that has its type; `muter` removes the sound of films."""
        self.ffmpeg = ffmpeg.find_program()
        self._scrubbers: Mapping[str, Scrubber] = {
            mime: one for one in reversed(scrubbers) for mime in one.mimes if mime != "text/vcard"
        }
        self._muter = muter

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        seconds = TIME_SHARE * limits.cpu_for(source.stat().st_size)
        return _Cleaning(self._scrubbers, self._muter, limits, seconds).scrub(source, target, 1)


class _Cleaning:
    """The work on one file, and on the archives and mails in it."""

    def __init__(self, scrubbers: Mapping[str, Scrubber], muter: Scrubber, limits: Limits, seconds: float) -> None:
        self._scrubbers, self._muter, self._limits = scrubbers, muter, limits
        self._until = _used() + seconds

    def scrub(self, source: Path, target: Path, depth: int) -> Cleaned:
        """Write the clean copy of an archive or a mail at this depth."""
        with source.open("rb") as file:
            is_zip = file.read(2) == b"PK"
        if not is_zip:
            return self._scrub_mail(source, target, depth)
        with zip_container.open_archive(source, self._limits) as archive:
            if "mimetype" in archive and archive.read("mimetype").startswith(_OPEN_DOCUMENT):
                made = self._scrubbers[archive.read("mimetype").decode().strip()].scrub(source, target, self._limits)
                return made if isinstance(made, Cleaned) else Cleaned(made)
            return self._pack({}, ((name, partial(archive.read, name)) for name in archive.names), target, depth)

    def _scrub_mail(self, source: Path, target: Path, depth: int) -> Cleaned:
        text, files = read_mail(source.read_bytes())
        if files:
            first = {"mail.txt": shown_text(text).encode()} if text.strip() else {}
            return self._pack(first, ((str(n), partial(bytes, one)) for n, one in enumerate(files, 1)), target, depth)
        target.write_text(shown_text(text), encoding="utf-8")
        return Cleaned("text/plain")

    def _pack(
        self, cleaned: dict[str, bytes], members: Iterable[tuple[str, Callable[[], bytes]]], target: Path, depth: int
    ) -> Cleaned:
        left_out: list[str] = []
        for number, (name, read) in enumerate(members, 1):
            mime, made = self._clean(read, target.parent, depth)
            if isinstance(made, bytes):
                cleaned[_new_name(number, name) + ending_of(mime)] = made
            else:
                left_out.append(f"{number}  {mime}  {made}\n")
        if not cleaned:
            raise Unclean("unsupported")
        if left_out:
            cleaned[_LIST] = "".join(left_out).encode()
        zip_container.write_archive(target, cleaned)
        return Cleaned(ZIP, left_out=("members",) if left_out else ())

    def _clean(self, read: Callable[[], bytes], folder: Path, depth: int) -> tuple[str, bytes | Reason]:
        """Clean one member; return its new type and content, or its type and the reason why it is left out."""
        mime = "?"
        with tempfile.TemporaryDirectory(dir=folder) as own:
            source, target, silent = (Path(own) / name for name in ("source", "target", "silent"))
            try:
                source.write_bytes(read())
                mime = sniff_file(source)
                made = self._cleaned(mime, source, target, depth)
                if made.startswith("video/"):
                    return self._muter.scrub(target, silent, self._limits), silent.read_bytes()
                return made, target.read_bytes()
            except Unclean as unclean:
                return mime, unclean.reason
            except zip_container.RAISES:
                return mime, "damaged"

    def _cleaned(self, mime: str, source: Path, target: Path, depth: int) -> str:
        if _used() > self._until:
            raise Unclean("too-slow")
        if mime in ArchiveScrubber.mimes and depth < self._limits.nested:
            return self.scrub(source, target, depth + 1)
        if mime.startswith("audio/") or mime not in self._scrubbers:
            raise Unclean("unsupported")
        return self._scrubbers[mime].scrub(source, target, self._limits)


def _used() -> float:
    """Return the processor time of this process, and of the programs that it has started."""
    return sum(os.times()[:4])


def _new_name(number: int, name: str) -> str:
    found = _CHAT_NAME.fullmatch(Path(name).stem)
    return found[0] if found else str(number)
