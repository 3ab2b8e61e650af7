"""A row that is longer than a page continues on the next page, and the file doesn't say when it was made."""

from __future__ import annotations

import io
from contextlib import closing

import pikepdf
import pypdfium2
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


@pytest.mark.slow("a third of a second of a processor")
@pytest.mark.parametrize("rows_before", [0, 60])
def test_a_label_of_two_lines_stands_over_no_other_row(rows_before: int) -> None:
    rows = [*[("Label", "text")] * rows_before, ("A label that takes two lines here", "text"), ("Next", "text")]
    document = SheetPdf()
    document.print_page(heading="H", title="T", rows=rows, closing=(), footer="F")
    tops = {}
    with closing(pypdfium2.PdfDocument(bytes(document.output()))) as pdf:
        for number, page in enumerate(page.get_textpage() for page in pdf):
            for word in ("takes", "here", "Next"):
                if found := page.search(word).get_next():
                    tops[word] = number, -page.get_charbox(found[0])[3]
    assert tops["takes"] <= tops["here"] < tops["Next"]
    assert tops["here"][0] != tops["Next"][0] or tops["Next"][1] - tops["here"][1] > 10
