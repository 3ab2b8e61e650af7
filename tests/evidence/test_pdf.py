"""PDF: what is seen on a screen is carried over, printed or not; a screen's colours become plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from satark.evidence.limits import Limits
from satark.evidence.pdf import PdfScrubber
from satark.testing.documents import TRACE


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


def words(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        return str(pdf[0].get_textpage().get_text_bounded())


@pytest.mark.parametrize("flags", [0, 4], ids=["seen", "seen and printed"])
def test_a_box_of_text_stays_as_text(flags: int, tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        page = page_of(pdf, b"BT /F 18 Tf 20 160 Td (white sacks) Tj ET")
        look = pdf.make_stream(
            b"BT /F 12 Tf 2 5 Td (by the river) Tj ET", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 180, 30],
            Resources=page.Resources,
        )  # fmt: skip
        box = Dictionary(
            Type=Name.Annot, Subtype=Name.FreeText, Rect=[20, 100, 200, 130], Contents="by the river", T=TRACE,
            DA="/F 12 Tf 0 g", AP=Dictionary(N=look), F=flags,
        )  # fmt: skip
        page.obj.Annots = Array([pdf.make_indirect(box)])
        copy = cleaned(pdf, tmp_path, limits)
    assert "by the river" in words(copy)
    assert TRACE.encode() not in copy.read_bytes()


@pytest.mark.parametrize(("parts", "colour"), [(1, b"0.3"), (3, b"0.9 0.1 0.1")])
def test_colours_stay_without_the_profile_that_names_a_screen(
    parts: int, colour: bytes, tmp_path: Path, limits: Limits
) -> None:
    with Pdf.new() as pdf:
        profile = pdf.make_stream(TRACE.encode() * 50, N=parts)
        space = pdf.make_indirect(Array([Name.ICCBased, profile]))
        page_of(pdf, b"/C cs " + colour + b" sc 20 20 200 100 re f", ColorSpace=Dictionary(C=space))
        copy = cleaned(pdf, tmp_path, limits)
    with Pdf.open(copy) as pdf:
        streams = [one.read_bytes() for one in pdf.objects if isinstance(one, pikepdf.Stream)]
        assert not any(TRACE.encode() in one for one in streams)
        assert "/Image" not in str(pdf.pages[0].Resources.get("/XObject", ""))
    expected = (77, 77, 77) if parts == 1 else (230, 26, 26)
    found = drawn(copy).crop((100, 150, 101, 151)).tobytes()
    assert max(abs(one - other) for one, other in zip(found, expected, strict=True)) < 12
