"""A sheet shows its rows in both scripts, and equal arguments give equal bytes."""

from __future__ import annotations

import io

import pypdfium2
import pytest

from satark.printing.sheet import SheetPage, make_sheet

PAGE = SheetPage(
    heading="Varanasi police",
    title="Order",
    rows=(("Tip no.", "AAAA-2345"), ("\u0925\u093e\u0928\u093e", "\u0932\u0902\u0915\u093e"), ("Empty", "")),
    closing=("Signature",),
    footer="page of the register",
)


def texts(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as opened:
        return [page.get_textpage().get_text_bounded() for page in opened]


@pytest.mark.slow("a third of a second of a processor")
def test_a_page_has_its_rows_without_empty_ones() -> None:
    [text] = texts(make_sheet([PAGE]))
    for shown in ("Varanasi police", "Order", "AAAA-2345", "Signature", "page of the register"):
        assert shown in text
    assert "Empty" not in text


@pytest.mark.slow("a whole sheet")
def test_equal_arguments_give_equal_bytes_and_a_page_shows_nothing_in_logs() -> None:
    assert make_sheet([PAGE, PAGE]) == make_sheet([PAGE, PAGE])
    assert repr(PAGE) == "SheetPage(…)"
