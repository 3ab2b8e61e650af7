"""Fonts of printed documents: Noto Sans with Latin and Devanagari in one file per weight, so lines can mix both.

The files were merged from Google's Noto Sans 2.004 (Latin, punctuation, currency) and Noto Sans Devanagari 2.001
(complete) with fontTools' subset and merge, without hinting. The licence is the SIL Open Font License 1.1 (`OFL.txt`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fpdf import FPDF

FAMILY: Final = "Noto Sans"
REGULAR: Final = Path(__file__).with_name("noto-sans-regular.ttf")
BOLD: Final = Path(__file__).with_name("noto-sans-bold.ttf")


def use_fonts(pdf: FPDF) -> None:
    """Add the family `FAMILY` to a PDF, regular and bold ("B"), and turn on the shaping that Devanagari needs.

    The PDF will contain only the glyphs that it uses.
    """
    pdf.add_font(FAMILY, "", REGULAR)
    pdf.add_font(FAMILY, "B", BOLD)
    # By default HarfBuzz takes the script of a run from its first letter, and Hindi after a hash would not be shaped.
    pdf.set_text_shaping(use_shaping_engine=True, script="Deva")
    pdf.set_font(FAMILY)
