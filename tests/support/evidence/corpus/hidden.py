"""Office files with a marker in hidden content: sheets, rows, columns, slides, shapes, and blacked-out words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from support.evidence.corpus.office import P, W, X, office, relations, slides, word
from support.evidence.corpus.open_documents import open_document
from support.evidence.documents.package import PROLOG
from support.evidence.markers import HINDI, MARKER, SHOWN


def redacted(_: bytes) -> bytes:
    """A Word file in which words are blacked out, or white on white."""
    looks = (
        "<w:highlight w:val='black'/>", "<w:color w:val='000000'/><w:shd w:val='clear' w:fill='010101'/>",
        "<w:color w:val='FFFFFF'/>", "<w:rStyle w:val='Secret'/>",
    )  # fmt: skip
    runs = "".join(f"<w:r><w:rPr>{one}</w:rPr><w:t>{MARKER}</w:t></w:r>" for one in looks)
    styles = f"<w:styles {W}><w:style w:styleId='Secret'><w:rPr><w:vanish/></w:rPr></w:style></w:styles>"
    return word(
        f"<w:p>{runs}<w:r><w:t>seen</w:t></w:r></w:p>",
        relations(("styles", "styles.xml")),
        {"word/styles.xml": f"{PROLOG}{styles}"},
    )


def hidden_cells(_: bytes) -> bytes:
    """An Excel file with a hidden sheet, row and column; a comment, a table and a chart repeat their contents."""
    strings = "".join(f"<si><t>{one}</t></si>" for one in (SHOWN + HINDI, MARKER))
    cells = (
        "<sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='C1' t='s'><v>1</v></c></row>"
        f"<row r='2' hidden='1'><c r='A2' t='inlineStr'><is><t>{MARKER}</t></is></c></row>"
        "<row r='3'><c r='A3' t='str'><v>seen</v></c></row>"
        "<row r='4'><c r='A4'><f>Secret!A1</f><v>7</v></c></row></sheetData>"
    )
    sheet = f"<cols><col min='3' max='3' hidden='1'/></cols>{cells}"
    sheet += "<tableParts count='1'><tablePart r:id='rId2'/></tableParts>"
    notes = "".join(
        f"<comment ref='{at}' authorId='0'><text><t>{text}</t></text></comment>"
        for at, text in (("A2", MARKER), ("A1", "seen"))
    )
    return office(
        "xl",
        {
            "xl/workbook.xml": f"{PROLOG}<workbook {X}><bookViews><workbookView activeTab='1'/></bookViews><sheets>"
            f"<sheet name='Sheet1' sheetId='1' r:id='rId1'/><sheet name='{MARKER}' sheetId='2' r:id='rId2' "
            f"state='veryHidden'/></sheets><definedNames><definedName name='a'>'{MARKER}'!$A$1</definedName>"
            "</definedNames></workbook>",
            "xl/_rels/workbook.xml.rels": relations(
                ("worksheet", "worksheets/sheet1.xml"), ("worksheet", "worksheets/sheet2.xml"),
                ("sharedStrings", "sharedStrings.xml"),
            ),
            "xl/worksheets/sheet1.xml": f"{PROLOG}<worksheet {X}>{sheet}</worksheet>",
            "xl/worksheets/sheet2.xml": f"{PROLOG}<worksheet {X}><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>"
            f"{MARKER}</t></is></c></row></sheetData></worksheet>",
            "xl/worksheets/_rels/sheet1.xml.rels": relations(
                ("comments", "../comments1.xml"), ("table", "../tables/table1.xml")
            ),
            "xl/comments1.xml": f"{PROLOG}<comments {X}><authors><author/></authors><commentList>{notes}</commentList>"
            "</comments>",
            "xl/tables/table1.xml": f"{PROLOG}<table {X} id='1' displayName='T' ref='A1:C3'><tableColumns>"
            f"<tableColumn id='1' name='{MARKER}'/></tableColumns></table>",
            "xl/sharedStrings.xml": f"{PROLOG}<sst {X}>{strings}</sst>",
        },
    )  # fmt: skip


def shape(place: tuple[int, int, int, int], text: str = "", more: str = "", hidden: str = "0") -> str:
    """Return a shape of a slide: left, upper end, width and height, a text, and its fill."""
    x, y, cx, cy = place
    words = f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody>" if text else ""
    return (
        f"<p:sp><p:nvSpPr><p:cNvPr id='9' name='x' hidden='{hidden}'/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>"
        f"<a:off x='{x}' y='{y}'/><a:ext cx='{cx}' cy='{cy}'/></a:xfrm>{more}</p:spPr>{words}</p:sp>"
    )


BLACK = "<a:solidFill><a:srgbClr val='000000'/></a:solidFill>"


def hidden_slide(_: bytes) -> bytes:
    """A presentation with a hidden slide, a hidden shape, and a text under a black box."""
    tree = shape((0, 0, 900, 90), MARKER) + shape((10, 10, 50, 50), more=BLACK)
    tree += shape((0, 500, 900, 90), "seen", BLACK) + shape((0, 700, 9, 9), MARKER, hidden="1")
    secret = f"<p:cSld><p:spTree>{shape((0, 0, 9, 9), MARKER)}</p:spTree></p:cSld>"
    return slides(
        tree,
        (("slide", "slide2.xml"),),
        {"ppt/slides/slide2.xml": f"{PROLOG}<p:sld {P} show='0'>{secret}</p:sld>"},
    )


def hidden_table(_: bytes) -> bytes:
    """A spreadsheet with a hidden sheet, row and columns."""
    closed = "<style:table-properties table:display='false'/>"
    automatic = f"<style:style style:name='ta2' style:family='table'>{closed}</style:style>"

    def table_cell(text: str, attribute: str = "") -> str:
        return f"<table:table-cell {attribute}><text:p>{text}</text:p></table:table-cell>"

    columns = "<table:table-column/><table:table-column table:visibility='collapse' table:number-columns-repeated='2'/>"
    cells = (
        table_cell(SHOWN + HINDI),
        table_cell(MARKER, "table:number-columns-repeated='2'"),
        table_cell("seen", "table:formula='of:=[S2.A1]'"),
    )
    filtered = table_cell(MARKER, f"office:string-value='{MARKER}'")
    body = (
        f"<table:table table:name='S'>{columns}<table:table-row>{''.join(cells)}</table:table-row>"
        f"<table:table-row table:visibility='filter'>{filtered}</table:table-row></table:table>"
        f"<table:table table:name='{MARKER}' table:style-name='ta2'>"
        f"<table:table-row>{table_cell(MARKER)}</table:table-row></table:table>"
    )
    return open_document("spreadsheet", body, "", automatic)


def hidden_page(_: bytes) -> bytes:
    """A presentation with a hidden slide, and words that have the colour of their paper."""
    automatic = (
        "<style:style style:name='dp2' style:family='drawing-page'><style:drawing-page-properties "
        "presentation:visibility='hidden'/></style:style><style:style style:name='T2' style:family='text'>"
        "<style:text-properties fo:color='#000000' fo:background-color='#000000'/></style:style>"
    )
    frame = "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>".format
    words = f"{SHOWN}<text:span text:style-name='T2'>{MARKER}</text:span>{HINDI} seen"
    body = f"<draw:page>{frame(words)}</draw:page><draw:page draw:style-name='dp2'>{frame(MARKER)}</draw:page>"
    return open_document("presentation", body, "", automatic)


def deleted_words(_: bytes) -> bytes:
    """A Word file with words, a row, a cell and a note that were deleted or moved, not yet accepted."""
    run = f"<w:r><w:t>{MARKER}</w:t></w:r>"
    gone = f"<w:r><w:delText>{MARKER}</w:delText></w:r><w:r><w:footnoteReference w:id='2'/></w:r>"
    body = (
        f"<w:p><w:pPr><w:rPr><w:del w:id='1'/></w:rPr></w:pPr><w:del w:id='2'>{gone}</w:del>"
        "<w:ins w:id='3'><w:r><w:t>seen</w:t></w:r></w:ins><w:moveTo w:id='4'><w:r><w:t>moved</w:t></w:r></w:moveTo>"
        f"<w:moveFrom w:id='5'>{run}</w:moveFrom><w:r><w:footnoteReference w:id='3'/></w:r></w:p>"
        f"<w:tbl><w:tr><w:trPr><w:del w:id='6'/></w:trPr><w:tc><w:p>{run}</w:p></w:tc></w:tr>"
        f"<w:tr><w:trPr><w:ins w:id='7'/></w:trPr><w:tc><w:p/></w:tc><w:tc><w:tcPr><w:cellDel w:id='8'/></w:tcPr>"
        f"<w:p>{run}</w:p></w:tc></w:tr></w:tbl>"
    )
    note = "<w:footnote w:id='{}'><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:footnote>".format
    notes = f"<w:footnotes {W}>{note(2, MARKER)}{note(3, 'a note')}</w:footnotes>"
    return word(body, relations(("footnotes", "footnotes.xml")), {"word/footnotes.xml": f"{PROLOG}{notes}"})


def deleted_text(_: bytes) -> bytes:
    """A text of LibreOffice with a paragraph that was deleted with tracked changes."""
    struck = (
        "<text:tracked-changes><text:changed-region text:id='c1'><text:deletion><office:change-info/>"
        f"<text:p>{MARKER}</text:p></text:deletion></text:changed-region></text:tracked-changes>"
    )
    return open_document("text", f"{struck}<text:p>{SHOWN}<text:change text:change-id='c1'/>{HINDI} seen</text:p>", "")


HIDDEN: Mapping[str, Callable[[bytes], bytes]] = {
    "docx-redacted": redacted, "xlsx-hidden": hidden_cells, "pptx-hidden": hidden_slide, "ods-hidden": hidden_table,
    "odp-hidden": hidden_page, "docx-deleted": deleted_words, "odt-deleted": deleted_text,
}  # fmt: skip
"""Kind → what makes a file of it."""
