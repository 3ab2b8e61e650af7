"""Content that a reader of a Word, Excel or PowerPoint file does not see is not in the copy, and officers are told."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from satark_files.documents.ooxml import OoxmlScrubber
from satark_files.documents.opendocument import OpenDocumentScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Scrubber
from support.evidence.corpus.hidden import BLACK, HIDDEN, deleted_words, hidden_cells, shape
from support.evidence.corpus.office import X, office, relations, slides, word
from support.evidence.documents.package import PROLOG
from support.evidence.images import encode, photo
from support.evidence.markers import HINDI, MARKER, SHOWN


def cleaned(scrubber: Scrubber, data: bytes, folder: Path, limits: Limits) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the parts of the clean copy, and the named removals."""
    (folder / "in").write_bytes(data)
    made = scrubber.scrub(folder / "in", folder / "out", limits)
    assert isinstance(made, Cleaned)
    with zipfile.ZipFile(folder / "out") as file:
        return {name: file.read(name).decode() for name in file.namelist()}, made.left_out


@pytest.mark.parametrize("kind", HIDDEN)
def test_hidden_content_is_removed_and_named(kind: str, tmp_path: Path, limits: Limits) -> None:
    scrubber = OpenDocumentScrubber() if kind.startswith("od") else OoxmlScrubber()
    parts, named = cleaned(scrubber, HIDDEN[kind](b""), tmp_path, limits)
    text = "".join(parts.values())
    assert MARKER not in text
    assert [one in text for one in (SHOWN, HINDI, "seen")] == [True, True, True]
    assert named == ("hidden",)


def test_inserted_and_moved_words_and_the_notes_to_them_stay(tmp_path: Path, limits: Limits) -> None:
    parts, _ = cleaned(OoxmlScrubber(), deleted_words(b""), tmp_path, limits)
    document = parts["word/document.xml"]
    assert [one in document for one in ("seen", "moved", "<w:ins", "<w:move", "<w:del")] == [True, True, *[False] * 3]
    assert (document.count("<w:tr>"), document.count("<w:tc>")) == (1, 1)
    assert ["a note" in text for name, text in parts.items() if "footnotes" in name] == [True]


def test_a_picture_that_only_deleted_words_had_is_not_in_the_copy(tmp_path: Path, limits: Limits) -> None:
    data = word(
        "<w:p><w:del><w:r><w:drawing><a:blip r:embed='rId1'/></w:drawing></w:r></w:del></w:p>",
        relations(("image", "media/image1.jpeg")),
        {"word/media/image1.jpeg": encode(photo(), "JPEG")},
    )
    parts, named = cleaned(OoxmlScrubber(), data, tmp_path, limits)
    assert ([name for name in parts if "image" in name], named) == ([], ("hidden",))


UNSEEN = {
    "the default of a form's field": "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:textInput><w:default w:val="
    f"'{MARKER}'/></w:textInput></w:ffData></w:fldChar></w:r>",
    "a former number": f"<w:pPr><w:numPr><w:numberingChange w:id='1' w:original='{MARKER}'/></w:numPr></w:pPr>",
    "a former style": f"<w:pPr><w:pPrChange w:id='1'><w:pPr><w:pStyle w:val='{MARKER}'/></w:pPr></w:pPrChange></w:pPr>",
}


@pytest.mark.parametrize("inside", UNSEEN.values(), ids=UNSEEN)
def test_content_behind_a_form_or_a_change_of_looks_is_removed(inside: str, tmp_path: Path, limits: Limits) -> None:
    parts, named = cleaned(OoxmlScrubber(), word(f"<w:p>{inside}<w:r><w:t>seen</w:t></w:r></w:p>"), tmp_path, limits)
    assert (MARKER in "".join(parts.values()), "seen" in "".join(parts.values()), named) == (False, True, ())


def test_content_that_a_sheet_shows_only_on_request_or_under_a_condition_is_removed(
    tmp_path: Path, limits: Limits
) -> None:
    formats = (
        f"<numFmt numFmtId='170' formatCode='&quot;{MARKER}&quot;0'/><numFmt numFmtId='171' formatCode='0 \"kg\"'/>"
    )
    rule = f"<cfRule type='containsText' priority='1' text='{MARKER}'><formula>\"{MARKER}\"</formula></cfRule>"
    sheet = (
        "<sheetData><row r='1'><c r='A1' s='1' t='s'><v>0</v></c></row></sheetData><conditionalFormatting sqref='A1'>"
        f"{rule}<cfRule type='cellIs' priority='2'><formula>5</formula></cfRule></conditionalFormatting>"
        f"<conditionalFormatting sqref='B1'>{rule}</conditionalFormatting>"
        f"<dataValidations><dataValidation sqref='A1'><formula1>\"{MARKER}\"</formula1></dataValidation>"
        "</dataValidations>"
    )
    data = office(
        "xl",
        {
            "xl/workbook.xml": f"{PROLOG}<workbook {X}><sheets><sheet name='S' sheetId='1' r:id='rId1'/></sheets>"
            "</workbook>",
            "xl/_rels/workbook.xml.rels": relations(
                ("worksheet", "sheet1.xml"), ("sharedStrings", "strings.xml"), ("styles", "styles.xml")
            ),
            "xl/sheet1.xml": f"{PROLOG}<worksheet {X}>{sheet}</worksheet>",
            "xl/strings.xml": f"{PROLOG}<sst {X}><si><t>seen</t><rPh sb='0' eb='1'><t>{MARKER}</t></rPh></si></sst>",
            "xl/styles.xml": f"{PROLOG}<styleSheet {X}><numFmts>{formats}</numFmts><cellXfs><xf numFmtId='0'/>"
            "<xf numFmtId='171'/></cellXfs></styleSheet>",
        },
    )
    text = "".join(cleaned(OoxmlScrubber(), data, tmp_path, limits)[0].values())
    assert [one in text for one in (MARKER, "seen", "kg", "<formula>5")] == [False, True, True, True]
    assert text.count("<conditionalFormatting") == 1, "none is empty, which Excel would take for damage"


