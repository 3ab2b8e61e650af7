"""OpenDocument: a clean copy opens in LibreOffice as the original does (tried by hand; no test starts LibreOffice)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from satark.evidence.documents import zip_archive
from satark.evidence.documents.opendocument import OpenDocumentScrubber
from satark.limits import Limits
from satark.scrubber import Unclean
from satark.testing.evidence.documents import MARKER

SPACE = "urn:oasis:names:tc:opendocument:xmlns:"
MANIFEST, OFFICE, DUBLIN = f"{{{SPACE}manifest:1.0}}", f"{{{SPACE}office:1.0}}", "{http://purl.org/dc/elements/1.1/}"


@pytest.fixture
def clean(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> Callable[..., dict[str, bytes]]:
    """Give the parts of the clean copy of a specimen, to which parts may be added before."""

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
def test_the_list_of_parts_names_each_and_the_version_of_the_content(
    name: str, clean: Callable[..., dict[str, bytes]]
) -> None:
    chart = f"<office:document-content xmlns:office='{SPACE}office:1.0' office:version='1.3'/>".encode()
    parts = clean(name, {"Object 1/content.xml": chart})
    version = etree.fromstring(parts["content.xml"]).get(f"{OFFICE}version")
    listed = etree.fromstring(parts["META-INF/manifest.xml"])
    whole = next(entry for entry in listed if entry.get(f"{MANIFEST}full-path") == "/")
    assert version == "1.3"
    assert listed.get(f"{MANIFEST}version") == whole.get(f"{MANIFEST}version") == version
    names = {entry.get(f"{MANIFEST}full-path") for entry in listed}
    assert names == (parts.keys() - {"mimetype", "META-INF/manifest.xml"}) | {"/", "Object 1/"}


def test_what_was_struck_out_stays_struck_out_and_says_not_by_whom(clean: Callable[..., dict[str, bytes]]) -> None:
    content = etree.fromstring(clean("odt")["content.xml"])
    (change,) = content.iter(f"{OFFICE}change-info")
    assert [(part.tag, part.text) for part in change] == [
        (f"{DUBLIN}creator", "-"), (f"{DUBLIN}date", "1970-01-01T00:00:00"),
    ]  # fmt: skip
    assert MARKER not in etree.tostring(content, encoding="unicode")
    assert "struck out" in etree.tostring(content, encoding="unicode")


def test_a_part_without_a_name_is_damage_and_not_a_crash(tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / "source"
    with zipfile.ZipFile(source, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("x", "")
    data = source.read_bytes()
    at, end = data.rindex(b"PK\1\2"), data.rindex(b"PK\5\6")
    listed = data[at : at + 28] + b"\0\0" + data[at + 30 : at + 46]
    size = int.from_bytes(data[end + 12 : end + 16], "little") - 1
    source.write_bytes(data[:at] + listed + data[end : end + 12] + size.to_bytes(4, "little") + data[end + 16 :])
    with pytest.raises(Unclean, match="damaged"), zip_archive.open_archive(source, limits):
        pass
