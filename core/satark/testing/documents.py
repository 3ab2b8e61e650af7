"""Documents as office programs make them, with planted traces of whoever made them; see `satark.testing.specimens`.

Every one shows the words `SHOWN`, so that a test can see that what a reader sees came through.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import pikepdf
from pikepdf import Array, AttachedFileSpec, Dictionary, Name, Pdf
from PIL import ImageCms

TRACE = "zqTRACE"
SHOWN = "Ganja comes in white sacks"
HINDI = "क्‍षेत्र में चोरी"

_FORMATS = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
_MACRO = "application/vnd.ms-{}.macroEnabled.12"

DOCUMENTS: Mapping[str, tuple[str, ...]] = {
    "application/pdf": ("pdf", "pdf-layers", "pdf-grown"),
    f"{_FORMATS}wordprocessingml.document": ("docx",),
    f"{_FORMATS}spreadsheetml.sheet": ("xlsx",),
    f"{_FORMATS}presentationml.presentation": ("pptx",),
    _MACRO.format("word.document"): ("docm",),
    _MACRO.format("excel.sheet"): ("xlsm",),
    _MACRO.format("powerpoint.presentation"): ("pptm",),
    f"{_OPEN}text": ("odt",),
    f"{_OPEN}spreadsheet": ("ods",),
    f"{_OPEN}presentation": ("odp",),
    "text/plain": ("txt",),
    "text/vcard": ("vcf",),
}
"""Type → the names of its specimens."""


def document(name: str, photo: bytes) -> bytes:
    """Make a document specimen; `photo` is a JPEG with traces, to lie inside it."""
    kind, _, variant = name.partition("-")
    return _MAKERS[kind](kind, variant, photo)


# ----------------------------------------------------------------- PDF


def _pdf(_: str, variant: str, photo: bytes) -> bytes:
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(300, 200))
    picture = pdf.make_stream(
        photo, Type=Name.XObject, Subtype=Name.Image, Width=96, Height=64, ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8, Filter=Name.DCTDecode, Metadata=pdf.make_stream(_XMP),
    )  # fmt: skip
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.Resources = Dictionary(
        Font=Dictionary(F=font),
        XObject=Dictionary(P=picture),
        Properties=Dictionary(M=Dictionary(Owner=f"{TRACE}-property")),
    )
    _plant_in_drawing(pdf, page)
    drawn = f"% {TRACE}-comment\n/Span <</ActualText ({TRACE}-actual)>> BDC BT /F 18 Tf 20 160 Td ({SHOWN}) Tj ET EMC\n"
    drawn += "/C cs 0.8 0.1 0.1 sc 150 20 40 40 re f BT /T 12 Tf 220 30 Td (a) Tj ET\n"
    page.Contents = pdf.make_stream(drawn.encode() + b"q 96 0 0 64 20 20 cm /P Do Q\n")
    page.obj.PieceInfo = Dictionary({f"/{TRACE}": Dictionary(LastModified="D:20261120", Private=f"{TRACE}-piece")})
    page.obj.Annots = Array([pdf.make_indirect(_remark())])
    _dress(pdf, hidden=variant == "layers")
    out = io.BytesIO()
    pdf.save(out, fix_metadata_version=False)
    return out.getvalue() + (_GROWN if variant == "grown" else b"")


_XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="r"><r:D o="{TRACE}-xmp"/></r:RDF></x:xmpmeta>'.encode()
_GROWN = f"\n9999 0 obj\n<</Author ({TRACE}-later)>>\nendobj\nstartxref\n0\n%%EOF\n{TRACE}-trailer".encode()


def _plant_in_drawing(pdf: Pdf, page: pikepdf.Page) -> None:
    """Words where a page is drawn from: a screen's profile, a glyph, a font's map of letters."""
    glyph = pdf.make_stream(f"600 0 0 0 600 600 d1 0 0 600 600 re f % {TRACE}-glyph\n".encode())
    page.Resources.Font.T = pdf.make_indirect(
        Dictionary(
            Type=Name.Font, Subtype=Name.Type3, FontBBox=[0, 0, 600, 600], FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
            CharProcs=Dictionary(a=glyph), Encoding=Dictionary(Type=Name.Encoding, Differences=[97, Name.a]),
            FirstChar=97, LastChar=97, Widths=[600], Resources=Dictionary(),
        )
    )  # fmt: skip
    letters = (
        f"%!PS\n%%Title: ({TRACE}-map)\nbegincmap /CMapName /{TRACE} def 1 beginbfchar <61> <0061> endbfchar endcmap"
    )
    page.Resources.Font.T.ToUnicode = pdf.make_stream(letters.encode())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + f"{TRACE}-screen".encode()
    page.Resources.ColorSpace = Dictionary(C=Array([Name.ICCBased, pdf.make_stream(profile, N=3)]))


def _remark() -> Dictionary:
    return Dictionary(
        Type=Name.Annot, Subtype=Name.Text, Rect=[200, 20, 220, 40], Contents=f"{TRACE}-remark",
        T=f"{TRACE}-annotator", M="D:20261120101112", NM=f"{TRACE}-nm",
    )  # fmt: skip


def _dress(pdf: Pdf, *, hidden: bool) -> None:
    pdf.docinfo = pdf.make_indirect(
        Dictionary({f"/{key}": f"{TRACE}-{key}" for key in ("Author", "Creator", "Producer", "Title", "Keywords")})
    )
    pdf.Root.Metadata = pdf.make_stream(_XMP, Type=Name.Metadata, Subtype=Name.XML)
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=f"app.alert('{TRACE}')")
    pdf.attachments["note"] = AttachedFileSpec(pdf, f"{TRACE}-attached".encode(), filename=f"{TRACE}.txt")
    if hidden:
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=f"{TRACE}-layer"))
        pdf.Root.OCProperties = Dictionary(OCGs=[layer], D=Dictionary(Order=[layer]))


# ----------------------------------------------------------------- Word, Excel, PowerPoint

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_X = (
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:x15ac="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac"'
)
_P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TREE = f"<p:nvGrpSpPr><p:cNvPr id='1' name='{TRACE}-group'/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>"


def _relations(*kinds: tuple[str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{_REL}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if ":" in target else "/>")
        for number, (kind, target) in enumerate(kinds, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _office(kind: str, _: str, photo: bytes) -> bytes:
    program, parts = {"doc": _word, "xls": _excel, "ppt": _powerpoint}[kind[:3]]()
    main = next(iter(parts))
    macro = kind.endswith("m")
    whole: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(program, parts, macro=macro),
        "_rels/.rels": _relations(
            ("officeDocument", main), ("extended-properties", "docProps/app.xml"), ("thumbnail", "docProps/thumb.jpeg")
        ),
        **parts,
        "docProps/app.xml": f"<Properties><Company>{TRACE}-company</Company></Properties>",
        "docProps/core.xml": f"<cp><creator>{TRACE}-creator</creator></cp>",
        "docProps/thumb.jpeg": photo,
        "customXml/item1.xml": f"<own>{TRACE}-own</own>",
        f"{program}/media/image1.jpeg": photo,
    }
    if macro:
        whole[f"{program}/vbaProject.bin"] = f"{TRACE}-macro".encode()
    return _zipped(whole)


def _types(program: str, parts: Mapping[str, str], *, macro: bool) -> str:
    known = {
        "document": "wordprocessingml.document.main", "comments": "wordprocessingml.comments",
        "settings": "wordprocessingml.settings", "workbook": "spreadsheetml.sheet.main",
        "sheet1": "spreadsheetml.worksheet", "presentation": "presentationml.presentation.main",
        "slide1": "presentationml.slide", "comments1": "spreadsheetml.comments",
        "commentAuthors": "presentationml.commentAuthors", "people": "wordprocessingml.people",
    }  # fmt: skip
    enabled = {"word": "word.document", "xl": "excel.sheet", "ppt": "powerpoint.presentation"}[program]
    lines = ""
    for number, part in enumerate(name for name in parts if name.endswith(".xml")):
        mime = f"{_FORMATS}{known[part.rpartition('/')[2].removesuffix('.xml')]}+xml"
        if macro and not number:
            mime = f"application/vnd.ms-{enabled}.macroEnabled.main+xml"
        lines += f'<Override PartName="/{part}" ContentType="{mime}"/>'
    defaults = "".join(
        f'<Default Extension="{ending}" ContentType="{mime}"/>'
        for ending, mime in (
            ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
            ("xml", "application/xml"),
            ("jpeg", "image/jpeg"),
            ("bin", "application/vnd.ms-office.vbaProject"),
        )
    )
    return f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">{defaults}{lines}</Types>'


def _field(instruction: str, result: str) -> str:
    signs = {kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")}
    inside = _number() if instruction.strip() == "FILENAME" else ""
    asked = f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
    return f"{signs['begin']}{asked}{signs['separate']}{inside}<w:r><w:t>{result}</w:t></w:r>{signs['end']}"


def _number() -> str:
    """A field inside the result of another."""
    return _field(" PAGE ", f"{TRACE}-inside")


def _word() -> tuple[str, dict[str, str]]:
    picture = (
        f'<w:drawing><wp:inline><wp:extent cx="900000" cy="600000"/><wp:docPr id="1" name="{TRACE}.jpg" '
        f'descr="C:\\Users\\{TRACE}\\photo.jpg"/><a:graphic><a:graphicData '
        'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="1" name="{TRACE}.jpg"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId2"/>'
        "</pic:blipFill><pic:spPr/></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    body = (
        f'<w:p w:rsidR="00{TRACE}" w14:paraId="{TRACE}"><w:r><w:t>{SHOWN} {HINDI}</w:t></w:r>'
        f'<w:ins w:id="1" w:author="{TRACE}-author" w:date="2026-11-20T10:11:12Z">'
        "<w:r><w:t> at night</w:t></w:r></w:ins>"
        f'<w:hyperlink r:id="rId4"><w:r><w:t>see</w:t></w:r></w:hyperlink><w:r><w:commentReference w:id="0"/></w:r>'
        f"{_field(' AUTHOR ', f'{TRACE}-by')}{_field(' FILENAME ', f'{TRACE}-file')}"
        f"<w:fldSimple w:instr='LASTSAVEDBY'><w:r><w:t>{TRACE}-saved</w:t></w:r></w:fldSimple>"
        f"<w:sdt><w:sdtPr><w:alias w:val='{TRACE}'/><w:tag w:val='{TRACE}'/><w:dataBinding w:xpath='/creator[1]'/>"
        f"</w:sdtPr><w:sdtContent><w:r><w:t>{TRACE}-bound</w:t></w:r></w:sdtContent></w:sdt>"
        f'<w:r><w:instrText> INCLUDEPICTURE "C:\\Users\\{TRACE}\\x.png" </w:instrText></w:r><w:r>{picture}</w:r></w:p>'
    )
    remark = (
        f'<w:comment w:id="0" w:author="{TRACE}-commenter" w:initials="zqTRACE" w:date="2026-11-20T10:11:12Z">'
        "<w:p><w:r><w:t>a remark</w:t></w:r></w:p></w:comment>"
    )
    return "word", {
        "word/document.xml": f"{_HEAD}<!-- {TRACE}-xml --><w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/comments.xml": f"{_HEAD}<w:comments {_W}>{remark}</w:comments>",
        "word/settings.xml": f'{_HEAD}<w:settings {_W}><w:rsids><w:rsid w:val="{TRACE}"/></w:rsids></w:settings>',
        "word/people.xml": f"{_HEAD}<w:people {_W}><w:p>{TRACE}@example.in</w:p></w:people>",
        "word/_rels/document.xml.rels": _relations(
            ("comments", "comments.xml"), ("image", "media/image1.jpeg"), ("settings", "settings.xml"),
            ("hyperlink", f"file:///C:/Users/{TRACE}/x.docx"), ("vbaProject", "vbaProject.bin"),
            ("people", "people.xml"), ("customXml", "../customXml/item1.xml"),
        ),
    }  # fmt: skip


def _excel() -> tuple[str, dict[str, str]]:
    path = (
        '<mc:AlternateContent><mc:Choice Requires="x15"><x15ac:absPath '
        f'url="C:\\Users\\{TRACE}\\"/></mc:Choice></mc:AlternateContent>'
    )
    remark = (
        f"<authors><author>{TRACE}</author></authors><commentList><comment ref='A1' authorId='0'><text>"
        f"<r><t>{TRACE}:</t></r><r><t> a remark</t></r></text></comment></commentList>"
    )
    return "xl", {
        "xl/workbook.xml": f"{_HEAD}<workbook {_X}><fileSharing userName='{TRACE}'/>{path}"
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f"{_HEAD}<worksheet {_X}><sheetData><row r='1'><c r='A1' t='inlineStr'><is>"
        f"<t>{SHOWN} {HINDI}</t></is></c><c r='B1' t='str'><f>CELL(&quot;filename&quot;)</f><v>{TRACE}-where</v></c>"
        f"<c r='C1' t='str'><f>HYPERLINK(&quot;C:\\Users\\{TRACE}&quot;)</f><v>see</v></c></row></sheetData>"
        "<pageSetup r:id='rId1' orientation='portrait'/></worksheet>",
        "xl/comments1.xml": f"{_HEAD}<comments {_X}>{remark}</comments>",
        "xl/_rels/workbook.xml.rels": _relations(("worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/_rels/sheet1.xml.rels": _relations(
            ("printerSettings", "../vbaProject.bin"), ("comments", "../comments1.xml")
        ),
    }


def _powerpoint() -> tuple[str, dict[str, str]]:
    shape = (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="{TRACE}-shape" descr="{TRACE}"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{SHOWN} {HINDI}</a:t></a:r></a:p></p:txBody></p:sp>"
        f'<p:pic><p:nvPicPr><p:cNvPr id="3" name="{TRACE}.jpg"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr>'
        '<p:blipFill><a:blip r:embed="rId1"/></p:blipFill><p:spPr/></p:pic>'
    )
    return "ppt", {
        "ppt/presentation.xml": f'{_HEAD}<p:presentation {_P}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>'
        f"<p:extLst><p:ext uri='{TRACE}'/></p:extLst></p:presentation>",
        "ppt/slides/slide1.xml": f"{_HEAD}<p:sld {_P}><p:cSld><p:spTree>{_TREE}{shape}</p:spTree></p:cSld></p:sld>",
        "ppt/commentAuthors.xml": f'{_HEAD}<p:cmAuthorLst {_P}><p:cmAuthor id="0" name="{TRACE}" initials="{TRACE}" '
        'lastIdx="1" clrIdx="0"/></p:cmAuthorLst>',
        "ppt/_rels/presentation.xml.rels": _relations(
            ("slide", "slides/slide1.xml"), ("commentAuthors", "commentAuthors.xml")
        ),
        "ppt/slides/_rels/slide1.xml.rels": _relations(("image", "../media/image1.jpeg")),
    }


# ----------------------------------------------------------------- OpenDocument

_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("meta", "meta"),
        ("svg", "svg-compatible"), ("presentation", "presentation"), ("style", "style"),
    )
) + (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"'
)  # fmt: skip


def _open_document(kind: str, _: str, photo: bytes) -> bytes:
    body, name = {"odt": ("text", "text"), "ods": ("spreadsheet", "spreadsheet"), "odp": ("presentation",) * 2}[kind]
    mime = f"{_OPEN}{name}"
    remark = (
        f"<office:annotation><dc:creator>{TRACE}-creator</dc:creator><dc:date>2026-11-20T10:11:12</dc:date>"
        f"<meta:creator-initials>{TRACE}</meta:creator-initials><text:p>a remark</text:p></office:annotation>"
    )
    paragraph = (
        f"<text:p loext:rsid='{TRACE}'>{SHOWN} {HINDI}{remark}<text:author-name>{TRACE}</text:author-name>"
        f"<text:a xlink:href='file:///home/{TRACE}/x.odt'>see</text:a></text:p>"
    )
    frame = (
        f"<draw:frame draw:name='{TRACE}.jpg'><draw:image xlink:href='Pictures/{TRACE}.jpg'/>"
        f"<svg:desc>{TRACE}</svg:desc></draw:frame>"
    )
    struck = (
        "<text:tracked-changes><text:changed-region text:id='c1'><text:deletion><office:change-info>"
        f"<dc:creator>{TRACE}</dc:creator><dc:date>2026-11-20T10:11:12</dc:date></office:change-info>"
        "<text:p>struck out</text:p></text:deletion></text:changed-region></text:tracked-changes>"
    )
    inside = {
        "odt": f"{struck}{paragraph}<text:p><text:change text:change-id='c1'/>{frame}</text:p>",
        "ods": f"<table:table table:name='S'><table:table-row><table:table-cell>{paragraph}{frame}</table:table-cell>"
        f"<table:table-cell table:formula='of:=CELL(&quot;filename&quot;)' office:value-type='string' "
        f"office:string-value='{TRACE}'><text:p>{TRACE}-where</text:p></table:table-cell>"
        "</table:table-row></table:table>",
        "odp": f"<draw:page><draw:frame><draw:text-box>{paragraph}</draw:text-box></draw:frame>{frame}</draw:page>",
    }[kind]
    return _zipped(
        {
            "mimetype": mime,
            "content.xml": f"{_HEAD}<office:document-content {_SPACES} office:version='1.3'><office:scripts/>"
            f"<office:body><office:{body}>{inside}</office:{body}></office:body></office:document-content>",
            "styles.xml": f"{_HEAD}<!-- {TRACE} --><office:document-styles {_SPACES} office:version='1.3'/>",
            "meta.xml": f"{_HEAD}<office:document-meta {_SPACES}><office:meta><meta:initial-creator>{TRACE}"
            "</meta:initial-creator></office:meta></office:document-meta>",
            "settings.xml": f"{_HEAD}<office:document-settings {_SPACES}><office:settings>{TRACE}-printer"
            "</office:settings></office:document-settings>",
            "Thumbnails/thumbnail.png": photo,
            "Basic/Standard/Module1.xml": f"<x>{TRACE}-macro</x>",
            f"Pictures/{TRACE}.jpg": photo,
            "META-INF/manifest.xml": f"<m:manifest xmlns:m='urn:oasis:names:tc:opendocument:xmlns:manifest:1.0'>"
            f"<m:file-entry m:full-path='/' m:media-type='{mime}'/></m:manifest>",
        }
    )


def _zipped(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 10, 11, 12)), data, kind)
        file.comment = f"{TRACE}-zip".encode()
    return out.getvalue()


# ----------------------------------------------------------------- words


def _text(_: str, __: str, ___: bytes) -> bytes:
    hidden = "\u200b".join("\u200c\u200d\u2060"[int(digit)] for digit in "0120")
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in TRACE)
    return f"\ufeff{SHOWN}{hidden}{tags}  \r\n{HINDI}\u00a0\r\n".encode()


def _vcard(_: str, __: str, ___: bytes) -> bytes:
    lines = (
        "BEGIN:VCARD", "VERSION:3.0", f"PRODID:-//{TRACE}//EN", f"UID:{TRACE}-uid", "REV:20261120T101112Z",
        "N:Singh;Raju;;;", "FN:Raju Singh", f"item1.TEL;TYPE=CELL;waid=919876543210;X-OWN={TRACE}:+91 98765 43210",
        "item1.X-ABLabel:" + TRACE, f"NOTE:{SHOWN}", "PHOTO;ENCODING=b;TYPE=JPEG:" + "QUJD" * 9, " " + "QUJD" * 9,
        f"X-WA-BIZ-NAME:{TRACE}", "END:VCARD", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


_MAKERS: Mapping[str, Callable[[str, str, bytes], bytes]] = {
    "pdf": _pdf, "docx": _office, "xlsx": _office, "pptx": _office, "docm": _office, "xlsm": _office, "pptm": _office,
    "odt": _open_document, "ods": _open_document, "odp": _open_document, "txt": _text, "vcf": _vcard,
}  # fmt: skip


def unpacked(data: bytes) -> bytes:
    """All that a document holds, with nothing left compressed: what a search for traces must look through."""
    if data.startswith(b"%PDF"):
        out = io.BytesIO()
        with Pdf.open(io.BytesIO(data)) as pdf:
            pdf.save(
                out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.specialized,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
            )  # fmt: skip
        return out.getvalue()
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return b"\n".join(name.encode() + b"\n" + file.read(name) for name in file.namelist()) + file.comment
    return data
