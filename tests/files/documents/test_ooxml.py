"""Office Open XML at the level of its parts: parts that are not parsed, removed and replaced parts."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from satark_files.documents.ooxml import OoxmlScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean
from support.evidence.corpus.office import OFFICE, cropped
from support.evidence.documents import unpacked
from support.evidence.images import encode
from support.evidence.markers import MARKER, SHOWN

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
ALTERNATE = "http://schemas.openxmlformats.org/markup-compatibility/2006"
SHAPES = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
MAIN = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)


def word(folder: Path, body: str, head: str = "") -> Path:
    """Write a Word file of one part."""
    space = f'xmlns:w="{WORD}" xmlns:mc="{ALTERNATE}" xmlns:own="urn:own" {SHAPES}'
    document = f"{head}<w:document {space}><w:body>{body}</w:body></w:document>"
    path = folder / "in.docx"
    with zipfile.ZipFile(path, "w") as file:
        for name, data in (("[Content_Types].xml", TYPES), ("_rels/.rels", MAIN), ("word/document.xml", document)):
            file.writestr(name, data)
    return path


def cleaned(source: Path, limits: Limits) -> str:
    OoxmlScrubber().scrub(source, source.with_name("out.docx"), limits)
    with zipfile.ZipFile(source.with_name("out.docx")) as file:
        return file.read("word/document.xml").decode()


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE w:document>",
        '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE w SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_a_part_with_a_document_type_is_refused(head: str, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        cleaned(word(tmp_path, f"<w:p><w:r><w:t>{SHOWN}</w:t></w:r></w:p>", head), limits)


def test_elements_of_other_namespaces_are_removed_and_the_text_after_them_stays(tmp_path: Path, limits: Limits) -> None:
    body = f'<w:p own:id="{MARKER}"><w:r><w:t>one<own:x>{MARKER}</own:x> two<own:y/> three</w:t></w:r></w:p>'
    text = cleaned(word(tmp_path, body), limits)
    assert "one two three" in text
    assert MARKER not in text


def test_alternatives_are_replaced_by_their_fallback(tmp_path: Path, limits: Limits) -> None:
    choice = f'<mc:Choice Requires="own"><own:x>{MARKER}</own:x></mc:Choice>'
    fallback = f"<mc:Fallback><w:r><w:t>{SHOWN}</w:t></w:r></mc:Fallback>"
    text = cleaned(word(tmp_path, f"<w:p><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:p>"), limits)
    assert SHOWN in text
    assert MARKER not in text
    assert "Fallback" not in text


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_the_other_parts_stay_if_one_is_broken(
    kind: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    with zipfile.ZipFile(make(kind)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    broken = next(name for name in parts if "theme" in name or "styles" in name or "comments" in name)
    parts[broken] = b"<cut short"
    with zipfile.ZipFile(tmp_path / "in", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    made = OoxmlScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    assert isinstance(made, Cleaned)
    assert 50 < made.readable < 100
    assert SHOWN.encode() in unpacked((tmp_path / "out").read_bytes())


def field(instruction: str, shown: str) -> str:
    parts = ('<w:fldChar w:fldCharType="begin"/>', f"<w:instrText> {instruction} </w:instrText>")
    ends = ('<w:fldChar w:fldCharType="separate"/>', f"<w:t>{shown}</w:t>", '<w:fldChar w:fldCharType="end"/>')
    return "".join(f"<w:r>{one}</w:r>" for one in (*parts, *ends))


BEGIN, SEPARATE, END = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))
NAMED_BY_THE_AUTHOR = {
    "a bookmark": f'<w:bookmarkStart w:id="1" w:name="{MARKER}"/><w:r><w:t>{SHOWN}</w:t></w:r>',
    "a link to it": f'<w:bookmarkStart w:id="1" w:name="{MARKER}"/><w:hyperlink w:anchor="{MARKER}">'
    f"<w:r><w:t>{SHOWN}</w:t></w:r></w:hyperlink>",
    "a field about it": f'<w:bookmarkStart w:id="1" w:name="{MARKER}"/>{field(f"REF {MARKER} h", SHOWN)}',
    "a tooltip": f'<w:hyperlink w:anchor="x" w:tooltip="{MARKER}"><w:r><w:t>{SHOWN}</w:t></w:r></w:hyperlink>',
    "the file's comment": f"{field('COMMENTS', MARKER)}<w:r><w:t>{SHOWN}</w:t></w:r>",
    "a nested field": f"{field('PAGE', field('KEYWORDS', MARKER))}<w:r><w:t>{SHOWN}</w:t></w:r>",
    "data of a form": f'<w:customXml w:uri="{MARKER}" w:element="{MARKER}"><w:customXmlPr><w:attr w:name="{MARKER}" '
    f'w:val="{MARKER}"/></w:customXmlPr><w:r><w:t>{SHOWN}</w:t></w:r></w:customXml>',
    "a smart tag": f'<w:smartTag w:uri="{MARKER}" w:element="x"><w:r><w:t>{SHOWN}</w:t></w:r></w:smartTag>',
    "a name for cells of another file": f"<w:definedName>'C:\\Users\\{MARKER}\\[a.xlsx]S'!$A$1</w:definedName>"
    f"<w:r><w:t>{SHOWN}</w:t></w:r>",
    "a path in pieces": BEGIN + "<w:r><w:instrText> HYPERLINK &quot;C:\\Us</w:instrText></w:r>"
    f"<w:r><w:instrText>ers\\{MARKER}&quot; </w:instrText></w:r>{END}<w:r><w:t>{SHOWN}</w:t></w:r>",
    "a link in a field": field(f"HYPERLINK &quot;https://example.in/?who={MARKER}&quot;", SHOWN),
    "an account for citations": field(f"ADDIN ZOTERO_ITEM {MARKER}", SHOWN),
    "a record of a list": f'<w:fldSimple w:instr="MERGEFIELD {MARKER}"><w:r><w:t>{SHOWN}</w:t></w:r></w:fldSimple>',
    "data of a field": f"{BEGIN}<w:r><w:fldData>{MARKER}</w:fldData></w:r>{END}<w:r><w:t>{SHOWN}</w:t></w:r>",
    "who may edit": f'<w:permStart w:id="1" w:ed="{MARKER}@example.in"/><w:r><w:t>{SHOWN}</w:t></w:r>',
    "a choice of a control": f'<w:sdt><w:sdtPr><w:comboBox><w:listItem w:value="{MARKER}"/></w:comboBox></w:sdtPr>'
    f"<w:sdtContent><w:r><w:t>{SHOWN}</w:t></w:r></w:sdtContent></w:sdt>",
    "a drawing's copy": f'<w:r><w:pict><v:shape id="{MARKER}" o:gfxdata="{MARKER}"/></w:pict><w:t>{SHOWN}</w:t></w:r>',
    "a name for cells of a shared file": f"<w:definedName>'https://example.in/personal/{MARKER}/[a.xlsx]S'!$A$1"
    f"</w:definedName><w:r><w:t>{SHOWN}</w:t></w:r>",
    "a scenario": f'<w:scenarios><w:scenario w:user="{MARKER}"/></w:scenarios><w:r><w:t>{SHOWN}</w:t></w:r>',
    "who may change cells": f'<w:protectedRanges w:name="{MARKER}"/><w:r><w:t>{SHOWN}</w:t></w:r>',
    "a text outside of texts": f"{MARKER}<w:r><w:t>{SHOWN}</w:t></w:r>{MARKER}",
    "cells that repeat the file's path": f"<w:c><w:f>CELL(&quot;filename&quot;)</w:f><w:v>{MARKER}</w:v></w:c>"
    f"<w:c><w:f>A1</w:f><w:v>{MARKER}</w:v></w:c><w:r><w:t>{SHOWN}</w:t></w:r>",
    "a path that nobody sees": f"<w:name>C:\\Users\\{MARKER}</w:name><w:r><w:t>{SHOWN}</w:t></w:r>",
}


@pytest.mark.parametrize("body", NAMED_BY_THE_AUTHOR.values(), ids=NAMED_BY_THE_AUTHOR)
def test_names_that_a_reader_does_not_see_are_removed(body: str, tmp_path: Path, limits: Limits) -> None:
    text = cleaned(word(tmp_path, f"<w:p>{body}</w:p>"), limits)
    assert MARKER not in text
    assert SHOWN in text


def pictures(data: bytes, folder: Path, limits: Limits) -> list[tuple[int, int]]:
    """Return the sizes of the pictures in the clean copy of a file; none has the blue half of the original."""
    (folder / "in").write_bytes(data)
    OoxmlScrubber().scrub(folder / "in", folder / "out", limits)
    sizes = []
    with zipfile.ZipFile(folder / "out") as file:
        for name in (name for name in file.namelist() if "image" in name):
            with Image.open(io.BytesIO(file.read(name))) as picture:
                assert max(picture.convert("RGB").getchannel("B").tobytes()) < 90
                sizes.append(picture.size)
    return sizes


@pytest.mark.parametrize(("kind", "size"), [("docx-cropped", (50, 72)), ("pptx-cropped", (60, 80))])
def test_the_cut_off_part_of_a_picture_is_not_in_the_copy(
    kind: str, size: tuple[int, int], tmp_path: Path, limits: Limits
) -> None:
    picture = Image.new("RGB", (100, 80), "red")
    picture.paste("blue", (0, 0, 50, 80) if kind == "docx-cropped" else (60, 0, 100, 80))
    assert pictures(OFFICE[kind](encode(picture, "PNG")), tmp_path, limits) == [size]


def test_an_old_picture_is_cut_too(tmp_path: Path, limits: Limits) -> None:
    picture = Image.new("RGB", (100, 80), "red")
    picture.paste("blue", (0, 0, 50, 80))
    made = cropped(encode(picture, "PNG"))
    shape = '<v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata r:id="rId1" cropleft="32768f"/></v:shape>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            text = before.read(name)
            at, end = text.find(b"<w:drawing>"), text.find(b"</w:drawing>") + 12
            after.writestr(name, text[:at] + f"<w:pict>{shape}</w:pict>".encode() + text[end:] if at >= 0 else text)
    assert pictures(out.getvalue(), tmp_path, limits) == [(50, 80)]


def test_a_style_named_by_a_number_keeps_its_look(tmp_path: Path, limits: Limits) -> None:
    (tmp_path / "in").write_bytes(OFFICE["docx-styled"](b""))
    OoxmlScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    with zipfile.ZipFile(tmp_path / "out") as file:
        document, styles, numbering = (
            file.read(next(name for name in file.namelist() if part in name and "rels" not in name)).decode()
            for part in ("document", "styles", "numbering")
        )
    number = document.partition('<w:pStyle w:val="')[2].partition('"')[0]
    assert number
    names = re.findall(r'<w:name w:val="(.*?)"', styles)
    assert f'w:styleId="{number}"><w:name w:val="s' in styles
    assert len(set(names)) == len(names) == 3
    assert f'<w:pStyle w:val="{number}"/>' in numbering
    assert '<w:name w:val="Normal"/>' in styles


RUN = "<w:r><w:t>x</w:t></w:r>"
LONG: dict[str, Callable[[int], str]] = {
    "open fields": lambda size: BEGIN * size + RUN * size,
    "open results": lambda size: (BEGIN + SEPARATE) * size + RUN * size,
    "controls in controls": lambda size: (
        '<w:sdt><w:sdtPr><w:dataBinding w:xpath="creator"/></w:sdtPr><w:sdtContent>' * 100
        + RUN * size
        + "</w:sdtContent></w:sdt>" * 100
    ),
    "fields in fields": lambda size: '<w:fldSimple w:instr="AUTHOR">' * 200 + RUN * size + "</w:fldSimple>" * 200,
    "formulas of one cell": lambda size: "<w:c>" + "<w:f>CELL(1)</w:f>" * size + "<w:v>1</w:v>" * size + "</w:c>",
    "removed elements": lambda size: "<own:x/>text<w:proofErr/>text" * size,
}


@pytest.mark.full("large documents")
@pytest.mark.parametrize("body", LONG.values(), ids=LONG)
def test_the_time_for_a_document_grows_only_with_its_length(
    body: Callable[[int], str], tmp_path: Path, limits: Limits
) -> None:
    """With the square of it, a document that is four times as long would take sixteen times as long."""

    def seconds(size: int) -> float:
        started = time.process_time()
        cleaned(word(tmp_path, body(size)), limits)
        return time.process_time() - started

    seconds(1000)
    assert any(seconds(40_000) / seconds(10_000) < 9 for _ in range(3)), "a busy machine's cache may cost once"
