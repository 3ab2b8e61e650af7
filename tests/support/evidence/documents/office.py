"""Word, Excel and PowerPoint specimens as those programs write them."""

from __future__ import annotations

from collections.abc import Mapping

from support.evidence.documents.package import PROLOG, package
from support.evidence.markers import HINDI, MARKER, SHOWN

FORMATS = "application/vnd.openxmlformats-officedocument."
"""Prefix of the MIME types of these programs."""

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
_TREE = f"<p:nvGrpSpPr><p:cNvPr id='1' name='{MARKER}-group'/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>"


def _relations(*kinds: tuple[str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{_REL}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if ":" in target else "/>")
        for number, (kind, target) in enumerate(kinds, 1)
    )
    return f'{PROLOG}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def make_office(kind: str, _: str, photo: bytes) -> bytes:
    """Make a specimen; `kind` is its extension."""
    program, parts = {"doc": _word, "xls": _excel, "ppt": _powerpoint}[kind[:3]]()
    main = next(iter(parts))
    macro = kind.endswith("m")
    package_parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(program, parts, macro=macro),
        "_rels/.rels": _relations(
            ("officeDocument", main), ("extended-properties", "docProps/app.xml"), ("thumbnail", "docProps/thumb.jpeg")
        ),
        **parts,
        "docProps/app.xml": f"<Properties><Company>{MARKER}-company</Company></Properties>",
        "docProps/core.xml": f"<cp><creator>{MARKER}-creator</creator></cp>",
        "docProps/thumb.jpeg": photo,
        "customXml/item1.xml": f"<own>{MARKER}-own</own>",
        f"{program}/media/image1.jpeg": photo,
    }
    if macro:
        package_parts[f"{program}/vbaProject.bin"] = f"{MARKER}-macro".encode()
    return package(package_parts)


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
        mime = f"{FORMATS}{known[part.rpartition('/')[2].removesuffix('.xml')]}+xml"
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
    return f'{PROLOG}<Types xmlns="{_PACKAGE}/content-types">{defaults}{lines}</Types>'


