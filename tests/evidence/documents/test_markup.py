"""Office files at the level of their XML: what must not be parsed, what is thinned out, what stands in for it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from satark.evidence.documents import office_xml
from satark.evidence.documents.embedded_images import BLANK_PNG, EmbeddedImages
from satark.evidence.documents.ooxml import OoxmlScrubber
from satark.limits import Limits
from satark.scrubber import Unclean
from satark.testing.evidence.documents import MARKER, SHOWN

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
ALTERNATE = "http://schemas.openxmlformats.org/markup-compatibility/2006"
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
    """A Word file of one part."""
    space = f'xmlns:w="{WORD}" xmlns:mc="{ALTERNATE}" xmlns:own="urn:own"'
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
def test_a_part_that_declares_a_type_is_not_read(head: str, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        cleaned(word(tmp_path, f"<w:p><w:r><w:t>{SHOWN}</w:t></w:r></w:p>", head), limits)


@pytest.mark.parametrize("data", [b"", b"\0", b"<a", b"<a>" * 10_000, b"\xff\xfe<\0a\0"])
def test_what_is_no_xml_is_damaged(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        office_xml.parse(data)


def test_a_program_s_own_elements_go_and_the_words_after_them_stay(tmp_path: Path, limits: Limits) -> None:
    body = f'<w:p own:id="{MARKER}"><w:r><w:t>one<own:x>{MARKER}</own:x> two<own:y/> three</w:t></w:r></w:p>'
    said = cleaned(word(tmp_path, body), limits)
    assert "one two three" in said
    assert MARKER not in said


def test_of_alternatives_what_any_program_shows_stays(tmp_path: Path, limits: Limits) -> None:
    choice = f'<mc:Choice Requires="own"><own:x>{MARKER}</own:x></mc:Choice>'
    fallback = f"<mc:Fallback><w:r><w:t>{SHOWN}</w:t></w:r></mc:Fallback>"
    said = cleaned(word(tmp_path, f"<w:p><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:p>"), limits)
    assert SHOWN in said
    assert MARKER not in said
    assert "Fallback" not in said


def test_a_picture_that_can_not_be_cleaned_is_left_blank(tmp_path: Path, limits: Limits) -> None:
    pictures = EmbeddedImages(tmp_path, limits)
    broken = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(broken, "PNG")
    metafile = b"\x01\0\0\0" + bytes(36) + b" EMF" + MARKER.encode()
    for data in (b"", metafile, MARKER.encode(), broken.getvalue()[:-40] + MARKER.encode()):
        assert pictures.clean(data) == (BLANK_PNG, "png")
    assert list(tmp_path.iterdir()) == []
