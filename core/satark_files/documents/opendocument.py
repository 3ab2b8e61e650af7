"""Cleans OpenDocument files (ISO/IEC 26300): texts, spreadsheets and presentations.

It keeps only the package's content, styles and images, and in these only the elements and attributes of the standard;
an author's own names are numbered, and if a part of a picture is cut off, all pictures become blank. Tracked
changes are accepted; comments stay, without author and date.
"""

import re
from itertools import islice
from pathlib import Path

from lxml import etree

from satark_files.documents import office_xml, zip_container
from satark_files.documents.embedded_images import BLANK_PNG, EmbeddedImages
from satark_files.documents.typefaces import is_public
from satark_files.documents.zip_container import Archive
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean

_FORMATS = "application/vnd.oasis.opendocument."
MIMES = frozenset({f"{_FORMATS}text", f"{_FORMATS}spreadsheet", f"{_FORMATS}presentation", f"{_FORMATS}graphics"})
_STANDARD = "urn:oasis:names:tc:opendocument:xmlns:"
_KNOWN = (_STANDARD, "http://www.w3.org/1999/xlink", "http://www.w3.org/1998/Math/MathML")
_HREF = "{http://www.w3.org/1999/xlink}href"
_REMOVED = frozenset(
    "meta scripts script event-listeners dde-connection-decls forms dde-source dde-links section-source table-source "  # noqa: SIM905 - a list of names
    "cell-range-source database-source-sql database-source-query database-source-table data-pilot-tables consolidation "
    "scenario help-message error-message error-macro plugin applet floating-frame image-map "
    "user-field-decls variable-decls tracked-changes change change-start change-end".split()
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
"""Further fields, which are replaced by their text: they name its source, or only editors see them."""
_TEXT, _TABLE, _STYLE, _FO = (f"{{{_STANDARD}{name}:1.0}}" for name in ("text", "table", "style", "xsl-fo-compatible"))
_SHOWN = f"{_TEXT}display"
_HIDING = {
    _SHOWN: "none", f"{_TABLE}display": "false", f"{{{_STANDARD}presentation:1.0}}visibility": "hidden",
}  # fmt: skip
"""Properties of a style → their values that hide elements with the style."""
_STYLED = (f"{_TEXT}style-name", f"{_TABLE}style-name", f"{{{_STANDARD}drawing:1.0}}style-name")
_REPEATED = f"{_TABLE}number-columns-repeated"
_COLUMNS = 16_384
"""Most columns of a sheet."""
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
            kept, hidden = _clean_parts(parts, mime, EmbeddedImages(target.parent, limits))
            zip_container.write_archive(target, kept)
        return Cleaned(mime, left_out=("hidden",) if hidden else ())


def _clean_parts(parts: Archive, mime: str, images: EmbeddedImages) -> tuple[dict[str, bytes], bool]:
    """Return the parts of the clean copy, and whether something hidden was removed."""
    names: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    for name in parts.names:
        if _IMAGE.fullmatch(name):
            kept_as = f"Pictures/{len(names) + 1}"
            data, ending = images.clean(parts.read(name))
            names[name] = f"{kept_as}.{ending}"
            kept[names[name]] = data
    version, hidden = "", False
    new: dict[str, str] = {}
    for name in parts.names:
        if _DOCUMENT.fullmatch(name):
            root = office_xml.parse(parts.read(name))
            version = version or root.get(_VERSION, "")
            if any(re.search("[1-9]", one.get(_CLIP, "")) for one in root.iter("{*}graphic-properties")):
                kept |= dict.fromkeys(names.values(), BLANK_PNG)
            hidden |= _remove_hidden(root)
            _clean(root, names, new, sheets=mime.endswith("spreadsheet"))
            kept[name] = office_xml.serialize(root, _PREFIXES)
    return {"mimetype": mime.encode(), **kept, "META-INF/manifest.xml": _manifest(mime, kept, version)}, hidden


def _remove_hidden(root: etree._Element) -> bool:
    """Remove hidden or deleted text, sheets, slides, and empty hidden rows and columns; return if any was there."""
    unseen = {
        style.get(f"{_STYLE}name")
        for style in root.iter(f"{_STYLE}style")
        for one in style
        if any(one.get(key) == value for key, value in _HIDING.items())
        or one.get(f"{_FO}color", "") == one.get(f"{_FO}background-color")
    }
    gone = [one for one in root.iter() if any(one.get(key) in unseen for key in _STYLED) or one.get(_SHOWN) == "none"]
    gone += root.iter("{*}deletion", "{*}previous")  # the former text, in a record of tracked changes
    for element in gone:
        office_xml.remove_element(element)
    emptied = False
    for table in root.iter(f"{_TABLE}table"):
        closed = (_is_hidden(one) for one in table.iter(f"{_TABLE}table-column") for _ in range(_repeated(one)))
        columns = list(islice(closed, _COLUMNS))
        for row in table.iter(f"{_TABLE}table-row"):
            at, whole = 0, _is_hidden(row)
            for cell in row:
                if len(cell) and (whole or any(columns[at : at + 1])):
                    emptied = True
                    del cell[:]
                    for key in {*cell.attrib} - {_REPEATED}:
                        del cell.attrib[key]
                at += _repeated(cell)
    for cell in root.iter(f"{_TABLE}table-cell") if gone or emptied else ():
        cell.attrib.pop(_FORMULA, None)  # it may refer to what was removed
    return bool(gone) or emptied


def _is_hidden(one: etree._Element) -> bool:
    return bool(one.get(f"{_TABLE}visibility", "visible") != "visible")


def _repeated(one: etree._Element) -> int:
    times = one.get(_REPEATED, "1")
    return min(int(times), _COLUMNS) if re.fullmatch(r"[0-9]{1,6}", times) else 1


def _clean(root: etree._Element, names: dict[str, str], new: dict[str, str], *, sheets: bool) -> None:
    office_xml.remove_foreign_names(root, lambda space: not space or space.startswith(_KNOWN))
    for element in list(root.iter()):
        name = office_xml.local_name(element.tag)
        described = name in {"title", "desc"} and not element.tag.startswith(_TEXT)
        if name in _REMOVED or described:
            office_xml.remove_element(element)
            continue
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


def _clear_value(cell: etree._Element) -> None:
    for key in _VALUES:
        cell.attrib.pop(key, None)
    cell.text = ""
    for child in cell.iterdescendants():
        child.text = child.tail = ""
        child.attrib.pop(_FORMULA, None)  # so that no cell in it is cleared again


def _clean_attributes(element: etree._Element, name: str, new: dict[str, str], *, seen: bool) -> None:
    """Clean the attributes of an element. `seen`: its own name is visible, as a sheet's is."""
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
