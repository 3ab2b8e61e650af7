"""PDF files with a marker outside the visible page: covered, cut off, in fonts, in forms, in earlier revisions."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from pikepdf import Array, AttachedFileSpec, Dictionary, Encryption, Name, OutlineItem, Pdf

from support.evidence.markers import MARKER, SHOWN, XMP

_TEXT = f"BT /F 18 Tf 20 160 Td ({SHOWN}) Tj ET\n"


def pdf_of(
    content: str,
    *annotations: Dictionary,
    more: Callable[[Pdf, Any], None] | None = None,
    save: dict[str, Any] | None = None,
) -> bytes:
    with Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(300, 200))
        font = Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        page.Resources = Dictionary(Font=font)
        page.Contents = pdf.make_stream((_TEXT + content).encode())
        if annotations:
            page.obj.Annots = Array([pdf.make_indirect(one) for one in annotations])
        if more:
            more(pdf, page)
        out = io.BytesIO()
        pdf.save(out, fix_metadata_version=False, **(save or {}))
        return out.getvalue()


_SECRET = f"BT /F 18 Tf 20 100 Td ({MARKER}) Tj ET\n"


def _covered(_: bytes) -> bytes:
    return pdf_of(_SECRET + "0 g 15 90 200 30 re f\n")


def _covered_by_note(_: bytes) -> bytes:
    def cover(pdf: Pdf, page: Any) -> None:
        look = pdf.make_stream(b"0 g 0 0 200 30 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 200, 30])
        box = Dictionary(
            Type=Name.Annot, Subtype=Name.Square, Rect=[15, 90, 215, 120], AP=Dictionary(N=look), F=4, T=MARKER
        )
        page.obj.Annots = Array([pdf.make_indirect(box)])

    return pdf_of(_SECRET, more=cover)


def _white(_: bytes) -> bytes:
    return pdf_of(f"1 g BT /F 18 Tf 20 100 Td ({MARKER}) Tj ET\n")


def _invisible(_: bytes) -> bytes:
    return pdf_of(f"BT 3 Tr /F 18 Tf 20 100 Td ({MARKER}) Tj ET\n")


def _cropped(_: bytes) -> bytes:
    def crop(pdf: Pdf, page: Any) -> None:
        page.obj.CropBox = Array([0, 140, 300, 200])

    return pdf_of(_SECRET, more=crop)


def _outside(_: bytes) -> bytes:
    return pdf_of(f"BT /F 18 Tf 20 -100 Td ({MARKER}) Tj ET\n")


def font_in(pdf: Pdf, page: Any, key: str, program: bytes, **kind: Any) -> None:
    """Give a page a font `T` with this program."""
    stream = pdf.make_stream(program, **kind)
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name(f"/ABCDEF+{MARKER}-Regular"),
        Flags=32,
        FontBBox=[0, 0, 600, 600],
        ItalicAngle=0,
        Ascent=800,
        Descent=-200,
        CapHeight=700,
        StemV=80,
    )
    descriptor[key] = stream
    subtype = Name.TrueType if key == "/FontFile2" else Name.Type1
    page.Resources.Font.T = pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=subtype,
            BaseFont=Name(f"/ABCDEF+{MARKER}-Regular"),
            FirstChar=97,
            LastChar=97,
            Widths=[600],
            FontDescriptor=pdf.make_indirect(descriptor),
            Encoding=Name.WinAnsiEncoding,
        )
    )


_LETTER = "BT /T 18 Tf 20 60 Td (a) Tj ET\n"


def _font_true(_: bytes) -> bytes:
    return pdf_of(
        _LETTER, more=lambda pdf, page: font_in(pdf, page, "/FontFile2", b"\0\1\0\0" + MARKER.encode("utf-16-be"))
    )


def _font_cff(_: bytes) -> bytes:
    program = b"\1\0\4\1" + MARKER.encode()
    return pdf_of(_LETTER, more=lambda pdf, page: font_in(pdf, page, "/FontFile3", program, Subtype=Name.Type1C))


def _font_open(_: bytes) -> bytes:
    program = b"OTTO" + MARKER.encode()
    return pdf_of(_LETTER, more=lambda pdf, page: font_in(pdf, page, "/FontFile3", program, Subtype=Name.OpenType))


def _form(_: bytes) -> bytes:
    def fill(pdf: Pdf, page: Any) -> None:
        field = pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T=MARKER,
                TU=MARKER,
                V="seen",
                DV=MARKER,
                Rect=[20, 60, 200, 80],
                DA="/F 12 Tf 0 g",
                F=4,
            )
        )
        page.obj.Annots = Array([field])
        pdf.Root.AcroForm = Dictionary(Fields=[field], DA="/F 12 Tf 0 g", DR=page.Resources, NeedAppearances=True)

    return pdf_of("", more=fill)


def _attached(_: bytes) -> bytes:
    def attach(pdf: Pdf, page: Any) -> None:
        pdf.attachments["a.txt"] = AttachedFileSpec(pdf, MARKER.encode(), filename=f"{MARKER}.txt")
        spec = AttachedFileSpec(pdf, MARKER.encode(), filename="b.txt").obj
        page.obj.Annots = Array(
            [
                pdf.make_indirect(
                    Dictionary(
                        Type=Name.Annot,
                        Subtype=Name.FileAttachment,
                        Rect=[1, 1, 20, 20],
                        FS=spec,
                        T=MARKER,
                        Contents=MARKER,
                    )
                ),
                pdf.make_indirect(
                    Dictionary(
                        Type=Name.Annot,
                        Subtype=Name.Link,
                        Rect=[1, 30, 20, 50],
                        A=Dictionary(S=Name.URI, URI=f"https://example.in/?who={MARKER}"),
                    )
                ),
            ]
        )
        pdf.Root.Names.Dests = Dictionary(Names=Array([MARKER, Array([page.obj, Name.Fit])]))
        pdf.Root.Lang = MARKER
        with pdf.open_outline() as outline:
            outline.root.append(OutlineItem(MARKER, 0))

    return pdf_of("", more=attach)


def _tagged(_: bytes) -> bytes:
    def tag(pdf: Pdf, page: Any) -> None:
        pdf.Root.MarkInfo = Dictionary(Marked=True)
        pdf.Root.StructTreeRoot = Dictionary(
            Type=Name.StructTreeRoot,
            K=Dictionary(S=Name.P, Alt=MARKER, T=MARKER, ActualText=MARKER),
            RoleMap=Dictionary({f"/{MARKER}": Name.P}),
        )
        pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(P=MARKER)]))
        page.obj.Tabs = Name.S
        page.obj.AF = Array([])

    return pdf_of("", more=tag)


def _revised(_: bytes) -> bytes:
    first = pdf_of(_SECRET)
    at = first.rindex(b"startxref")
    last = int(first[at + 9 :].split()[0])
    with Pdf.open(io.BytesIO(first)) as pdf:
        contents = pdf.pages[0].obj.Contents.objgen[0]
        size = int(pdf.trailer.Size)
    begin = len(first) + 1
    body = f"\n{contents} 0 obj\n<</Length {len(_TEXT)}>>\nstream\n{_TEXT}endstream\nendobj\n"
    place = begin + len(body) - 1
    table = (
        f"xref\n{contents} 1\n{begin:010} 00000 n \ntrailer\n<</Size {size}/Root 1 0 R/Prev "
        f"{last}/Info <</Author ({MARKER})>>>>\nstartxref\n{place}\n%%EOF\n%{' ' * 300}\n"
    )
    return first + body.encode() + table.encode()


def _locked(_: bytes) -> bytes:
    return pdf_of(_SECRET, save={"encryption": Encryption(owner="a", user="b")})


def _owner_locked(_: bytes) -> bytes:
    def dress(pdf: Pdf, _page: Any) -> None:
        pdf.docinfo = pdf.make_indirect(Dictionary(Author=MARKER))

    return pdf_of("", more=dress, save={"encryption": Encryption(owner="a", user="")})


def _scanned(photo: bytes) -> bytes:
    def scan(pdf: Pdf, page: Any) -> None:
        picture = pdf.make_stream(
            photo,
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=96,
            Height=64,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=Name.DCTDecode,
        )
        mask = pdf.make_stream(
            bytes(96 * 64),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=96,
            Height=64,
            ColorSpace=Name.DeviceGray,
            BitsPerComponent=8,
        )
        mask.Metadata = pdf.make_stream(XMP.encode(), Type=Name.Metadata, Subtype=Name.XML)
        picture.Metadata, picture.OPI, picture.Alternates = mask.Metadata, Dictionary(F=MARKER), Array([])
        page.Resources.XObject = Dictionary({f"/{MARKER}": picture, "/M": mask})

    return pdf_of(f"q 96 0 0 64 20 20 cm /{MARKER} Do Q q 10 0 0 10 200 20 cm /M Do Q\n", more=scan)


def _spot(_: bytes) -> bytes:
    def colour(pdf: Pdf, page: Any) -> None:
        tint = Dictionary(FunctionType=2, Domain=[0, 1], C0=[0, 0, 0, 0], C1=[0, 1, 1, 0], N=1)
        page.Resources.ColorSpace = Dictionary(S=Array([Name.Separation, Name(f"/{MARKER}"), Name.DeviceCMYK, tint]))

    return pdf_of("/S cs 1 scn 20 20 50 50 re f\n", more=colour)


def _inline(_: bytes) -> bytes:
    return pdf_of(f"q 10 0 0 10 20 20 cm BI /W 2 /H 2 /BPC 8 /CS /G /{MARKER} ({MARKER}) ID abcd\nEI Q\n")


def _labelled(_: bytes) -> bytes:
    """Text that a page shows in the page's dictionary of resources only."""

    def add(pdf: Pdf, page: Any) -> None:
        form = pdf.make_stream(
            f"% {MARKER}\n0 0 5 5 re f".encode(),
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=[0, 0, 10, 10],
            LastModified=MARKER,
            Name=Name(f"/{MARKER}"),
            PieceInfo=Dictionary(X=Dictionary(Private=MARKER)),
            Ref=Dictionary(F=MARKER),
        )
        pattern = pdf.make_stream(
            f"% {MARKER}\n0 0 2 2 re f".encode(),
            Type=Name.Pattern,
            PatternType=1,
            PaintType=1,
            TilingType=1,
            BBox=[0, 0, 4, 4],
            XStep=4,
            YStep=4,
            Resources=Dictionary(),
        )
        page.Resources.XObject, page.Resources.Pattern = (
            Dictionary({f"/{MARKER}": form}),
            Dictionary({f"/{MARKER}": pattern}),
        )

    return pdf_of(f"/{MARKER} Do /Pattern cs /{MARKER} scn 100 20 50 50 re f\n", more=add)


PAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "pdf-covered": _covered,
    "pdf-covered-by-note": _covered_by_note,
    "pdf-white": _white,
    "pdf-invisible": _invisible,
    "pdf-cropped": _cropped,
    "pdf-outside": _outside,
    "pdf-truetype": _font_true,
    "pdf-cff": _font_cff,
    "pdf-opentype": _font_open,
    "pdf-form": _form,
    "pdf-attached": _attached,
    "pdf-tagged": _tagged,
    "pdf-revised": _revised,
    "pdf-locked": _locked,
    "pdf-owner-locked": _owner_locked,
    "pdf-scanned": _scanned,
    "pdf-spot": _spot,
    "pdf-inline": _inline,
    "pdf-labelled": _labelled,
}
