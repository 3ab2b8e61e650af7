"""Cleans ZIP archives, such as an exported chat: unpacks the members, cleans each, and packs the clean copies.

A member is named by its number, or keeps a name that WhatsApp gave it. Films lose their sound. The clean copy leaves
out sound and contact cards, because nobody can be asked whose they are; archives inside the archive; and whatever
can't be cleaned. Runs in the sandbox only.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from satark_files.documents import zip_container
from satark_files.file_endings import ending_of
from satark_files.recordings import ffmpeg
from satark_files.scrubber import Cleaned, Unclean
from satark_files.sniff import sniff_file

if TYPE_CHECKING:
    from satark_files.limits import Limits
    from satark_files.scrubber import LeftOut, Scrubber

ZIP: Final = "application/zip"
TIME_SHARE: Final = 0.5
"""Share of a file's processor time that cleaning its members may take; the members after that are left out."""
_OPEN_DOCUMENT: Final = b"application/vnd.oasis.opendocument."
_CHAT_NAME: Final = re.compile(r"(?:IMG|VID|STK|DOC)-\d{8}-WA\d{4}")
"""Names that WhatsApp gives to files; a chat refers to its pictures by them. They hold only a day and a number."""


class ArchiveScrubber:
    """Cleans ZIP archives."""

    mimes = frozenset({ZIP})

    def __init__(self, scrubbers: Sequence[Scrubber], muter: Scrubber) -> None:
        """Clean each member with the first of these scrubbers that has its type; `muter` removes the sound of films."""
        self.ffmpeg = ffmpeg.find_program()
        self._scrubbers: Mapping[str, Scrubber] = {
            mime: one for one in reversed(scrubbers) for mime in one.mimes if mime not in (ZIP, "text/vcard")
        }
        self._muter = muter

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        left_out: list[LeftOut] = []
        cleaned: dict[str, bytes] = {}
        with zip_container.open_archive(source, limits) as members:
            if "mimetype" in members and members.read("mimetype").startswith(_OPEN_DOCUMENT):
                return self._scrubbers[members.read("mimetype").decode().strip()].scrub(source, target, limits)
            until = time.process_time() + TIME_SHARE * limits.cpu_seconds
            for number, name in enumerate(members.names, 1):
                made = self._clean(members, name, target.parent, limits) if time.process_time() < until else None
                if made is None:
                    left_out.append("members")
                else:
                    cleaned[_new_name(number, name) + ending_of(made[0])] = made[1]
        if not cleaned:
            raise Unclean("unsupported")
        zip_container.write_archive(target, cleaned)
        return Cleaned(ZIP, left_out=left_out)

    def _clean(
        self, members: zip_container.Archive, name: str, folder: Path, limits: Limits
    ) -> tuple[str, bytes] | None:
        """Clean one member; return its new type and content, or None if it is left out."""
        with tempfile.TemporaryDirectory(dir=folder) as own:
            source, target = Path(own) / "source", Path(own) / "target"
            try:
                source.write_bytes(members.read(name))
                mime = sniff_file(source)
                if mime.startswith("audio/") or mime not in self._scrubbers:
                    return None
                made = self._scrubbers[mime].scrub(source, target, limits)
                if made.startswith("video/"):
                    silent = Path(own) / "silent"
                    return self._muter.scrub(target, silent, limits), silent.read_bytes()
            except Unclean:
                return None
            except zip_container.RAISES:
                return None
            return made, target.read_bytes()


def _new_name(number: int, name: str) -> str:
    found = _CHAT_NAME.fullmatch(Path(name).stem)
    return found[0] if found else str(number)
