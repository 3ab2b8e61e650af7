"""Writes the pages of a sheet as PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

from fpdf import FPDF

from satark.printing.fonts import FAMILY, use_fonts

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARGIN: Final = 20.0
_TITLE, _TEXT, _SMALL, _LINE = 14.0, 11.0, 9.0, 6.5
_LABELS: Final = 45.0
_UNDATED: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""The creation time in every PDF. A sheet prints only the day."""


class SheetPdf(FPDF):
    def __init__(self) -> None:
        super().__init__(format="A4")
        self._footer = ""
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.set_creation_date(_UNDATED)
        self.set_producer("")
        use_fonts(self)

    def print_page(
        self, *, heading: str, title: str, rows: Sequence[tuple[str, str]], closing: Sequence[str], footer: str
    ) -> None:
        """Print a page; rows that do not fit go on the next page."""
        self.add_page()  # which prints the footer of the page before
        self._footer = footer
        self.set_font(FAMILY, "B", _TEXT)
        self.multi_cell(0, _LINE, heading, align="C", new_x="LMARGIN", new_y="NEXT")
        self.set_font(FAMILY, "B", _TITLE)
        self.multi_cell(0, _LINE + 2, title, align="C", new_x="LMARGIN", new_y="NEXT")
        self.ln(4)
        for label, text in rows:
            if text:
                self._row(label, text)
        self.ln(16)
        self.set_font(FAMILY, size=_TEXT)
        for line in closing:
            self.multi_cell(0, _LINE, line, align="R", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FAMILY, size=_SMALL)
        self.multi_cell(0, 4.5, self._footer, align="C")

    def _row(self, label: str, text: str) -> None:
        self.set_font(FAMILY, "B", _TEXT)
        height = cast("float", self.multi_cell(_LABELS, _LINE, label, align="L", dry_run=True, output="HEIGHT"))
        if self.will_page_break(height):
            self.add_page()
        top, page = self.get_y(), self.page
        self.multi_cell(_LABELS, _LINE, label, align="L", new_x="RIGHT", new_y="TOP")
        self.set_xy(_MARGIN + _LABELS + 3, top)
        self.set_font(FAMILY, size=_TEXT)
        self.multi_cell(0, _LINE, text, align="L", new_x="LMARGIN", new_y="NEXT")
        if self.page == page:
            self.set_y(max(self.get_y(), top + height))  # a label may have more lines than its text
        self.ln(2)
