"""The font of printed documents: Hindi is shaped, and every character of the texts has a glyph."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
import uharfbuzz
from fpdf import FPDF
from PIL import Image

from satark.printing.fonts import BOLD, FAMILY, REGULAR, use_fonts

TEXTS = Path(__file__).parents[2] / "core" / "satark" / "dialogue" / "texts"
EMOJI = range(0x2300, 0x20000)
"""Emoji, which are never printed."""


def shaped(font: Path, text: str) -> list[str]:
    """Return the names of the glyphs of a text."""
    face = uharfbuzz.Font(uharfbuzz.Face(font.read_bytes()))
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(face, buffer)
    return [face.glyph_to_string(glyph.codepoint) for glyph in buffer.glyph_infos]


@pytest.mark.parametrize("font", [REGULAR, BOLD], ids=lambda font: font.stem)
def test_every_character_of_the_texts_has_a_glyph(font: Path) -> None:
    used = {char for path in TEXTS.glob("*.po") for char in path.read_text("utf-8")} - {"\n", "\ufe0f"}
    known = uharfbuzz.Face(font.read_bytes()).unicodes
    assert {char for char in used if ord(char) not in EMOJI and ord(char) not in known} == set()


@pytest.mark.parametrize("font", [REGULAR, BOLD], ids=lambda font: font.stem)
@pytest.mark.parametrize(
    ("text", "glyphs"),
    [
        pytest.param("क्ष", 1, id="a conjunct is one glyph"),
        pytest.param("र्क", 2, id="the r before a consonant stands above it"),
        pytest.param("Hi", 2, id="Latin"),
        pytest.param("₹१", 2, id="rupee and digit"),
    ],
)
def test_text_is_shaped(font: Path, text: str, glyphs: int) -> None:
    found = shaped(font, text)
    assert len(found) == glyphs
    assert ".notdef" not in found


def test_the_short_i_comes_before_its_consonant() -> None:
    consonant = shaped(REGULAR, "क")
    assert shaped(REGULAR, "कि")[1:] == consonant


def test_a_pdf_in_both_scripts_can_be_read_back() -> None:
    pdf = FPDF()
    pdf.add_page()
    use_fonts(pdf)
    for style in ("", "B"):
        pdf.set_font(FAMILY, style, 14)
        pdf.cell(text="सूचना tip", new_x="LMARGIN", new_y="NEXT")
    text = pypdfium2.PdfDocument(bytes(pdf.output()))[0].get_textpage().get_text_range()
    assert text.split("\r\n") == ["सूचना tip", "सूचना tip"]


def rendered(*texts: str) -> list[Image.Image]:
    """Print each text, right-aligned, on a page of its own, and return the pages as images."""
    pdf = FPDF()
    use_fonts(pdf)
    for text in texts:
        pdf.add_page()
        pdf.multi_cell(180, text=text, align="R")
    return [page.render(scale=1).to_pil().convert("L") for page in pypdfium2.PdfDocument(bytes(pdf.output()))]


@pytest.mark.slow("a third of a second of a processor")
@pytest.mark.parametrize("before", ["d15d6c15 ", "SHA256 ", "1. "])
def test_hindi_after_latin_in_one_line_is_shaped_too(before: str) -> None:
    """By default HarfBuzz takes a run's script from its first letter, and shapes no Devanagari after Latin."""
    hindi = "निम्नलिखित एल्गोरिथ्म के माध्यम से प्राप्त"
    alone, together = rendered(hindi, before + hindi)
    box = alone.point(lambda level: 255 - level).getbbox()
    assert box is not None
    assert alone.crop(box).tobytes() == together.crop(box).tobytes()
