"""Sheets: a page of labelled rows as a PDF, such as a written order, in Latin and Devanagari."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from satark_files.extra_packages import needing


class SheetPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, in one language. Rows without a text are left out."""

    heading: str
    title: str
    rows: tuple[tuple[str, str], ...]
    """Label and text."""
    closing: tuple[str, ...] = ()
    """Lines at the end, such as for a signature, to the right."""
    footer: str = ""

    def __repr__(self) -> str:
        return "SheetPage(…)"


def make_sheet(pages: Sequence[SheetPage]) -> bytes:
    """Make a PDF. Equal arguments give equal bytes: nothing of the machine, the program or the time is in it."""
    with needing("printing"):
        from satark.printing.sheet_pdf import SheetPdf  # noqa: PLC0415 - few processes print; the library takes 0.4 s

    document = SheetPdf()
    for page in pages:
        document.print_page(**msgspec.structs.asdict(page))
    return bytes(document.output())
