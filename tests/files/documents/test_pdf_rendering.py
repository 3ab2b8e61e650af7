"""Pages are rendered if their text can't be kept, and no larger than the limit."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Dictionary, Name, Pdf
from PIL import Image

from satark_files.documents import pdf_rendering
from satark_files.documents.pdf import PdfScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from support.evidence.markers import MARKER


def page_of(pdf: Pdf, content: bytes, **resources: Any) -> pikepdf.Page:
    page = pdf.add_blank_page(page_size=(300, 200))
    font = Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    page.Resources = Dictionary(Font=font, **resources)
    page.Contents = pdf.make_stream(content)
    return page


def cleaned(pdf: Pdf, folder: Path, limits: Limits) -> Path:
    pdf.save(folder / "in.pdf")
    PdfScrubber().scrub(folder / "in.pdf", folder / "out.pdf", limits)
    return folder / "out.pdf"


def drawn(path: Path) -> Image.Image:
    with pypdfium2.PdfDocument(path) as pdf:
        picture: Image.Image = pdf[0].render(scale=1).to_pil().convert("RGB")
        return picture


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        return str(pdf[0].get_textpage().get_text_bounded())


def add_image_page(pdf: Pdf, data: bytes, **entries: Any) -> None:
    """Add a page with an image, 16 by 16, and text."""
    size = {"Type": Name.XObject, "Subtype": Name.Image, "Width": 16, "Height": 16, "BitsPerComponent": 8}
    page = page_of(pdf, b"BT /F 18 Tf 20 160 Td (white sacks) Tj ET q 80 0 0 80 20 20 cm /P Do Q")
    page.Resources.XObject = Dictionary(P=pdf.make_stream(data, **{**size, **entries}))


@pytest.mark.parametrize("coding", ["JPXDecode", "JBIG2Decode"])
def test_a_page_with_an_unreadable_filter_is_rasterized(coding: str, tmp_path: Path, limits: Limits) -> None:
    data = MARKER.encode()
    if coding == "JPXDecode":
        out = io.BytesIO()
        Image.effect_noise((16, 16), 90).save(out, "JPEG2000")
        data = out.getvalue() + data
    with Pdf.new() as pdf:
        add_image_page(pdf, data, ColorSpace=Name.DeviceGray, Filter=Name(f"/{coding}"))
        copy = cleaned(pdf, tmp_path, limits)
    assert MARKER.encode() not in copy.read_bytes()
    assert text_of(copy) == ""
    assert drawn(copy).crop((0, 0, 300, 60)).getextrema() != ((255, 255),) * 3, "its text is still visible"


def test_a_page_is_not_rasterized_to_more_pixels_than_the_limit(tmp_path: Path) -> None:
    with Pdf.new() as pdf:
        page_of(pdf, b"")
        pdf.save(tmp_path / "in.pdf")
    assert pdf_rendering.count_pages(tmp_path / "in.pdf") == 1
    with pytest.raises(Unclean, match="too-many-pixels"):
        pdf_rendering.rasterize(tmp_path / "in.pdf", tmp_path / "out.pdf", Limits(pixels=1000))
