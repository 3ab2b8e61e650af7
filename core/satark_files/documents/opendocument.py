"""Cleans OpenDocument files (ISO/IEC 26300): texts, spreadsheets and presentations.

It keeps only the package's content, styles and images, and in these only the elements and attributes of the standard;
names that an author gave are numbered, and where a part of a picture is cut off, all pictures become blank. Comments
and tracked changes stay, without author and date.
"""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from satark_files.documents import office_xml, zip_container
from satark_files.documents.embedded_images import BLANK_PNG, EmbeddedImages
from satark_files.documents.typefaces import is_public
from satark_files.documents.zip_container import Archive
from satark_files.limits import Limits
from satark_files.scrubber import Unclean

_FORMATS = "application/vnd.oasis.opendocument."
MIMES = frozenset({f"{_FORMATS}text", f"{_FORMATS}spreadsheet", f"{_FORMATS}presentation", f"{_FORMATS}graphics"})
_STANDARD = "urn:oasis:names:tc:opendocument:xmlns:"
_KNOWN = (_STANDARD, "http://www.w3.org/1999/xlink", "http://www.w3.org/1998/Math/MathML")
_DUBLIN = "http://purl.org/dc/elements/1.1/"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REMOVED = frozenset(
    "meta scripts script event-listeners dde-connection-decls forms dde-source dde-links section-source table-source "  # noqa: SIM905 - a list of names
    "cell-range-source database-source-sql database-source-query database-source-table data-pilot-tables consolidation "
    "scenario help-message error-message error-macro plugin applet floating-frame image-map "
    "user-field-decls variable-decls".split()
)
_PERSONAL_FIELD = re.compile(
    r"(author-|sender-|initial-creator|creator|printed-by|file-name|template-name|user-defined)"
)
"""Fields that the program fills in with facts about its user."""
_FIELD = re.compile(
    r"\{" + _STANDARD + r"text:1.0\}(database-|dde-|execute-macro|conditional-|hidden-|meta-field|bibliography-mark"
    r"|text-input|placeholder|(alphabetical-index|user-index|toc)-mark|expression|variable-(get|set|input)|user-field-"
    r"(get|input)|title|subject|description|keywords|creation-|modification-|editing-|print-)"
)
"""Further fields, which become their text: they name what it comes from, or are only seen by who edits."""
_TEXT = f"{{{_STANDARD}text:1.0}}"
_SPAN = f"{_TEXT}span"
_ENVIRONMENT_CALL = re.compile(r"\b(CELL|INFO)\s*\(", re.IGNORECASE)
"""Formulas whose value is the file's path or a fact of the machine."""
_FORMULA = f"{{{_STANDARD}table:1.0}}formula"
_VALUES = (f"{{{_STANDARD}office:1.0}}string-value", f"{{{_STANDARD}office:1.0}}value")
_PERSONAL_ATTRIBUTES = frozenset(
    {"rsid", "author", "title", "desc", "protection-key", "class-names", "pages", "visited-style-name"}
)
_NAMING = ("name", "layer", "stroke-dash", "marker-start", "marker-end")
"""The ends of the names of attributes that give a name, or refer to one."""
_CLIP = f"{{{_STANDARD}xsl-fo-compatible:1.0}}clip"
_OBJECT = f"{_FORMATS}chart"
"""The media type of an embedded object: nearly always a chart."""
_VERSION = f"{{{_STANDARD}office:1.0}}version"
_DOCUMENT = re.compile(r"(Object \d+/)?(content|styles)\.xml")
_IMAGE = re.compile(r"(\./)?(Object \d+/)?Pictures/[^/]+")
_PREFIXES = ("of", "oooc", "ooow", "xlink", "office")


class OpenDocumentScrubber:
    """Cleans OpenDocument texts, spreadsheets and presentations."""

    mimes = MIMES

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with zip_container.open_archive(source, limits) as parts:
            mime = parts.read("mimetype").decode("ascii", errors="replace").strip()
            if mime not in MIMES or "content.xml" not in parts:
                raise Unclean("damaged")
            if b"encryption-data" in parts.read("META-INF/manifest.xml"):
                raise Unclean("encrypted")
            zip_container.write_archive(target, _clean_parts(parts, mime, EmbeddedImages(target.parent, limits)))
        return mime


def _clean_parts(parts: Archive, mime: str, images: EmbeddedImages) -> dict[str, bytes]:
    names: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    for name in parts.names:
        if _IMAGE.fullmatch(name):
            kept_as = f"Pictures/{len(names) + 1}"
            data, ending = images.clean(parts.read(name))
            names[name] = f"{kept_as}.{ending}"
            kept[names[name]] = data
    version = ""
    new: dict[str, str] = {}
    for name in parts.names:
        if _DOCUMENT.fullmatch(name):
            root = office_xml.parse(parts.read(name))
            version = version or root.get(_VERSION, "")
            if any(re.search("[1-9]", one.get(_CLIP, "")) for one in root.iter("{*}graphic-properties")):
                kept |= dict.fromkeys(names.values(), BLANK_PNG)
            _clean(root, names, new, sheets=mime.endswith("spreadsheet"))
            kept[name] = office_xml.serialize(root, _PREFIXES)
    return {"mimetype": mime.encode(), **kept, "META-INF/manifest.xml": _manifest(mime, kept, version)}


