"""OpenDocument: LibreOffice opens a clean copy like the original (tried by hand; no test starts LibreOffice)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from satark_files.documents.embedded_images import BLANK_PNG
from satark_files.documents.opendocument import OpenDocumentScrubber
from satark_files.limits import Limits
from support.evidence.corpus.open_documents import OPEN_DOCUMENTS, odt_clipped
from support.evidence.images import encode, photo
from support.evidence.markers import MARKER

SPACE = "urn:oasis:names:tc:opendocument:xmlns:"
MANIFEST, OFFICE, DUBLIN = f"{{{SPACE}manifest:1.0}}", f"{{{SPACE}office:1.0}}", "{http://purl.org/dc/elements/1.1/}"


@pytest.fixture
def clean(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> Callable[..., dict[str, bytes]]:
    """Clean a specimen, to which parts can be added, and return the parts of the copy."""

    def cleaned(name: str, added: dict[str, bytes] | None = None) -> dict[str, bytes]:
        source = tmp_path / "source"
        source.write_bytes(make(name).read_bytes())
        with zipfile.ZipFile(source, "a") as file:
            for part, data in (added or {}).items():
                file.writestr(part, data)
        OpenDocumentScrubber().scrub(source, tmp_path / "clean", limits)
        with zipfile.ZipFile(tmp_path / "clean") as file:
            return {part: file.read(part) for part in file.namelist()}

    return cleaned


@pytest.mark.parametrize("name", ["odt", "ods", "odp"])
def test_the_manifest_lists_every_part_and_the_version_of_the_content(
    name: str, clean: Callable[..., dict[str, bytes]]
) -> None:
    chart = f"<office:document-content xmlns:office='{SPACE}office:1.0' office:version='1.3'/>".encode()
    parts = clean(name, {"Object 1/content.xml": chart})
    version = etree.fromstring(parts["content.xml"]).get(f"{OFFICE}version")
    listed = etree.fromstring(parts["META-INF/manifest.xml"])
    root = next(entry for entry in listed if entry.get(f"{MANIFEST}full-path") == "/")
    assert version == "1.3"
    assert listed.get(f"{MANIFEST}version") == root.get(f"{MANIFEST}version") == version
    names = {entry.get(f"{MANIFEST}full-path") for entry in listed}
    assert names == (parts.keys() - {"mimetype", "META-INF/manifest.xml"}) | {"/", "Object 1/"}


def test_deleted_text_and_the_record_of_its_deletion_are_removed(clean: Callable[..., dict[str, bytes]]) -> None:
    content = clean("odt")["content.xml"]
    assert [one for one in (b"struck out", b"change", MARKER.encode()) if one in content] == []


NAMED_BY_THE_AUTHOR = {
    "a database": f'<t:database-display t:database-name="{MARKER}" t:column-name="{MARKER}">shown</t:database-display>',
    "a hidden text": f'<t:hidden-text t:string-value="{MARKER}" t:condition="{MARKER}"/>shown',
    "a source of records": f'<t:dde-connection t:connection-name="{MARKER}">shown</t:dde-connection>',
    "a bookmark": f'<t:bookmark t:name="{MARKER}"/><t:bookmark-ref t:ref-name="{MARKER}">shown</t:bookmark-ref>',
    "a link to it": f'<t:a x:href="#{MARKER}" office:title="{MARKER}">shown</t:a><t:reference-mark t:name="{MARKER}"/>',
    "a part of another file": f'<t:section><t:section-source x:href="../{MARKER}.odt"/></t:section>shown',
    "a tooltip": f'<c:help-message c:title="{MARKER}"><t:p>{MARKER}</t:p></c:help-message>shown',
    "a description of a table": f"<c:table><c:title>{MARKER}</c:title><c:desc>{MARKER}</c:desc></c:table>shown",
    "a scenario": f'<c:scenario c:comment="{MARKER}"/>shown',
    "the file's path": f"<c:table-cell c:formula='CELL(1)'><t:p><t:span/>{MARKER}</t:p></c:table-cell>shown",
    "cells of a shared file": f"<c:table-cell c:formula=\"of:=['https://example.in/{MARKER}/x.ods'#$S.A1]\"/>shown",
}


@pytest.mark.parametrize("body", NAMED_BY_THE_AUTHOR.values(), ids=NAMED_BY_THE_AUTHOR)
def test_names_that_a_reader_does_not_see_are_removed(body: str, clean: Callable[..., dict[str, bytes]]) -> None:
    spaces = f"xmlns:t='{SPACE}text:1.0' xmlns:c='{SPACE}table:1.0' xmlns:x='http://www.w3.org/1999/xlink'"
    head = f"<office:document-content xmlns:office='{SPACE}office:1.0' office:version='1.3' {spaces}>"
    content = f"{head}<t:p>{body}</t:p></office:document-content>"
    made = clean("odt", {"Object 1/content.xml": content.encode()})["Object 1/content.xml"].decode()
    assert MARKER not in made
    assert "shown" in made


def parts_of(data: bytes, folder: Path, limits: Limits) -> dict[str, bytes]:
    (folder / "in").write_bytes(data)
    OpenDocumentScrubber().scrub(folder / "in", folder / "out", limits)
    with zipfile.ZipFile(folder / "out") as file:
        return {part: file.read(part) for part in file.namelist()}


def test_a_style_named_by_a_number_keeps_its_look(tmp_path: Path, limits: Limits) -> None:
    parts = parts_of(OPEN_DOCUMENTS["odt-styles"](b""), tmp_path, limits)
    style, text = f"{{{SPACE}style:1.0}}", f"{{{SPACE}text:1.0}}"
    named = etree.fromstring(parts["styles.xml"]).find(f".//{style}style")
    automatic = etree.fromstring(parts["content.xml"]).find(f".//{style}style")
    used = [one.get(f"{text}style-name") for one in etree.fromstring(parts["content.xml"]).iter(f"{text}p")]
    assert named.get(f"{style}name") == automatic.get(f"{style}parent-style-name") == used[1]
    assert (named.get(f"{style}parent-style-name"), automatic.get(f"{style}name"), used[0]) == ("Standard", "P1", "P1")


def test_a_picture_of_which_a_part_is_cut_off_is_not_copied(tmp_path: Path, limits: Limits) -> None:
    assert parts_of(odt_clipped(encode(photo(), "JPEG")), tmp_path, limits)["Pictures/1.jpeg"] == BLANK_PNG