def _field(instruction: str, result: str) -> str:
    signs = {kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")}
    inside = _number() if instruction.strip() == "FILENAME" else ""
    asked = f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
    return f"{signs['begin']}{asked}{signs['separate']}{inside}<w:r><w:t>{result}</w:t></w:r>{signs['end']}"


def _number() -> str:
    """Return a field inside the result of another field."""
    return _field(" PAGE ", f"{MARKER}-inside")


def _word() -> tuple[str, dict[str, str]]:
    picture = (
        f'<w:drawing><wp:inline><wp:extent cx="900000" cy="600000"/><wp:docPr id="1" name="{MARKER}.jpg" '
        f'descr="C:\\Users\\{MARKER}\\photo.jpg"/><a:graphic><a:graphicData '
        'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="1" name="{MARKER}.jpg"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId2"/>'
        "</pic:blipFill><pic:spPr/></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    body = (
        f'<w:p w:rsidR="00{MARKER}" w14:paraId="{MARKER}"><w:r><w:t>{SHOWN} {HINDI}</w:t></w:r>'
        f'<w:ins w:id="1" w:author="{MARKER}-author" w:date="2026-11-20T10:11:12Z">'
        "<w:r><w:t> at night</w:t></w:r></w:ins>"
        f'<w:hyperlink r:id="rId4"><w:r><w:t>see</w:t></w:r></w:hyperlink><w:r><w:commentReference w:id="0"/></w:r>'
        f"{_field(' AUTHOR ', f'{MARKER}-by')}{_field(' FILENAME ', f'{MARKER}-file')}"
        f"<w:fldSimple w:instr='LASTSAVEDBY'><w:r><w:t>{MARKER}-saved</w:t></w:r></w:fldSimple>"
        f"<w:sdt><w:sdtPr><w:alias w:val='{MARKER}'/><w:tag w:val='{MARKER}'/><w:dataBinding w:xpath='/creator[1]'/>"
        f"</w:sdtPr><w:sdtContent><w:r><w:t>{MARKER}-bound</w:t></w:r></w:sdtContent></w:sdt>"
        f'<w:r><w:instrText> INCLUDEPICTURE "C:\\Users\\{MARKER}\\x.png" </w:instrText></w:r><w:r>{picture}</w:r></w:p>'
    )
    remark = (
        f'<w:comment w:id="0" w:author="{MARKER}-commenter" w:initials="zqMARKS" w:date="2026-11-20T10:11:12Z">'
        "<w:p><w:r><w:t>a remark</w:t></w:r></w:p></w:comment>"
    )
    return "word", {
        "word/document.xml": f"{PROLOG}<!-- {MARKER}-xml --><w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/comments.xml": f"{PROLOG}<w:comments {_W}>{remark}</w:comments>",
        "word/settings.xml": f'{PROLOG}<w:settings {_W}><w:rsids><w:rsid w:val="{MARKER}"/></w:rsids></w:settings>',
        "word/people.xml": f"{PROLOG}<w:people {_W}><w:p>{MARKER}@example.in</w:p></w:people>",
        "word/_rels/document.xml.rels": _relations(
            ("comments", "comments.xml"), ("image", "media/image1.jpeg"), ("settings", "settings.xml"),
            ("hyperlink", f"file:///C:/Users/{MARKER}/x.docx"), ("vbaProject", "vbaProject.bin"),
            ("people", "people.xml"), ("customXml", "../customXml/item1.xml"),
        ),
    }  # fmt: skip


def _excel() -> tuple[str, dict[str, str]]:
    path = (
        '<mc:AlternateContent><mc:Choice Requires="x15"><x15ac:absPath '
        f'url="C:\\Users\\{MARKER}\\"/></mc:Choice></mc:AlternateContent>'
    )
    remark = (
        f"<authors><author>{MARKER}</author></authors><commentList><comment ref='A1' authorId='0'><text>"
        f"<r><t>{MARKER}:</t></r><r><t> a remark</t></r></text></comment></commentList>"
    )
    return "xl", {
        "xl/workbook.xml": f"{PROLOG}<workbook {_X}><fileSharing userName='{MARKER}'/>{path}"
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f"{PROLOG}<worksheet {_X}><sheetData><row r='1'><c r='A1' t='inlineStr'><is>"
        f"<t>{SHOWN} {HINDI}</t></is></c><c r='B1' t='str'><f>CELL(&quot;filename&quot;)</f><v>{MARKER}-where</v></c>"
        f"<c r='C1' t='str'><f>HYPERLINK(&quot;C:\\Users\\{MARKER}&quot;)</f><v>see</v></c></row></sheetData>"
        "<pageSetup r:id='rId1' orientation='portrait'/></worksheet>",
        "xl/comments1.xml": f"{PROLOG}<comments {_X}>{remark}</comments>",
        "xl/_rels/workbook.xml.rels": _relations(("worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/_rels/sheet1.xml.rels": _relations(
            ("printerSettings", "../vbaProject.bin"), ("comments", "../comments1.xml")
        ),
    }


def _powerpoint() -> tuple[str, dict[str, str]]:
    shape = (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="{MARKER}-shape" descr="{MARKER}"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{SHOWN} {HINDI}</a:t></a:r></a:p></p:txBody></p:sp>"
        f'<p:pic><p:nvPicPr><p:cNvPr id="3" name="{MARKER}.jpg"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr>'
        '<p:blipFill><a:blip r:embed="rId1"/></p:blipFill><p:spPr/></p:pic>'
    )
    return "ppt", {
        "ppt/presentation.xml": f'{PROLOG}<p:presentation {_P}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>'
        f"<p:extLst><p:ext uri='{MARKER}'/></p:extLst></p:presentation>",
        "ppt/slides/slide1.xml": f"{PROLOG}<p:sld {_P}><p:cSld><p:spTree>{_TREE}{shape}</p:spTree></p:cSld></p:sld>",
        "ppt/commentAuthors.xml": f'{PROLOG}<p:cmAuthorLst {_P}><p:cmAuthor id="0" name="{MARKER}" initials="{MARKER}" '
        'lastIdx="1" clrIdx="0"/></p:cmAuthorLst>',
        "ppt/_rels/presentation.xml.rels": _relations(
            ("slide", "slides/slide1.xml"), ("commentAuthors", "commentAuthors.xml")
        ),
        "ppt/slides/_rels/slide1.xml.rels": _relations(("image", "../media/image1.jpeg")),
    }