def _clean(root: etree._Element, names: dict[str, str], new: dict[str, str], *, sheets: bool) -> None:
    office_xml.remove_foreign_names(root, lambda space: not space or space.startswith(_KNOWN))
    unseen = [one.getparent() for one in root.iter("{*}text-properties") if one.get(f"{_TEXT}display") == "none"]
    hidden = {style.get(f"{{{_STANDARD}style:1.0}}name") for style in unseen if style is not None}
    for element in list(root.iter()):
        name = office_xml.local_name(element.tag)
        described = name in {"title", "desc"} and not element.tag.startswith(_TEXT)
        closed = name == "section" and element.get(f"{_TEXT}display") == "none"
        if name in _REMOVED or described or closed or element.get(f"{_TEXT}style-name", "") in hidden:
            office_xml.remove_element(element)
            continue
        if name == "change-info":
            _anonymize_change(element)
        if (personal := _PERSONAL_FIELD.match(name)) or _FIELD.match(element.tag):
            element.tag, element.text = _SPAN, "" if personal else element.text
            element.attrib.clear()
        if _ENVIRONMENT_CALL.search(element.get(_FORMULA, "")):
            _clear_value(element)
        _clean_attributes(element, name, new, seen=sheets and name == "table")
        _point_to_copy(element, names)
    for link in root.iter():
        target = link.get(_HREF, "")
        if target[1:] in new:
            link.set(_HREF, f"#{new[target[1:]]}")


def _anonymize_change(change: etree._Element) -> None:
    """Set an empty author and date on a tracked change: if they are missing, LibreOffice shows deleted text again."""
    for child in list(change):
        change.remove(child)
    for name, text in (("creator", "-"), ("date", "1970-01-01T00:00:00")):
        etree.SubElement(change, f"{{{_DUBLIN}}}{name}", nsmap={"dc": _DUBLIN}).text = text


def _clear_value(cell: etree._Element) -> None:
    for key in _VALUES:
        cell.attrib.pop(key, None)
    cell.text = ""
    for child in cell.iterdescendants():
        child.text = child.tail = ""
        child.attrib.pop(_FORMULA, None)  # so that no cell in it is cleared again


def _clean_attributes(element: etree._Element, name: str, new: dict[str, str], *, seen: bool) -> None:
    """Clean the attributes of an element. `seen`: its own name is seen, as that of a sheet is."""
    for key, value in list(element.attrib.items()):
        plain = office_xml.local_name(str(key))
        elsewhere = office_xml.ELSEWHERE if key == _FORMULA else office_xml.LOCAL_PATH
        if (plain != "href" and elsewhere.search(value)) or plain in _PERSONAL_ATTRIBUTES:
            del element.attrib[key]
        elif "font-family" in plain or "font-name" in plain or (name == "font-face" and plain == "name"):
            element.set(key, value if is_public(value) else "Arial")
        elif plain.endswith(_NAMING) and "font-style" not in plain and not (seen and plain == "name"):
            known = office_xml.KNOWN_NAME.fullmatch(value.replace("_20_", " "))
            element.set(key, value if known else new.setdefault(value, f"n{len(new)}"))


def _point_to_copy(element: etree._Element, names: dict[str, str]) -> None:
    target = element.get(_HREF)
    if target is None:
        return
    inside = target.removeprefix("./")
    if inside in names:
        element.set(_HREF, names[inside])
    elif not re.match(r"#|\./Object \d+\Z", target):
        element.set(_HREF, "#")


def _manifest(mime: str, kept: dict[str, bytes], version: str) -> bytes:
    """Return the manifest. LibreOffice opens only files whose parts and manifest name the same version."""
    space = f"{_STANDARD}manifest:1.0"
    kinds = {"xml": "text/xml", "png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "tiff": "image/tiff"}
    objects = sorted({found[1] for name in kept if (found := _DOCUMENT.fullmatch(name)) and found[1]})
    entries = [(name, kinds.get(name.rpartition(".")[2], "")) for name in kept]
    entries += [(folder, _OBJECT) for folder in objects]
    attribute = f' manifest:version="{version}"' if re.fullmatch(r"\d\.\d", version) else ""
    lines = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>' for name, kind in entries
    )
    root = f'<manifest:file-entry manifest:full-path="/"{attribute} manifest:media-type="{mime}"/>'
    return f'<manifest:manifest xmlns:manifest="{space}"{attribute}>{root}{lines}</manifest:manifest>'.encode()
