"""Writes a PowerPoint 97 file (MS-PPT) that was saved twice, with markers in its earlier state and in the notes."""

from __future__ import annotations

import struct

from support.evidence.documents.old_office.compound import picture_record
from support.evidence.markers import HINDI, MARKER, MARKER_BYTES, SHOWN

_DOCUMENT, _SLIDE = 1, 2


def powerpoint_streams(photo: bytes) -> dict[str, bytes]:
    """Return the streams of a file with one slide."""
    stream, directory = b"", 0
    edit = 0
    for listed, drawn in ((f"{MARKER}-earlier", f"{MARKER}-earlier"), (SHOWN, HINDI)):
        places = {}
        for number, saved in ((_DOCUMENT, _document(listed)), (_SLIDE, _slide(drawn))):
            places[number] = len(stream)
            stream += saved
        directory = len(stream)
        stream += _record(0x1772, struct.pack("<III", 2 << 20 | _DOCUMENT, places[_DOCUMENT], places[_SLIDE]))
        last, edit = edit, len(stream)
        stream += _record(0x0FF5, struct.pack("<IIIIIII", 0, 0, last, directory, _DOCUMENT, 3, 0))
    user = (
        struct.pack("<III", 20, 0xE391C05F, edit) + struct.pack("<HHBBH", len(MARKER), 0x03F4, 3, 0, 0) + MARKER_BYTES
    )
    return {
        "PowerPoint Document": stream.ljust(4096, b"\0"),
        "Current User": _record(0x0FF6, user),
        "Pictures": picture_record(photo),
    }


def _document(title: str) -> bytes:
    place = _record(0x03F3, struct.pack("<IIIII", _SLIDE, 0, 1, 256, 0))
    text = _record(0x0F9F, bytes(4)) + _record(0x0FA8, title.encode("latin-1"))
    notes = _container(0x0FF0, place + _record(0x0FA8, MARKER_BYTES), instance=2)
    return _container(0x03E8, _record(0x0FBA, MARKER.encode("utf-16-le")) + _container(0x0FF0, place + text) + notes)


def _slide(text: str) -> bytes:
    box = _container(0xF00D, _record(0x0FA0, f"{text}\rnext".encode("utf-16-le")))
    return _container(0x03EE, _container(0x040C, _container(0xF002, box)) + _record(0x0FBA, MARKER.encode("utf-16-le")))


def _record(kind: int, content: bytes, head: int = 0) -> bytes:
    return struct.pack("<HHI", head, kind, len(content)) + content


def _container(kind: int, content: bytes, instance: int = 0) -> bytes:
    return _record(kind, content, instance << 4 | 0xF)
