"""Specimens of old Word, Excel and PowerPoint files, with markers in every place that a reader does not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from support.evidence.documents.old_office.compound import compound_file
from support.evidence.documents.old_office.excel import excel_streams
from support.evidence.documents.old_office.powerpoint import powerpoint_streams
from support.evidence.documents.old_office.word import word_streams
from support.evidence.markers import MARKER_BYTES

__all__ = ["make_old_office"]

_MANY: Mapping[str, bytes] = {f"part {number}": b"" for number in range(80)}


def make_old_office(kind: str, variant: str, photo: bytes) -> bytes:
    """Make a specimen; `photo` is a JPEG with markers, to embed in it, unless the variant is `plain`.

    The kind `ole` is a Word file whose directory is so long that its begin does not show the program.
    """
    streams = _PROGRAMS[kind](b"" if variant == "plain" else photo)
    facts = {"\5SummaryInformation": MARKER_BYTES * 9, "\1CompObj": MARKER_BYTES}
    return compound_file({**(_MANY if kind == "ole" else {}), **facts, **streams})


_PROGRAMS: Mapping[str, Callable[[bytes], dict[str, bytes]]] = {
    "doc": word_streams,
    "ole": word_streams,
    "xls": excel_streams,
    "ppt": powerpoint_streams,
}
