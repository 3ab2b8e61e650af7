"""PDF: content that is visible on a screen stays, printed or not; colour profiles are removed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageChops, ImageStat

from satark_files.documents import pdf_rendering
from satark_files.documents.pdf import PdfScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean
from support.evidence.corpus import markers_in
from support.evidence.corpus.pages import PAGES
from support.evidence.images import make_image
from support.evidence.markers import MARKER, SHOWN


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


@pytest.mark.parametrize("flags", [0, 4], ids=["seen", "seen and printed"])
def test_a_text_box_stays_as_text(flags: int, tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        page = page_of(pdf, b"BT /F 18 Tf 20 160 Td (white sacks) Tj ET")
        look = pdf.make_stream(
            b"BT /F 12 Tf 2 5 Td (by the river) Tj ET", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 180, 30],
            Resources=page.Resources,
        )  # fmt: skip
        box = Dictionary(
            Type=Name.Annot, Subtype=Name.FreeText, Rect=[20, 100, 200, 130], Contents="by the river", T=MARKER,
            DA="/F 12 Tf 0 g", AP=Dictionary(N=look), F=flags,
        )  # fmt: skip
        page.obj.Annots = Array([pdf.make_indirect(box)])
        copy = cleaned(pdf, tmp_path, limits)
    assert "by the river" in text_of(copy)
    assert MARKER.encode() not in copy.read_bytes()


@pytest.mark.parametrize(("parts", "colour"), [(1, b"0.3"), (3, b"0.9 0.1 0.1")])
def test_colours_stay_without_their_profile(parts: int, colour: bytes, tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        profile = pdf.make_stream(MARKER.encode() * 50, N=parts)
        space = pdf.make_indirect(Array([Name.ICCBased, profile]))
        page_of(pdf, b"/C cs " + colour + b" sc 20 20 200 100 re f", ColorSpace=Dictionary(C=space))
        copy = cleaned(pdf, tmp_path, limits)
    with Pdf.open(copy) as pdf:
        streams = [one.read_bytes() for one in pdf.objects if isinstance(one, pikepdf.Stream)]
        assert not any(MARKER.encode() in one for one in streams)
        assert "/Image" not in str(pdf.pages[0].Resources.get("/XObject", ""))
    expected = (77, 77, 77) if parts == 1 else (230, 26, 26)
    found = drawn(copy).crop((100, 150, 101, 151)).tobytes()
    assert max(abs(one - other) for one, other in zip(found, expected, strict=True)) < 12


def add_image_page(pdf: Pdf, data: bytes, **entries: Any) -> None:
    """Add a page with an image, 16 by 16, and text."""
    size = {"Type": Name.XObject, "Subtype": Name.Image, "Width": 16, "Height": 16, "BitsPerComponent": 8}
    page = page_of(pdf, b"BT /F 18 Tf 20 160 Td (white sacks) Tj ET q 80 0 0 80 20 20 cm /P Do Q")
    page.Resources.XObject = Dictionary(P=pdf.make_stream(data, **{**size, **entries}))


def fax() -> bytes:
    """Return an image of 16 by 16 as fax machines encode it."""
    out = io.BytesIO()
    Image.effect_noise((16, 16), 90).convert("1").save(out, "TIFF", compression="group4")
    with Image.open(out) as picture:
        (start,), (size,) = picture.tag_v2[273], picture.tag_v2[279]  # type: ignore[attr-defined]
        return out.getvalue()[start : start + size]


def test_a_scanned_fax_stays_as_it_is(tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        parameters = Dictionary(K=-1, Columns=16, Rows=16)
        entries = {"ColorSpace": Name.DeviceGray, "BitsPerComponent": 1, "Filter": Name.CCITTFaxDecode}
        add_image_page(pdf, fax(), DecodeParms=parameters, **entries)
        copy = cleaned(pdf, tmp_path, limits)
    assert "white sacks" in text_of(copy)
    with Pdf.open(copy) as pdf:
        assert pdf.pages[0].Resources.XObject.P.Filter == Name.CCITTFaxDecode


def test_no_data_hides_after_the_samples_of_an_image(tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        samples = bytes(range(256))
        add_image_page(pdf, samples + MARKER.encode() * 9, ColorSpace=Name.DeviceGray)
        copy = cleaned(pdf, tmp_path, limits)
    with Pdf.open(copy) as pdf:
        assert pdf.pages[0].Resources.XObject.P.read_bytes() == samples


def test_an_encrypted_a_broken_and_a_long_pdf_each_have_their_own_reason(tmp_path: Path, limits: Limits) -> None:
    scrubber, source = PdfScrubber(), tmp_path / "in.pdf"
    with Pdf.new() as pdf:
        page_of(pdf, b"")
        pdf.save(source, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    with pytest.raises(Unclean, match="encrypted"):
        scrubber.scrub(source, tmp_path / "out.pdf", limits)
    source.write_bytes(b"%PDF-1.7\n" + MARKER.encode() * 99)
    with pytest.raises(Unclean, match="damaged"):
        scrubber.scrub(source, tmp_path / "out.pdf", limits)
    with Pdf.new() as pdf:
        for _ in range(3):
            page_of(pdf, b"")
        pdf.save(source)
    made = scrubber.scrub(source, tmp_path / "out.pdf", Limits(pages=2))
    assert isinstance(made, Cleaned)
    assert made.left_out == ("pages",)
    assert pdf_rendering.count_pages(tmp_path / "out.pdf") == 2
    source.write_bytes(
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    )
    with pytest.raises(Unclean, match="damaged"):
        scrubber.scrub(source, tmp_path / "out.pdf", limits)


def test_the_names_of_resources_are_replaced_and_the_page_stays_text(tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        form = pdf.make_stream(
            b"/Fonts-of-" + MARKER.encode() + b" gs 1 0 0 rg 10 10 30 30 re f",
            Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 90, 90],
        )  # fmt: skip
        page = page_of(pdf, b"BT /F 18 Tf 20 160 Td (white sacks) Tj ET q /PDFpenImprint0 Do Q")
        page.Resources.XObject = Dictionary({"/PDFpenImprint0": form})
        page.Resources.ExtGState = Dictionary({f"/Fonts-of-{MARKER}": Dictionary(CA=1)})
        copy = cleaned(pdf, tmp_path, limits)
    with Pdf.open(copy) as after:
        plain = after.pages[0].obj.unparse(resolved=True) + b"".join(
            one.read_bytes() for one in after.objects if isinstance(one, pikepdf.Stream)
        )
    assert b"PDFpen" not in plain
    assert MARKER.encode() not in plain
    assert "white sacks" in text_of(copy)
    assert drawn(copy).getpixel((20, 180)) == (255, 0, 0)


NOT_SEEN = (
    "covered", "covered-by-note", "white", "invisible", "cropped", "outside", "truetype", "cff", "opentype",
    "spot", "inline",
)  # fmt: skip


@pytest.mark.parametrize("kind", NOT_SEEN)
def test_pages_that_hold_more_than_is_seen_become_pictures(kind: str, tmp_path: Path, limits: Limits) -> None:
    (tmp_path / "in.pdf").write_bytes(PAGES[f"pdf-{kind}"](b""))
    PdfScrubber().scrub(tmp_path / "in.pdf", tmp_path / "out.pdf", limits)
    assert markers_in((tmp_path / "out.pdf").read_bytes()) == []
    assert text_of(tmp_path / "out.pdf") == ""
    before, after = (drawn(tmp_path / name).convert("L").reduce(20) for name in ("in.pdf", "out.pdf"))
    assert ImageStat.Stat(ImageChops.difference(before, after)).mean[0] < 4


@pytest.mark.parametrize("kind", ["form", "attached", "tagged", "revised", "scanned", "labelled"])
def test_other_pages_keep_their_text(kind: str, tmp_path: Path, limits: Limits) -> None:
    (tmp_path / "in.pdf").write_bytes(PAGES[f"pdf-{kind}"](make_image("jpg", tmp_path)))
    PdfScrubber().scrub(tmp_path / "in.pdf", tmp_path / "out.pdf", limits)
    assert SHOWN in text_of(tmp_path / "out.pdf")


def with_photo(pdf: Pdf, folder: Path, drawn: bytes) -> pikepdf.Page:
    """Add a page that shows a photo, and draws over it."""
    page = page_of(pdf, b"BT /F 18 Tf 20 160 Td (white sacks) Tj ET q 200 0 0 100 50 40 cm /P Do Q " + drawn)
    photo = {"Width": 96, "Height": 64, "ColorSpace": Name.DeviceRGB, "BitsPerComponent": 8, "Filter": Name.DCTDecode}
    data = make_image("jpg", folder)
    page.Resources.XObject = Dictionary(P=pdf.make_stream(data, Type=Name.XObject, Subtype=Name.Image, **photo))
    return page


def only_picture(copy: Path) -> Image.Image:
    with Pdf.open(copy) as after:
        (one,) = after.pages[0].Resources.XObject.values()
        assert isinstance(one, pikepdf.Stream)
        return pikepdf.PdfImage(one).as_pil_image()


def test_a_note_drawn_over_a_photo_covers_it_in_the_copy(tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        page = with_photo(pdf, tmp_path, b"")
        look = pdf.make_stream(b"0 g 0 0 200 100 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 200, 100])
        ink = Dictionary(Type=Name.Annot, Subtype=Name.Ink, Rect=[50, 40, 250, 140], AP=Dictionary(N=look), F=4)
        page.obj.Annots = Array([pdf.make_indirect(ink)])
        copy = cleaned(pdf, tmp_path, limits)
    picture = only_picture(copy).resize((300, 200)).convert("L")
    assert ImageStat.Stat(picture.crop((60, 70, 240, 150))).mean[0] < 8


@pytest.mark.parametrize("drawn", ["0 g 100 60 40 20 re f", "12 w 1 J 60 60 m 200 120 l S"], ids=["a box", "a stroke"])
def test_a_cover_drawn_over_a_photo_stays_in_the_copy(drawn: str, tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        with_photo(pdf, tmp_path, drawn.encode())
        copy = cleaned(pdf, tmp_path, limits)
    assert (text_of(copy), only_picture(copy).size) == ("", (625, 417))


@pytest.mark.parametrize(
    "drawn", ["", "0 g 10 10 280 20 re f", "0.2 w 50 40 200 100 re S", "BT /F 8 Tf 60 60 Td (at night) Tj ET"],
    ids=["nothing", "a box beside it", "a frame", "words"],
)  # fmt: skip
def test_an_uncovered_photo_stays_beside_its_text(drawn: str, tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        with_photo(pdf, tmp_path, drawn.encode())
        copy = cleaned(pdf, tmp_path, limits)
    assert "white sacks" in text_of(copy)
    assert only_picture(copy).size == (96, 64)


def test_light_words_on_a_dark_ground_stay_words(tmp_path: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        page_of(pdf, b"0 g 10 150 280 40 re f 1 g BT /F 18 Tf 20 160 Td (white sacks) Tj ET")
        assert "white sacks" in text_of(cleaned(pdf, tmp_path, limits))
