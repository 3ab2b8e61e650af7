"""What a reader of a Word, Excel or PowerPoint file does not see is not in the copy, and officers are told of it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from satark_files.documents.ooxml import OoxmlScrubber
from satark_files.documents.opendocument import OpenDocumentScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Scrubber
from support.evidence.corpus.hidden import BLACK, HIDDEN, hidden_cells, shape
from support.evidence.corpus.office import slides, word
from support.evidence.markers import HINDI, MARKER, SHOWN


def cleaned(scrubber: Scrubber, data: bytes, folder: Path, limits: Limits) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the parts of the clean copy, and what is named."""
    (folder / "in").write_bytes(data)
    made = scrubber.scrub(folder / "in", folder / "out", limits)
    assert isinstance(made, Cleaned)
    with zipfile.ZipFile(folder / "out") as file:
        return {name: file.read(name).decode() for name in file.namelist()}, made.left_out


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_is_hidden_is_removed_and_named(kind: str, tmp_path: Path, limits: Limits) -> None:
    scrubber = OpenDocumentScrubber() if kind.startswith("od") else OoxmlScrubber()
    parts, named = cleaned(scrubber, HIDDEN[kind](b""), tmp_path, limits)
    text = "".join(parts.values())
    assert MARKER not in text
    assert [one in text for one in (SHOWN, HINDI, "seen")] == [True, True, True]
    assert named == ("hidden",)


def test_a_sheet_keeps_values_but_no_formula_that_may_refer_to_what_is_gone(tmp_path: Path, limits: Limits) -> None:
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
