"""Makes sheets: PDF pages of labelled rows, such as a written order, in Latin and Devanagari."""

from collections.abc import Sequence

import msgspec

from satark.api.observability import Redacted
from satark_files.extra_packages import needing


class SheetPage(Redacted, frozen=True, kw_only=True):
    """One page, in one language. Rows without a text are left out."""

    heading: str
    title: str
    rows: tuple[tuple[str, str], ...]
    """The label and the text of each row."""
    closing: tuple[str, ...] = ()
    """Lines at the end of the page, aligned to the right, such as the line for a signature."""
    footer: str = ""


def make_sheet(pages: Sequence[SheetPage]) -> bytes:
    """Make a PDF. Equal arguments give equal bytes: machine, program and time leave no trace in it."""
    with needing("printing"):
        from satark.printing.sheet_pdf import SheetPdf  # noqa: PLC0415 - few processes print; the library takes 0.4 s

    document = SheetPdf()
    for page in pages:
        document.print_page(**msgspec.structs.asdict(page))
    return bytes(document.output())
