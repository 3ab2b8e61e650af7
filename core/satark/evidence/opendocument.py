"""OpenDocument files (ISO/IEC 26300): text, tables and slides, without who wrote them, when, and with what.

Of the package only content, styles and pictures pass; of these only elements and attributes of the standard's own.
Remarks and tracked changes stay, without who made them and when.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from satark.evidence import archive, markup
from satark.evidence.inner import Pictures
from satark.evidence.scrubbers import Unclean

if TYPE_CHECKING:
    from pathlib import Path

    from lxml import etree

    from satark.evidence.archive import Archive
    from satark.evidence.limits import Limits

_FORMATS = "application/vnd.oasis.opendocument."
MIMES = frozenset({f"{_FORMATS}text", f"{_FORMATS}spreadsheet", f"{_FORMATS}presentation", f"{_FORMATS}graphics"})
_STANDARD = "urn:oasis:names:tc:opendocument:xmlns:"
_KNOWN = (_STANDARD, "http://www.w3.org/1999/xlink", "http://www.w3.org/1998/Math/MathML")
_HREF = "{http://www.w3.org/1999/xlink}href"
_REMOVED = frozenset({"meta", "scripts", "script", "event-listeners", "change-info", "dde-connection-decls", "forms"})
_SPOKEN_OF = re.compile(r"(author-|sender-|initial-creator|creator|printed-by|file-name|template-name|user-defined)")
"""Fields that fill themselves in with what the program knows of its user."""
_ASKED = re.compile(r"\b(CELL|INFO)\s*\(", re.IGNORECASE)
"""Formulas whose value tells where the file lies, or of the machine."""
_FORMULA = f"{{{_STANDARD}table:1.0}}formula"
_VALUES = (f"{{{_STANDARD}office:1.0}}string-value", f"{{{_STANDARD}office:1.0}}value")
_UNSAID = frozenset({"rsid", "author", "display-name", "name", "title", "desc"})
_NAMED = frozenset({"frame", "image", "annotation", "annotation-end", "custom-shape", "object"})
_DOCUMENT = re.compile(r"(Object \d+/)?(content|styles)\.xml")
_PICTURE = re.compile(r"(\./)?(Object \d+/)?Pictures/[^/]+")
_PREFIXES = ("of", "oooc", "ooow", "xlink", "office")


class OpenDocumentScrubber:
    """Cleans OpenDocument texts, tables and slides."""

    mimes = MIMES

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with archive.opened(source, limits) as parts:
            mime = parts.read("mimetype").decode("ascii", errors="replace").strip()
            if mime not in MIMES or "content.xml" not in parts:
                raise Unclean("damaged")
            if b"encryption-data" in parts.read("META-INF/manifest.xml"):
                raise Unclean("encrypted")
            archive.write(target, _copied(parts, mime, Pictures(target.parent, limits)))
        return mime


def _copied(parts: Archive, mime: str, pictures: Pictures) -> dict[str, bytes]:
    names: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    for name in parts.names:
        if _PICTURE.fullmatch(name):
            kept_as = f"Pictures/{len(names) + 1}"
            data, ending = pictures.clean(parts.read(name))
            names[name] = f"{kept_as}.{ending}"
            kept[names[name]] = data
    for name in parts.names:
        if _DOCUMENT.fullmatch(name):
            root = markup.parse(parts.read(name))
            _clean(root, names)
            kept[name] = markup.write(root, _PREFIXES)
    return {"mimetype": mime.encode(), **kept, "META-INF/manifest.xml": _manifest(mime, kept)}


def _clean(root: etree._Element, names: dict[str, str]) -> None:
    markup.thin(root, lambda space: not space or space.startswith(_KNOWN))
    for element in list(root.iter()):
        name = markup.local(element.tag)
        if name in _REMOVED or (name in {"title", "desc"} and _is_drawing(element)):
            markup.remove(element)
            continue
        if _SPOKEN_OF.match(name):
            element.text = ""
        if _ASKED.search(element.get(_FORMULA, "")):
            _say_nothing(element)
        _unsay(element, name)
        _refer(element, names)


def _say_nothing(cell: etree._Element) -> None:
    for key in _VALUES:
        cell.attrib.pop(key, None)
    for words in cell.iter():
        words.text = ""


def _unsay(element: etree._Element, name: str) -> None:
    for key in list(element.attrib):
        plain = markup.local(str(key))
        if plain != "href" and markup.LOCAL_PATH.search(element.attrib[key]):
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
        target.startswith("#") or target.lower().startswith(markup.SCHEMES) or re.fullmatch(r"\./Object \d+", target)
    ):
        element.set(_HREF, "#")


def _is_drawing(element: etree._Element) -> bool:
    return bool(markup.namespace(element.tag) == f"{_STANDARD}svg-compatible:1.0")


def _manifest(mime: str, kept: dict[str, bytes]) -> bytes:
    space = f"{_STANDARD}manifest:1.0"
    kinds = {"xml": "text/xml", "png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "tiff": "image/tiff"}
    entries = [("/", mime), *((name, kinds.get(name.rpartition(".")[2], "")) for name in kept)]
    lines = "".join(f'<m:file-entry m:full-path="{name}" m:media-type="{kind}"/>' for name, kind in entries)
    return f'<m:manifest xmlns:m="{space}" m:version="1.3">{lines}</m:manifest>'.encode()
