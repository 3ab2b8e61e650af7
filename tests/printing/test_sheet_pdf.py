"""A row that is longer than a page continues on the next page, and the file doesn't say when it was made."""

from __future__ import annotations

import io

import pikepdf
import pytest

from satark.printing.sheet_pdf import SheetPdf


@pytest.mark.slow("a third of a second of a processor")
def test_a_long_page_continues_and_the_file_names_no_time_or_program() -> None:
    document = SheetPdf()
    document.print_page(heading="H", title="T", rows=[("Row", "words " * 2_000)], closing=(), footer="F")
    with pikepdf.open(io.BytesIO(bytes(document.output()))) as pdf:
        assert len(pdf.pages) > 1
        told = {name: str(value) for name, value in pdf.docinfo.items()}
    assert told.get("/CreationDate", "D:2000").startswith("D:2000")
    assert not told.get("/Producer")