def test_a_sheet_keeps_its_values_and_no_formula_that_may_refer_to_removed_content(
    tmp_path: Path, limits: Limits
) -> None:
    parts, _ = cleaned(OoxmlScrubber(), hidden_cells(b""), tmp_path, limits)
    sheets = [text for name, text in parts.items() if name.startswith("xl/worksheet")]
    assert len(sheets) == 1
    assert "<v>7</v>" in sheets[0]
    assert "<f" not in sheets[0]
    assert "definedName" not in parts["xl/workbook.xml"]
    assert "activeTab" not in parts["xl/workbook.xml"]
    assert not any("/table" in name for name in parts)


SEEN = {
    "ink on paper": "<w:p><w:r><w:rPr><w:color w:val='000000'/></w:rPr><w:t>seen</w:t></w:r></w:p>",
    "white on a dark cell": "<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:fill='1F3864'/></w:tcPr><w:p><w:r><w:rPr>"
    "<w:color w:val='FFFFFF'/></w:rPr><w:t>seen</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
    "white in a cell that a style colours": "<w:tbl><w:tr><w:tc><w:p><w:r><w:rPr><w:color w:val='FFFFFF'/></w:rPr>"
    "<w:t>seen</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
    "white in a dark paragraph": "<w:p><w:pPr><w:shd w:fill='000000'/></w:pPr><w:r><w:rPr><w:color w:val='FFFFFF'/>"
    "</w:rPr><w:t>seen</w:t></w:r></w:p>",
    "highlighted": "<w:p><w:r><w:rPr><w:highlight w:val='yellow'/></w:rPr><w:t>seen</w:t></w:r></w:p>",
    "shown in spite of its style": "<w:p><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>seen</w:t></w:r></w:p>",
}


@pytest.mark.parametrize("body", SEEN.values(), ids=SEEN)
def test_text_that_a_reader_sees_stays(body: str, tmp_path: Path, limits: Limits) -> None:
    parts, named = cleaned(OoxmlScrubber(), word(body), tmp_path, limits)
    assert ("seen" in parts["word/document.xml"], named) == (True, ())


FLOATING = {
    "a drawing": "<w:drawing><wp:anchor behindDoc='0'><wp:wrapNone/></wp:anchor></w:drawing>",
    "an old shape": "<w:pict><v:rect xmlns:v='urn:schemas-microsoft-com:vml' style='position:absolute'/></w:pict>",
}


@pytest.mark.parametrize("floating", FLOATING.values(), ids=FLOATING)
def test_a_shape_that_may_cover_text_of_a_page_is_named(floating: str, tmp_path: Path, limits: Limits) -> None:
    data = word(f"<w:p><w:r>{floating}</w:r></w:p>")
    assert cleaned(OoxmlScrubber(), data, tmp_path, limits)[1] == ("hidden",)


@pytest.mark.parametrize(
    ("over", "stays"),
    [
        (shape((10, 10, 50, 50), more=BLACK), False),
        (shape((0, 91, 50, 50), more=BLACK), True),
        (shape((10, 10, 50, 50)), True),
        (shape((10, 10, 50, 50), more=BLACK.replace("/>", "><a:alpha val='1'/></a:srgbClr>")), True),
        (shape((10, 10, 50, 50), "words", BLACK), True),
    ],
    ids=["covers", "beside", "empty", "clear", "has words of its own"],
)
def test_a_text_under_an_opaque_shape_of_a_slide_is_removed(
    over: str,
    stays: bool,  # noqa: FBT001 - a row of the table
    tmp_path: Path,
    limits: Limits,
) -> None:
    parts, named = cleaned(OoxmlScrubber(), slides(shape((0, 0, 900, 90), "under") + over), tmp_path, limits)
    assert ("under" in "".join(parts.values()), named) == (stays, () if stays else ("hidden",))
