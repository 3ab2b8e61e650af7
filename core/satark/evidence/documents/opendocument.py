"""OpenDocument files (ISO/IEC 26300): text, tables and slides, without who wrote them, when, and with what.

Of the package only content, styles and pictures pass; of these only elements and attributes of the standard's own.
Remarks and tracked changes stay, without who made them and when.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from satark.evidence.documents import office_xml, zip_archive
from satark.evidence.documents.embedded_images import EmbeddedImages
from satark.scrubber import Unclean

if TYPE_CHECKING:
    from pathlib import Path

    from satark.evidence.documents.zip_archive import Archive
    from satark.limits import Limits

_FORMATS = "application/vnd.oasis.opendocument."
MIMES = frozenset({f"{_FORMATS}text", f"{_FORMATS}spreadsheet", f"{_FORMATS}presentation", f"{_FORMATS}graphics"})
_STANDARD = "urn:oasis:names:tc:opendocument:xmlns:"
_KNOWN = (_STANDARD, "http://www.w3.org/1999/xlink", "http://www.w3.org/1998/Math/MathML")
_DUBLIN = "http://purl.org/dc/elements/1.1/"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REMOVED = frozenset({"meta", "scripts", "script", "event-listeners", "dde-connection-decls", "forms"})
_SPOKEN_OF = re.compile(r"(author-|sender-|initial-creator|creator|printed-by|file-name|template-name|user-defined)")
"""Fields that fill themselves in with what the program knows of its user."""
_ASKED = re.compile(r"\b(CELL|INFO)\s*\(", re.IGNORECASE)
"""Formulas whose value tells where the file lies, or of the machine."""
_FORMULA = f"{{{_STANDARD}table:1.0}}formula"
_VALUES = (f"{{{_STANDARD}office:1.0}}string-value", f"{{{_STANDARD}office:1.0}}value")
_UNSAID = frozenset({"rsid", "author", "display-name", "name", "title", "desc"})
_NAMED = frozenset({"frame", "image", "annotation", "annotation-end", "custom-shape", "object"})
_OBJECT = f"{_FORMATS}chart"
"""The type of what lies in a folder of its own: charts, all but always."""
_VERSION = f"{{{_STANDARD}office:1.0}}version"
_DOCUMENT = re.compile(r"(Object \d+/)?(content|styles)\.xml")
_PICTURE = re.compile(r"(\./)?(Object \d+/)?Pictures/[^/]+")
_PREFIXES = ("of", "oooc", "ooow", "xlink", "office")


class OpenDocumentScrubber:
    """Cleans OpenDocument texts, tables and slides."""

    mimes = MIMES

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with zip_archive.open_archive(source, limits) as parts:
            mime = parts.read("mimetype").decode("ascii", errors="replace").strip()
            if mime not in MIMES or "content.xml" not in parts:
                raise Unclean("damaged")
            if b"encryption-data" in parts.read("META-INF/manifest.xml"):
                raise Unclean("encrypted")
            zip_archive.write_archive(target, _copied(parts, mime, EmbeddedImages(target.parent, limits)))
        return mime


def _copied(parts: Archive, mime: str, pictures: EmbeddedImages) -> dict[str, bytes]:
    names: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    for name in parts.names:
        if _PICTURE.fullmatch(name):
            kept_as = f"Pictures/{len(names) + 1}"
            data, ending = pictures.clean(parts.read(name))
            names[name] = f"{kept_as}.{ending}"
            kept[names[name]] = data
    version = ""
    for name in parts.names:
        if _DOCUMENT.fullmatch(name):
            root = office_xml.parse(parts.read(name))
            version = version or root.get(_VERSION, "")
            _clean(root, names)
            kept[name] = office_xml.serialize(root, _PREFIXES)
    return {"mimetype": mime.encode(), **kept, "META-INF/manifest.xml": _manifest(mime, kept, version)}


def _clean(root: etree._Element, names: dict[str, str]) -> None:
    office_xml.remove_foreign_names(root, lambda space: not space or space.startswith(_KNOWN))
    for element in list(root.iter()):
        name = office_xml.local_name(element.tag)
        if name in _REMOVED or (name in {"title", "desc"} and _is_drawing(element)):
            office_xml.remove_element(element)
            continue
        if name == "change-info":
            _sign(element)
        if _SPOKEN_OF.match(name):
            element.text = ""
        if _ASKED.search(element.get(_FORMULA, "")):
            _say_nothing(element)
        _unsay(element, name)
        _refer(element, names)


def _sign(change: etree._Element) -> None:
    """Sign a change by nobody, at no time: unsigned, LibreOffice shows words that were struck out as if kept."""
    for child in list(change):
        change.remove(child)
    for name, said in (("creator", "-"), ("date", "1970-01-01T00:00:00")):
        etree.SubElement(change, f"{{{_DUBLIN}}}{name}", nsmap={"dc": _DUBLIN}).text = said


def _say_nothing(cell: etree._Element) -> None:
    for key in _VALUES:
        cell.attrib.pop(key, None)
    for words in cell.iter():
        words.text = ""


def _unsay(element: etree._Element, name: str) -> None:
    for key in list(element.attrib):
        plain = office_xml.local_name(str(key))
        if plain != "href" and office_xml.LOCAL_PATH.search(element.attrib[key]):
            del element.attrib[key]
        elif plain in _UNSAID and (plain not in {"name", "display-name", "title"} or name in _NAMED):
            if name.startswith("annotation"):
                continue  # its name ties the remark's two ends together
            del element.attrib[key]


def _refer(element: etree._Element, names: dict[str, str]) -> None:
    target = element.get(_HREF)
    if target is None:
        return
    inside = target.removeprefix("./")
    if inside in names:
        element.set(_HREF, names[inside])
    elif not (
        target.startswith("#")
        or target.lower().startswith(office_xml.SCHEMES)
        or re.fullmatch(r"\./Object \d+", target)
    ):
        element.set(_HREF, "#")


def _is_drawing(element: etree._Element) -> bool:
    return bool(office_xml.namespace(element.tag) == f"{_STANDARD}svg-compatible:1.0")


def _manifest(mime: str, kept: dict[str, bytes], version: str) -> bytes:
    """What is in the file. LibreOffice opens none whose parts and whose list do not name the same version."""
    space = f"{_STANDARD}manifest:1.0"
    kinds = {"xml": "text/xml", "png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "tiff": "image/tiff"}
    objects = sorted({found[1] for name in kept if (found := _DOCUMENT.fullmatch(name)) and found[1]})
    entries = [(name, kinds.get(name.rpartition(".")[2], "")) for name in kept]
    entries += [(folder, _OBJECT) for folder in objects]
    told = f' manifest:version="{version}"' if re.fullmatch(r"\d\.\d", version) else ""
    lines = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>' for name, kind in entries
    )
    whole = f'<manifest:file-entry manifest:full-path="/"{told} manifest:media-type="{mime}"/>'
    return f'<manifest:manifest xmlns:manifest="{space}"{told}>{whole}{lines}</manifest:manifest>'.encode()
