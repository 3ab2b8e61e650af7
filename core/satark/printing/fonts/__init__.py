"""The typeface of what we print: Noto Sans, Latin and Devanagari in one file a weight, so that both stand in one line.

Made of Google's Noto Sans 2.004 (Latin, punctuation, currency) and Noto Sans Devanagari 2.001 (all of it) with
fontTools' subset and merge, without hinting. The licence is the SIL Open Font License 1.1, in `OFL.txt` beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fpdf import FPDF

FAMILY: Final = "Noto Sans"
LANGUAGES: Final = ("hi", "en")
"""What we print is there in these."""
REGULAR: Final = Path(__file__).with_name("noto-sans-regular.ttf")
BOLD: Final = Path(__file__).with_name("noto-sans-bold.ttf")


def use_fonts(pdf: FPDF) -> None:
    """Give a PDF the family `FAMILY`, regular and bold ("B"), with the shaping that Devanagari needs.

    Only the glyphs that are used get into the PDF.
    """
    pdf.add_font(FAMILY, "", REGULAR)
    pdf.add_font(FAMILY, "B", BOLD)
    # Left to itself HarfBuzz takes the script of a run from its first letter: Hindi after a hash would go unshaped.
    pdf.set_text_shaping(use_shaping_engine=True, script="Deva")
    pdf.set_font(FAMILY)
