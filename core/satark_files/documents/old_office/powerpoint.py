"""Reads the text of PowerPoint 97 to 2003 files (MS-PPT): what the slides show, in their order.

A file may keep earlier states of its slides: only the latest state of each slide is read. Speakers' notes, comments and
the text of master slides are left out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from satark_files.documents.old_office.compound_file import CompoundFile

# MS-PPT section 2.13.24: types of records.
_EDIT, _PERSISTENT, _DOCUMENT, _LIST, _SLIDE, _SLIDE_PLACE = 0x0FF5, 0x1772, 0x03E8, 0x0FF0, 0x03EE, 0x03F3
_WIDE_TEXT, _NARROW_TEXT = 0x0FA0, 0x0FA8
_SLIDES: Final = 0
"""Instance number of the list of slides; the lists of master slides and of notes have other numbers."""
_CONTAINER: Final = 0xF
_ENCRYPTED_TOKEN: Final = 0xF3D1C4DF
_ENCRYPTED_EDIT: Final = 32
"""A record of saving (`_EDIT`) that has at least these bytes names a key: the file is encrypted."""
_MAX_DEPTH: Final = 30
_BREAKS: Final = {0x0B: "\n", 0x0D: "\n"}


class _Record(msgspec.Struct, frozen=True):
    kind: int
    instance: int
    is_container: bool
    begin: int
    """Offset of the record's content."""
    end: int


def powerpoint_text(file: CompoundFile) -> str:
    """Return what the slides show.

    Raises:
        Unclean: the file is damaged or has a password.
    """
    stream, user = file.read("PowerPoint Document"), file.read("Current User")
    if len(user) < 20:  # noqa: PLR2004 - up to the offset
        raise Unclean("damaged")
    token, last_edit = struct.unpack_from("<II", user, 12)
    if token == _ENCRYPTED_TOKEN:
        raise Unclean("encrypted")
    places, document = _persistent(stream, last_edit)
    slides = _slides(stream, _record_at(stream, places.get(document, len(stream))), places)
    return "\n\n".join("\n".join(texts) for texts in slides if texts)


def _persistent(stream: bytes, edit: int) -> tuple[dict[int, int], int]:
    """Return the latest offset of each object, by its number, and the number of the document (section 2.1.2)."""
    places: dict[int, int] = {}
    document, seen = 0, set[int]()
    while edit and edit not in seen:
        seen.add(edit)
        record = _record_at(stream, edit)
        if record.kind != _EDIT or record.end - record.begin < 20:  # noqa: PLR2004 - up to the document's number
            raise Unclean("damaged")
        if record.end - record.begin >= _ENCRYPTED_EDIT:
            raise Unclean("encrypted")
        edit, directory, number = struct.unpack_from("<III", stream, record.begin + 8)
        document = document or number
        for key, offset in _directory(stream, directory):
            places.setdefault(key, offset)
    return places, document


def _directory(stream: bytes, at: int) -> Iterator[tuple[int, int]]:
    record = _record_at(stream, at)
    if record.kind != _PERSISTENT:
        raise Unclean("damaged")
    at = record.begin
    while at + 4 <= record.end:
        head = int.from_bytes(stream[at : at + 4], "little")
        first, count = head & 0xFFFFF, head >> 20
        at += 4
        for number in range(min(count, (record.end - at) // 4)):
            yield first + number, int.from_bytes(stream[at + 4 * number : at + 4 * number + 4], "little")
        at += 4 * count


def _slides(stream: bytes, document: _Record, places: dict[int, int]) -> Iterator[list[str]]:
    """Yield the texts of each slide: first title and body, which the document's list holds, then the slide's own."""
    if document.kind != _DOCUMENT:
        raise Unclean("damaged")
    for part in _children(stream, document):
        if part.kind == _LIST and part.instance == _SLIDES:
            yield from _listed_slides(stream, part, places)


def _listed_slides(stream: bytes, listed: _Record, places: dict[int, int]) -> Iterator[list[str]]:
    texts: list[str] = []
    own: list[str] = []
    for record in _children(stream, listed):
        if record.kind == _SLIDE_PLACE:
            yield texts + own
            number = int.from_bytes(stream[record.begin : record.begin + 4], "little")
            slide = _record_at(stream, places.get(number, len(stream)))
            texts, own = [], list(_texts(stream, slide)) if slide.kind == _SLIDE else []
        else:
            texts += _text(stream, record)
    yield texts + own


def _texts(stream: bytes, record: _Record, depth: int = 0) -> Iterator[str]:
    for child in _children(stream, record):
        if child.is_container and depth < _MAX_DEPTH:
            yield from _texts(stream, child, depth + 1)
        else:
            yield from _text(stream, child)


def _text(stream: bytes, record: _Record) -> Iterator[str]:
    if record.kind in (_WIDE_TEXT, _NARROW_TEXT):
        encoding = "utf-16-le" if record.kind == _WIDE_TEXT else "latin-1"
        yield stream[record.begin : record.end].decode(encoding, errors="replace").translate(_BREAKS)


def _children(stream: bytes, record: _Record) -> Iterator[_Record]:
    at = record.begin
    while at + 8 <= record.end:
        child = _record_at(stream, at)
        yield msgspec.structs.replace(child, end=min(child.end, record.end))
        at = child.end


def _record_at(stream: bytes, at: int) -> _Record:
    """Return the record at an offset; if there is none, return a record of kind 0 without content."""
    if at + 8 > len(stream):
        return _Record(0, 0, is_container=False, begin=len(stream), end=len(stream))
    head, kind, length = struct.unpack_from("<HHI", stream, at)
    end = min(len(stream), at + 8 + length)
    return _Record(kind, head >> 4, is_container=head & 0xF == _CONTAINER, begin=at + 8, end=end)
