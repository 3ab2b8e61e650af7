"""Office files with a marker that authors see and readers don't: in styles, cropped pictures, hidden parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from support.evidence.documents.package import PROLOG, package
from support.evidence.markers import HINDI, MARKER, SHOWN

_FORMATS = "application/vnd.openxmlformats-officedocument."
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{_REL}" xmlns:a="{_A}" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
X = f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_REL}"'
P = f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="{_REL}" xmlns:a="{_A}"'
_MAIN = {
    "word": ("word/document.xml", "wordprocessingml.document.main"),
    "xl": ("xl/workbook.xml", "spreadsheetml.sheet.main"),
    "ppt": ("ppt/presentation.xml", "presentationml.presentation.main"),
}

Parts = dict[str, str | bytes]


def relations(*kinds: tuple[str, str]) -> str:
    """Return a part with relationships, of these kinds and targets, numbered from rId1."""
    lines = "".join(
        f'<Relationship Id="rId{n}" Type="{kind if ":" in kind else f"{_REL}/{kind}"}" Target="{target}"/>'
        for n, (kind, target) in enumerate(kinds, 1)
    )
    return f'{PROLOG}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def office(program: str, parts: Parts, kind: str = "") -> bytes:
    main, mime = _MAIN[program]
    types = f'<Override PartName="/{main}" ContentType="{_FORMATS}{kind or mime}+xml"/>'
    types += '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    types += (
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="jpeg" ContentType="image/jpeg"/>'
    )
    core = (
        f"<cp:coreProperties xmlns:cp='{_PACKAGE}/metadata/core-properties'>"
        f"<cp:lastModifiedBy>{MARKER}</cp:lastModifiedBy></cp:coreProperties>"
    )
    return package(
        {
            "[Content_Types].xml": f'{PROLOG}<Types xmlns="{_PACKAGE}/content-types">{types}</Types>',
            "_rels/.rels": relations(("officeDocument", main), ("core-properties", "docProps/core.xml")),
            "docProps/core.xml": core,
            **parts,
        }
    )


def word(body: str, rels: str = "", more: Parts | None = None, kind: str = "") -> bytes:
    """Return a Word file with this body, relationships of the body, and further parts."""
    document = (
        f"{PROLOG}<w:document {W}><w:body><w:p><w:r><w:t>{SHOWN} {HINDI}</w:t></w:r></w:p>{body}</w:body></w:document>"
    )
    return office(
        "word",
        {"word/document.xml": document, "word/_rels/document.xml.rels": rels or relations(), **(more or {})},
        kind,
    )


def _styled(_: bytes) -> bytes:
    style = (
        f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{MARKER}"><w:name w:val="{MARKER} notes"/>'
        f'<w:basedOn w:val="Normal"/><w:rPr><w:b/></w:rPr></w:style>'
        f'<w:style w:type="character" w:styleId="{MARKER}Char"><w:name w:val="{MARKER} Char"/>'
        f'<w:link w:val="{MARKER}"/></w:style>'
    )
    styles = (
        f'{PROLOG}<w:styles {W}><w:style w:type="paragraph" w:styleId="Normal"><w:name '
        f'w:val="Normal"/></w:style>{style}</w:styles>'
    )
    numbering = (
        f'{PROLOG}<w:numbering {W}><w:abstractNum w:abstractNumId="0"><w:styleLink '
        f'w:val="{MARKER}"/><w:lvl w:ilvl="0"><w:pStyle w:val="{MARKER}"/></w:lvl></w:abstractNum>'
        "</w:numbering>"
    )
    body = (
        f'<w:p><w:pPr><w:pStyle w:val="{MARKER}"/></w:pPr><w:r><w:rPr><w:rStyle '
        f'w:val="{MARKER}Char"/></w:rPr><w:t>bold</w:t></w:r></w:p>'
    )
    toc = (
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> TOC \\t "{MARKER} '
        'notes,1" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )
    return word(
        body + toc,
        relations(("styles", "styles.xml"), ("numbering", "numbering.xml")),
        {"word/styles.xml": styles, "word/numbering.xml": numbering},
    )


def _fonts(_: bytes) -> bytes:
    table = (
        f'{PROLOG}<w:fonts {W}><w:font w:name="{MARKER} Hand"><w:altName w:val="{MARKER}"/>'
        '<w:family w:val="auto"/></w:font></w:fonts>'
    )
    body = (
        f'<w:p><w:r><w:rPr><w:rFonts w:ascii="{MARKER} Hand" w:hAnsi="{MARKER} Hand"/></w:rPr><w:t>x</w:t></w:r></w:p>'
    )
    return word(body, relations(("fontTable", "fontTable.xml")), {"word/fontTable.xml": table})


def _picture(crop: str) -> str:
    return (
        '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="900000" cy="600000"/><a:graphic><a:graphicData '
        'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId1"/>{crop}'
        "<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr/></pic:pic></a:graphicData>"
        "</a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def cropped(photo: bytes) -> bytes:
    return word(
        _picture('<a:srcRect l="50000" t="10000"/>'),
        relations(("image", "media/image1.jpeg")),
        {"word/media/image1.jpeg": photo},
    )


def _hidden(_: bytes) -> bytes:
    return word(f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>{MARKER}</w:t></w:r><w:r><w:t>seen</w:t></w:r></w:p>")


def _revised(_: bytes) -> bytes:
    who = f'w:id="1" w:author="{MARKER}" w:date="2026-11-20T10:11:12Z"'
    body = (
        f"<w:p><w:pPr><w:pPrChange {who}><w:pPr/></w:pPrChange></w:pPr><w:ins {who}><w:r><w:t>new</w:t></w:r></w:ins>"
        f"<w:moveFrom {who}><w:r><w:t>moved</w:t></w:r></w:moveFrom><w:r><w:rPr><w:rPrChange {who}>"
        "<w:rPr/></w:rPrChange></w:rPr><w:t>x</w:t></w:r></w:p>"
    )
    people = (
        '<w15:people xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"><w15:person '
        f'w15:author="{MARKER}"/></w15:people>'
    )
    extended = (
        '<w15:commentsEx xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml" '
        f'who="{MARKER}"><w15:commentEx w15:paraId="{MARKER}"/></w15:commentsEx>'
    )
    return word(
        body,
        relations(
            ("http://schemas.microsoft.com/office/2011/relationships/people", "people.xml"),
            ("http://schemas.microsoft.com/office/2018/relationships/comments", "commentsExtended.xml"),
        ),
        {"word/people.xml": people, "word/commentsExtended.xml": extended},
    )


def _embedding(_: bytes) -> bytes:
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + MARKER.encode()
    body = (
        '<w:p><w:r><w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" '
        f'Type="Embed" ProgID="{MARKER}" r:id="rId1"/></w:object></w:r></w:p>'
    )
    return word(
        body,
        relations(
            ("oleObject", "embeddings/oleObject1.bin"),
            ("customXml", "../customXml/item1.xml"),
            ("package", "embeddings/x.docx"),
            ("aFChunk", "chunk.html"),
        ),
        {
            "word/embeddings/oleObject1.bin": ole,
            "customXml/item1.xml": f"<a>{MARKER}</a>",
            "word/embeddings/x.docx": f"PK{MARKER}",
            "word/chunk.html": MARKER,
        },
    )


def _watermark(_: bytes) -> bytes:
    shape = (
        '<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" '
        f'xmlns:o="urn:schemas-microsoft-com:office:office" id="PowerPlusWaterMarkObject{MARKER}" '
        f'o:spid="{MARKER}" alt="{MARKER}"><v:imagedata r:id="rId9" o:title="{MARKER}"/></v:shape>'
        "</w:pict></w:r></w:p>"
    )
    return word(shape)


def _linked(_: bytes) -> bytes:
    body = '<w:p><w:hyperlink r:id="rId1"><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>'
    rels = relations(("hyperlink", f"https://example.in/share?who={MARKER}")).replace(
        '"/></Rel', '" TargetMode="External"/></Rel'
    )
    return word(body, rels)


def _excel(
    sheet: str, book: str = "", rels: tuple[tuple[str, str], ...] = (), more: Parts | None = None, sheet_rels: str = ""
) -> bytes:
    data = (
        f"{PROLOG}<worksheet {X}><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>{SHOWN} "
        f"{HINDI}</t></is></c></row></sheetData>{sheet}</worksheet>"
    )
    workbook = f"{PROLOG}<workbook {X}><sheets><sheet name='Sheet1' sheetId='1' r:id='rId1'/>{book}</workbook>"
    return office(
        "xl",
        {
            "xl/workbook.xml": workbook,
            "xl/worksheets/sheet1.xml": data,
            "xl/_rels/workbook.xml.rels": relations(("worksheet", "worksheets/sheet1.xml"), *rels),
            "xl/worksheets/_rels/sheet1.xml.rels": sheet_rels or relations(),
            **(more or {}),
        },
    )


def _xlsx_threaded(_: bytes) -> bytes:
    ms = "http://schemas.microsoft.com/office/2017/10/relationships"
    comments = (
        f"{PROLOG}<comments {X}><authors><author>tc={MARKER}</author></authors><commentList>"
        "<comment ref='A1' authorId='0'><text><t>[Threaded comment] a remark</t></text></comment>"
        "</commentList></comments>"
    )
    return _excel(
        "",
        "</sheets>",
        (
            (f"{ms}/person", "persons/person.xml"),
            ("connections", "connections.xml"),
            ("usernames", "revisions/userNames.xml"),
        ),
        {
            "xl/persons/person.xml": (
                "<personList "
                'xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"><person '
                f'displayName="{MARKER}"/></personList>'
            ),
            "xl/threadedComments/threadedComment1.xml": f"<a>{MARKER}</a>",
            "xl/comments1.xml": comments,
            "xl/connections.xml": f"<connections {X}><connection name='{MARKER}'/></connections>",
            "xl/revisions/userNames.xml": f"<users {X}><userInfo name='{MARKER}'/></users>",
        },
        relations(
            (f"{ms}/threadedComment", "../threadedComments/threadedComment1.xml"), ("comments", "../comments1.xml")
        ),
    )


def _xlsx_names(_: bytes) -> bytes:
    styles = (
        f"{PROLOG}<styleSheet {X}><cellStyles><cellStyle name='{MARKER}' xfId='0'/></cellStyles>"
        f"<dxfs/><tableStyles defaultTableStyle='{MARKER}'><tableStyle name='{MARKER}' pivot='0'/>"
        "</tableStyles></styleSheet>"
    )
    table = (
        f"{PROLOG}<table {X} id='1' name='{MARKER}' displayName='{MARKER}' ref='A1:A2' "
        f"comment='{MARKER}'><tableColumns><tableColumn id='1' name='Col' dataCellStyle='{MARKER}'/>"
        f"</tableColumns><tableStyleInfo name='{MARKER}'/></table>"
    )
    book = (
        f"</sheets><definedNames><definedName name='{MARKER}_rates' "
        f"comment='{MARKER}'>Sheet1!$A$1</definedName></definedNames>"
    )
    return _excel(
        "<tableParts count='1'><tablePart r:id='rId1'/></tableParts>",
        book,
        (("styles", "styles.xml"),),
        {"xl/styles.xml": styles, "xl/tables/table1.xml": table},
        relations(("table", "../tables/table1.xml")),
    )


def slides(
    slide: str, rels: tuple[tuple[str, str], ...] = (), more: Parts | None = None, attributes: str = "", kind: str = ""
) -> bytes:
    tree = (
        "<p:nvGrpSpPr><p:cNvPr id='1' name='g'/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>"
        "<p:sp><p:nvSpPr><p:cNvPr id='2' name='x'/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>"
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{SHOWN} {HINDI}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    return office(
        "ppt",
        {
            "ppt/presentation.xml": (
                f'{PROLOG}<p:presentation {P}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>'
            ),
            "ppt/_rels/presentation.xml.rels": relations(
                ("slide", "slides/slide1.xml"), ("tags", "tags/tag1.xml"), ("handoutMaster", "h.xml")
            ),
            "ppt/tags/tag1.xml": f'<p:tagLst {P}><p:tag name="WHO" val="{MARKER}"/></p:tagLst>',
            "ppt/slides/slide1.xml": (
                f"{PROLOG}<p:sld {P} {attributes}><p:cSld name='{MARKER}'>"
                f"<p:spTree>{tree}{slide}</p:spTree></p:cSld></p:sld>"
            ),
            "ppt/slides/_rels/slide1.xml.rels": relations(*rels),
            **(more or {}),
        },
        kind,
    )


def _pptx_comments(_: bytes) -> bytes:
    modern = (
        '<p188:cmLst xmlns:p188="http://schemas.microsoft.com/office/powerpoint/2018/8/main" '
        f'who="{MARKER}"><p188:cm authorId="{MARKER}"/></p188:cmLst>'
    )
    old = f'<p:cmLst {P}><p:cm authorId="0" dt="2026-11-20T10:11:12"><p:text>a remark</p:text></p:cm></p:cmLst>'
    return slides(
        "",
        (
            ("http://schemas.microsoft.com/office/2018/10/relationships/comments", "../comments/modern.xml"),
            ("comments", "../comments/c1.xml"),
        ),
        {"ppt/comments/modern.xml": modern, "ppt/comments/c1.xml": old, "ppt/authors.xml": f"<a>{MARKER}</a>"},
    )


def _pptx_sound(_: bytes) -> bytes:
    shape = (
        "<p:pic><p:nvPicPr><p:cNvPr id='4' name='x'><a:hlinkClick r:id='' "
        f"action='ppaction://media' invalidUrl='..\\{MARKER}.doc'><a:snd r:embed='rId1' "
        f"name='{MARKER}.wav'/></a:hlinkClick></p:cNvPr><p:cNvPicPr/><p:nvPr><a:wavAudioFile "
        f"r:embed='rId1' name='{MARKER}.wav'/></p:nvPr></p:nvPicPr><p:blipFill/><p:spPr/></p:pic>"
    )
    return slides(shape, (("audio", "../media/a.wav"),), {"ppt/media/a.wav": b"RIFF" + MARKER.encode()})


def _pptx_cropped(photo: bytes) -> bytes:
    shape = (
        "<p:pic><p:nvPicPr><p:cNvPr id='4' name='x'/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill>"
        "<a:blip r:embed='rId1'/><a:srcRect r='40000'/></p:blipFill><p:spPr/></p:pic>"
    )
    return slides(shape, (("image", "../media/image1.jpeg"),), {"ppt/media/image1.jpeg": photo})


OFFICE: Mapping[str, Callable[[bytes], bytes]] = {
    "docx-styled": _styled, "docx-fonts": _fonts, "docx-hidden": _hidden, "docx-revised": _revised,
    "docx-embedding": _embedding, "docx-watermark": _watermark, "docx-linked": _linked, "docx-cropped": cropped,
    "dotx": lambda _: word("", kind="wordprocessingml.template.main"), "xlsx-threaded": _xlsx_threaded,
    "xlsx-names": _xlsx_names, "pptx-comments": _pptx_comments, "pptx-sound": _pptx_sound,
    "pptx-cropped": _pptx_cropped, "ppsx": lambda _: slides("", (), kind="presentationml.slideshow.main"),
}  # fmt: skip
"""Kind → what makes a file of it, given a photo to embed."""
