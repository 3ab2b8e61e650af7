"""Makes clean copies of old office files: a text file, or, if there are pictures, an archive of text and pictures."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from satark_files.documents.embedded_images import BLANK_PNG, EmbeddedImages
from satark_files.documents.old_office.compound_file import CompoundFile
from satark_files.documents.old_office.excel import drawing_records, excel_text
from satark_files.documents.old_office.powerpoint import powerpoint_text
from satark_files.documents.old_office.word import word_text
from satark_files.documents.plain_text import strip_hidden_characters
from satark_files.documents.zip_container import write_archive
from satark_files.file_endings import ending_of
from satark_files.scrubber import Cleaned, Unclean
from satark_files.sniff import EXCEL, OLE, POWERPOINT, WORD

if TYPE_CHECKING:
    from pathlib import Path

    from satark_files.limits import Limits
    from satark_files.scrubber import LeftOut


_MAX_PICTURES: Final = 200
_RAISES: Final = (struct.error, IndexError, ValueError, OverflowError)


class OldOfficeScrubber:
    """Shows the text and the pictures of old Word, Excel and PowerPoint files."""

    mimes = frozenset({WORD, EXCEL, POWERPOINT, OLE})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        try:
            file = CompoundFile(source.read_bytes())
            text, pictures, left_out = _read(file)
        except _RAISES:
            raise Unclean("damaged") from None
        words = strip_hidden_characters(text).strip()
        cleaned = _clean_pictures(pictures, target.parent, limits)
        left_out += ["pictures"] * (len(cleaned) < len(pictures))
        if not words and not cleaned:  # such as drawings alone
            raise Unclean("unsupported")
        if not cleaned:
            target.write_text(f"{words}\n", encoding="utf-8")
            return Cleaned("text/plain", readable=file.readable, left_out=left_out)
        write_archive(target, {"text.txt": f"{words}\n".encode()} | cleaned if words else cleaned)
        return Cleaned("application/zip", readable=file.readable, left_out=left_out)


def _read(file: CompoundFile) -> tuple[str, list[bytes], list[LeftOut]]:
    """Return the text, the pictures, and what is left out.

    Raises:
        Unclean: the file is of none of the three programs (`unsupported`), has a password or is damaged.
    """
    if "EncryptedPackage" in file:  # a newer file with a password (MS-OFFCRYPTO, section 2.3.4)
        raise Unclean("encrypted")
    hidden = False
    if "WordDocument" in file:
        text, drawn = word_text(file), file.read("Data") + file.read("WordDocument")
    elif "Workbook" in file:
        (text, hidden), drawn = excel_text(file), drawing_records(file)
    elif "PowerPoint Document" in file:
        text, drawn = powerpoint_text(file), file.read("Pictures")
    else:
        raise Unclean("unsupported")
    pictures, others = find_pictures(drawn)
    left_out: list[LeftOut] = ["pages"] if hidden else []
    left_out += ["pictures"] if others else []
    return text, pictures, left_out


def _clean_pictures(pictures: list[bytes], folder: Path, limits: Limits) -> dict[str, bytes]:
    """Clean the pictures that can be cleaned, and return file name → content of the clean copy."""
    images = EmbeddedImages(folder, limits)
    cleaned: dict[str, bytes] = {}
    for number, picture in enumerate(pictures[:_MAX_PICTURES], 1):
        content, kind = images.clean(picture)
        if content != BLANK_PNG:
            cleaned[f"{number}{ending_of(f'image/{kind}')}"] = content
    return cleaned


_HEAD: Final = re.compile(rb"[\s\S]{2}([\x1a-\x1f\x29\x2a])\xf0[\s\S]{4}")
"""The head of a picture's record: version and instance, type (0xF01A to 0xF01F, 0xF029, 0xF02A) and length."""
_HEAD_BYTES: Final = 8
_BEGINS: Final = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|II\x2a\0|MM\0\x2a")
_AHEAD: Final = 40
"""Most bytes that precede the picture in its record: one or two identifiers and a tag."""


def find_pictures(stream: bytes) -> tuple[list[bytes], bool]:
    """Return each picture as a file, and whether there are pictures in other formats, such as those of Windows."""
    found, others = [], False
    for head in _HEAD.finditer(stream):
        begin, length = head.end(), int.from_bytes(head[0][4:8], "little")
        content = stream[begin : begin + length]
        if not length or len(content) < length:
            continue
        starts = _BEGINS.search(content[:_AHEAD])
        if starts is None:
            others = True
        elif content[starts.start() :] not in found:
            found.append(content[starts.start() :])
    return found, others
