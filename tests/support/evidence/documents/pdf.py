"""PDF specimens with markers in every place where a PDF can hold metadata."""

from __future__ import annotations

import io

import pikepdf
from pikepdf import Array, AttachedFileSpec, Dictionary, Name, Pdf
from PIL import ImageCms

from support.evidence.markers import MARKER, SHOWN, XMP


def make_pdf(_: str, variant: str, photo: bytes) -> bytes:
    """Make a PDF; `variant` is empty, `layers` or `grown` (with a later revision and a trailer)."""
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(300, 200))
    picture = pdf.make_stream(
        photo, Type=Name.XObject, Subtype=Name.Image, Width=96, Height=64, ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8, Filter=Name.DCTDecode, Metadata=pdf.make_stream(XMP.encode()),
    )  # fmt: skip
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.Resources = Dictionary(
        Font=Dictionary(F=font),
        XObject=Dictionary(P=picture),
        Properties=Dictionary(M=Dictionary(Owner=f"{MARKER}-property")),
    )
    _plant_in_drawing(pdf, page)
    drawn = (
        f"% {MARKER}-comment\n/Span <</ActualText ({MARKER}-actual)>> BDC BT /F 18 Tf 20 160 Td ({SHOWN}) Tj ET EMC\n"
    )
    drawn += "/C cs 0.8 0.1 0.1 sc 150 20 40 40 re f BT /T 12 Tf 220 30 Td (a) Tj ET\n"
    page.Contents = pdf.make_stream(drawn.encode() + b"q 96 0 0 64 20 20 cm /P Do Q\n")
    page.obj.PieceInfo = Dictionary({f"/{MARKER}": Dictionary(LastModified="D:20261120", Private=f"{MARKER}-piece")})
    page.obj.Annots = Array([pdf.make_indirect(_remark())])
    _dress(pdf, hidden=variant == "layers")
    out = io.BytesIO()
    pdf.save(out, fix_metadata_version=False)
    return out.getvalue() + (_GROWN if variant == "grown" else b"")


_GROWN = f"\n9999 0 obj\n<</Author ({MARKER}-later)>>\nendobj\nstartxref\n0\n%%EOF\n{MARKER}-trailer".encode()


def _plant_in_drawing(pdf: Pdf, page: pikepdf.Page) -> None:
    """Plant markers in the resources of a page: a colour profile, a glyph, a font's CMap."""
    glyph = pdf.make_stream(f"600 0 0 0 600 600 d1 0 0 600 600 re f % {MARKER}-glyph\n".encode())
    page.Resources.Font.T = pdf.make_indirect(
        Dictionary(
            Type=Name.Font, Subtype=Name.Type3, FontBBox=[0, 0, 600, 600], FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
            CharProcs=Dictionary(a=glyph), Encoding=Dictionary(Type=Name.Encoding, Differences=[97, Name.a]),
            FirstChar=97, LastChar=97, Widths=[600], Resources=Dictionary(),
        )
    )  # fmt: skip
    letters = (
        f"%!PS\n%%Title: ({MARKER}-map)\nbegincmap /CMapName /{MARKER} def 1 beginbfchar <61> <0061> endbfchar endcmap"
    )
    page.Resources.Font.T.ToUnicode = pdf.make_stream(letters.encode())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + f"{MARKER}-screen".encode()
    page.Resources.ColorSpace = Dictionary(C=Array([Name.ICCBased, pdf.make_stream(profile, N=3)]))


def _remark() -> Dictionary:
    return Dictionary(
        Type=Name.Annot, Subtype=Name.Text, Rect=[200, 20, 220, 40], Contents=f"{MARKER}-remark",
        T=f"{MARKER}-annotator", M="D:20261120101112", NM=f"{MARKER}-nm",
    )  # fmt: skip


def _dress(pdf: Pdf, *, hidden: bool) -> None:
    pdf.docinfo = pdf.make_indirect(
        Dictionary({f"/{key}": f"{MARKER}-{key}" for key in ("Author", "Creator", "Producer", "Title", "Keywords")})
    )
    pdf.Root.Metadata = pdf.make_stream(XMP.encode(), Type=Name.Metadata, Subtype=Name.XML)
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=f"app.alert('{MARKER}')")
    pdf.attachments["note"] = AttachedFileSpec(pdf, f"{MARKER}-attached".encode(), filename=f"{MARKER}.txt")
    if hidden:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=f"{MARKER}-layer"))
        pdf.Root.OCProperties = Dictionary(OCGs=[layer], D=Dictionary(Order=[layer]))
