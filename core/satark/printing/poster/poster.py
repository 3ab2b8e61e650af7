"""Makes the A4 poster: the service's name, the QR code, how to use it, and the promises, in one or two languages."""

from collections.abc import Sequence
from typing import Final

import msgspec
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from satark.printing.fonts import FAMILY, use_fonts
from satark.printing.poster.target import QrTarget
from satark_words.catalogues import Catalogues

_INK: Final = (22, 38, 74)
_PAPER: Final = (255, 255, 255)
_GREY: Final = (80, 88, 104)
_ALARM: Final = (158, 27, 27)
_WIDTH, _HEIGHT, _MARGIN = 210, 297, 16
"""Width, height and margin of the page in millimetres."""
_POINT: Final = 25.4 / 72
_LEADING: Final = 1.45
"""Line height as a multiple of the font size: Devanagari reaches higher and lower than Latin."""


def make_poster(target: QrTarget, languages: Sequence[str], title: str = "", millimetres: int = 84) -> bytes:
    """Make the poster, as a PDF: the first language larger, the code `millimetres` wide without its white border."""
    return _PosterDocument(languages, title).print(target, millimetres)


class _TextStyle(msgspec.Struct, frozen=True):
    style: str = ""
    colour: tuple[int, int, int] = _INK
    align: Align = Align.C
    one_line: bool = False
    """Whether the text stays on one line, in a smaller size if necessary."""


_HEADING: Final = _TextStyle("B", one_line=True)
_REVERSED: Final = _TextStyle("B", _PAPER, one_line=True)
_SMALL: Final = _TextStyle(colour=_GREY)
_WARNING: Final = _TextStyle("B", _ALARM)
_LEFT: Final = _TextStyle(align=Align.L)


class _PosterDocument:
    def __init__(self, languages: Sequence[str], title: str) -> None:
        catalogues = Catalogues.of("satark.printing.poster")
        self._texts = [catalogues[language] for language in languages]
        self._title = title
        self._pdf = FPDF(format="A4")
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.set_margin(_MARGIN)
        self._pdf.add_page()
        use_fonts(self._pdf)

    def print(self, target: QrTarget, millimetres: int) -> bytes:
        self._print_header()
        self._pdf.set_y(53)
        self._print_text("headline", 30, 17, _HEADING)
        self._pdf.ln(4)
        self._print_code(target, millimetres)
        self._print_line(target.typed, 13, _HEADING)
        self._pdf.ln(4)
        for number, step in enumerate(("scan", f"open.{target.kind}", "tell"), 1):
            self._print_step(number, step)
        self._pdf.ln(1)
        self._print_text(f"promise.{target.kind}", 11.5, 9.5, _SMALL)
        self._print_footer()
        self._pdf.set_title(self._title or self._texts[0].text("title"))
        self._pdf.set_lang(self._texts[0].language)
        return bytes(self._pdf.output())

    def _print_header(self) -> None:
        self._pdf.set_fill_color(*_INK)
        self._pdf.rect(0, 0, _WIDTH, 46, style="F")
        names = [self._title] if self._title else [texts.text("title") for texts in self._texts]
        sizes = self._sizes(38, 18)[: len(names)]
        self._pdf.set_y((46 - sum(map(self._line_height, sizes))) / 2)
        for name, size in zip(names, sizes, strict=True):
            self._print_line(name, size, _REVERSED)

    def _print_footer(self) -> None:
        self._pdf.set_y(
            _HEIGHT - 12 - sum(self._line_height(size) for size in self._sizes(14, 11)) - 2 * self._line_height(9)
        )
        self._print_text("emergency", 14, 11, _WARNING)
        self._print_text("photo", 9, 9, _SMALL)

    def _print_code(self, target: QrTarget, millimetres: int) -> None:
        rows = list(target.code().matrix)
        module = millimetres / len(rows)
        left, top = (_WIDTH - millimetres) / 2, self._pdf.get_y() + 4 * module
        self._pdf.set_fill_color(0, 0, 0)
        for y, row in enumerate(rows):
            for x, dark in enumerate(row):
                if dark:  # slightly larger than a module, so that no printer leaves white lines between them
                    self._pdf.rect(left + x * module, top + y * module, module + 0.02, module + 0.02, style="F")
        self._pdf.set_y(top + millimetres + 3 * module)

    def _print_step(self, number: int, key: str) -> None:
        top = self._pdf.get_y()
        self._pdf.set_fill_color(*_INK)
        self._pdf.circle(_MARGIN + 11, top + 5, 4.6, style="F")
        self._pdf.set_font(FAMILY, "B", 13)
        self._pdf.set_text_color(*_PAPER)
        self._pdf.set_xy(_MARGIN + 6, top)
        self._pdf.cell(10, 10, str(number), align=Align.C)
        self._pdf.set_y(top)
        self._pdf.set_left_margin(_MARGIN + 20)
        self._print_text(key, 15, 10.5, _LEFT)
        self._pdf.set_left_margin(_MARGIN)
        self._pdf.set_y(max(self._pdf.get_y(), top + 10) + 1.5)

    def _print_text(self, key: str, first: float, other: float, style: _TextStyle) -> None:
        """Print a text in every language: the first in the size `first`, the others in the size `other`, in points."""
        for texts, size in zip(self._texts, self._sizes(first, other), strict=True):
            self._print_line(texts.text(key), size, style)

    def _print_line(self, text: str, size: float, style: _TextStyle) -> None:
        self._pdf.set_font(FAMILY, style.style, size)
        too_wide = self._pdf.get_string_width(text) / (self._pdf.epw - 2) if style.one_line else 0
        if too_wide > 1:
            size /= too_wide
            self._pdf.set_font_size(size)
        self._pdf.set_text_color(*style.colour)
        self._pdf.multi_cell(0, self._line_height(size), text, align=style.align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _sizes(self, first: float, other: float) -> list[float]:
        return [first if place == 0 else other for place in range(len(self._texts))]

    def _line_height(self, size: float) -> float:
        return size * _POINT * _LEADING
