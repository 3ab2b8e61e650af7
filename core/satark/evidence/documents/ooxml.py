"""Word, Excel and PowerPoint files (ECMA-376): what a reader sees passes, by lists of what that needs.

A part passes if it is reached from the document by a relationship of a kind in `KINDS`; an element or attribute, if
it is of the standard itself: programs' own extensions, where authors' accounts and machines' paths stand, never are.
Properties, custom data, macros, printers' settings, embedded files, thumbnails and revision numbers do not pass.
Remarks and tracked changes stay, without who made them and when.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from satark.evidence.documents import office_fields, office_xml, zip_archive
from satark.evidence.documents.embedded_images import EmbeddedImages
from satark.scrubber import Unclean

if TYPE_CHECKING:
    from pathlib import Path

    from lxml import etree

    from satark.evidence.documents.zip_archive import Archive
    from satark.limits import Limits

_FORMATS = "application/vnd.openxmlformats-officedocument."
PROGRAMS = {
    "word": (f"{_FORMATS}wordprocessingml.document", "document"),
    "xl": (f"{_FORMATS}spreadsheetml.sheet", "workbook"),
    "ppt": (f"{_FORMATS}presentationml.presentation", "presentation"),
}
"""Folder of a program → the type of its files without macros, and the name of the main part."""
MACROS = {
    "application/vnd.ms-word.document.macroEnabled.12": "word",
    "application/vnd.ms-excel.sheet.macroEnabled.12": "xl",
    "application/vnd.ms-powerpoint.presentation.macroEnabled.12": "ppt",
}
_WORD = "styles numbering fontTable theme header footer footnotes endnotes comments image hyperlink chart"
_EXCEL = "worksheet chartsheet sharedStrings drawing table vmlDrawing"
_POWERPOINT = "slide slideLayout slideMaster notesSlide notesMaster tableStyles commentAuthors"
_DIAGRAM = "diagramData diagramLayout diagramQuickStyle diagramColors themeOverride"
KINDS = frozenset(f"{_WORD} {_EXCEL} {_POWERPOINT} {_DIAGRAM}".split())
"""The relationships that are followed, by the last word of their type."""
_REMOVED = frozenset(
    "extLst absPath fileVersion fileSharing fileRecoveryPr customWorkbookViews customSheetViews externalReferences "  # noqa: SIM905 - a list of names
    "pivotCaches smartTagPr webPublishing webPublishItems oleObjects controls OLEObject externalData custDataLst "
    "modifyVerifier photoAlbum smartTags tags attachedTemplate docVars mailMerge control userShapes dataBinding "
    "queryTableFields alias tag proofErr lastRenderedPageBreak custShowLst connection".split()
)
_UNSAID = frozenset(
    "rsidR rsidRPr rsidRDefault rsidP rsidTr rsidSect rsidDel date dateUtc dt userId providerId userName lastEdited "  # noqa: SIM905 - a list of names
    "codeName uid guid descr title alt tableType connectionId queryTableFieldId href src filterPrivacy spid".split()
)
_AUTHOR = "-"
_NAMED = frozenset({"docPr", "cNvPr"})
_KNOWN = (
    "http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/", "urn:schemas-microsoft-com:vml",
    "urn:schemas-microsoft-com:office:office", "urn:schemas-microsoft-com:office:word",
    "urn:schemas-microsoft-com:office:excel", "urn:schemas-microsoft-com:office:powerpoint",
)  # fmt: skip
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_REFERENCES = ("/officeDocument/2006/relationships", "/ooxml/officeDocument/relationships")
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = re.compile(r"application/vnd\.(openxmlformats-officedocument|ms-[a-z]+)[\w.+-]{1,120}")
_MACRO = re.compile(
    r"application/vnd\.ms-(word|excel|powerpoint)\.\w+\.macroEnabled(Template)?(\.12)?(\.main)?(\+xml)?"
)


class OoxmlScrubber:
    """Cleans Word, Excel and PowerPoint files; macros go."""

    mimes = frozenset({mime for mime, _ in PROGRAMS.values()} | set(MACROS))

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        with zip_archive.open_archive(source, limits) as parts:
            copy = _Copy(parts, EmbeddedImages(target.parent, limits))
            copy.take_main()
            zip_archive.write_archive(target, copy.written())
        return PROGRAMS[copy.program][0]


class _Copy:
    """The clean file as it grows: parts under names of our own, reached from the main one."""

    def __init__(self, parts: Archive, pictures: EmbeddedImages) -> None:
        self._parts = parts
        self._pictures = pictures
        self._types = _content_types(office_xml.parse(parts.read("[Content_Types].xml")))
        self._names: dict[str, str] = {}
        self._data: dict[str, bytes] = {}
        self._declared: dict[str, str] = {}
        self.program = ""

    def take_main(self) -> None:
        """Take the main part, and from there all that it needs."""
        main = next((t for _, kind, t, _ in _relationships(self._parts, "") if kind == "officeDocument"), "")
        self.program = main.partition("/")[0]
        if self.program not in PROGRAMS or main not in self._parts:
            raise Unclean("damaged")
        waiting = [self._name(main, PROGRAMS[self.program][1])]
        while waiting:
            waiting += self._take(waiting.pop())

    def _name(self, part: str, kind: str) -> str:
        number = "" if not self._names else str(len(self._names))
        ending = "vml" if kind == "vmlDrawing" else "xml"
        self._names[part] = f"{self.program}/{kind}{number}.{ending}"
        return part

    def _take(self, part: str) -> list[str]:
        """Take one part, and give those that it is the first to need."""
        found: list[str] = []
        kept: list[tuple[str, str, str, bool]] = []
        ids: dict[str, str] = {}
        for old, kind, target, external in _relationships(self._parts, part):
            if kind not in KINDS or (
                external and not (kind == "hyperlink" and target.lower().startswith(office_xml.SCHEMES))
            ):
                continue
            if not external and target not in self._names:
                if target not in self._parts:
                    continue
                if kind == "image":
                    self._take_picture(target)
                else:
                    found.append(self._name(target, kind))
            ids[old] = f"rId{len(ids) + 1}"
            kept.append((ids[old], kind, target if external else self._names[target], external))
        self._write(part, ids)
        if kept:
            self._data[_sheet(self._names[part])] = _written(kept)
        return found

    def _take_picture(self, part: str) -> None:
        data, ending = self._pictures.clean(self._parts.read(part))
        self._names[part] = name = f"{self.program}/image{len(self._names)}.{ending}"
        self._data[name] = data
        self._declared[name] = f"image/{ending}"

    def _write(self, part: str, ids: dict[str, str]) -> None:
        name = self._names[part]
        root = office_xml.parse(self._parts.read(part))
        _clean(root, ids)
        self._data[name] = office_xml.serialize(root)
        kind = self._types.get(part.lower()) or self._types.get("." + part.rpartition(".")[2].lower(), "")
        if _MACRO.fullmatch(kind) or name == f"{self.program}/{PROGRAMS[self.program][1]}.xml":
            kind = f"{PROGRAMS[self.program][0]}.main+xml"
        self._declared[name] = kind if _TYPE.fullmatch(kind) else "application/xml"

    def written(self) -> dict[str, bytes]:
        """Every part of the clean file, the list of types first."""
        main = f"{self.program}/{PROGRAMS[self.program][1]}.xml"
        types = "".join(f'<Override PartName="/{n}" ContentType="{t}"/>' for n, t in self._declared.items())
        defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        return {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}content-types">{defaults}{types}</Types>'.encode(),
            "_rels/.rels": _written([("rId1", "officeDocument", main, False)], folder=""),
            **self._data,
        }


def _content_types(root: etree._Element) -> dict[str, str]:
    """Part name (lower case), or ending with its dot, → type."""
    found = {}
    for child in root:
        name = child.get("PartName", "").lstrip("/") or "." + child.get("Extension", "")
        found[name.lower()] = child.get("ContentType", "")
    return found


def _sheet(part: str) -> str:
    folder, _, name = part.rpartition("/")
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _relationships(parts: Archive, part: str) -> list[tuple[str, str, str, bool]]:
    """Each relationship of a part: id, last word of its type, target (a part's full name), whether it leads outside."""
    sheet = _sheet(part)
    if sheet not in parts:
        return []
    found = []
    for child in office_xml.parse(parts.read(sheet)):
        target, external = child.get("Target", ""), child.get("TargetMode") == "External"
        if not external:
            target = posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")
        found.append((child.get("Id", ""), child.get("Type", "").rpartition("/")[2], target, external))
    return found


def _written(kept: list[tuple[str, str, str, bool]], folder: str | None = None) -> bytes:
    root = office_xml.parse(f'<Relationships xmlns="{_PACKAGE}relationships"/>'.encode())
    for number, kind, target, external in kept:
        child = root.makeelement(f"{{{_PACKAGE}relationships}}Relationship")
        inside = target if folder == "" else target.rpartition("/")[2]
        child.set("Id", number)
        child.set("Type", f"{_OFFICE}/{kind}")
        child.set("Target", target if external else inside)
        if external:
            child.set("TargetMode", "External")
        root.append(child)
    return office_xml.serialize(root)


def _clean(root: etree._Element, ids: dict[str, str]) -> None:
    _fall_back(root)
    office_xml.remove_foreign_names(
        root, lambda space: not space or (space.startswith(_KNOWN) and space != _COMPATIBILITY)
    )
    office_fields.clear_fields(root)
    authors = {element.text.strip() for element in root.iter() if _is(element, "author") and element.text}
    for element in list(root.iter()):
        if office_xml.local_name(element.tag) in _REMOVED or not _refer(element, ids):
            office_xml.remove_element(element)
        else:
            _unsay(element)
    _unsign(root, authors)


def _fall_back(root: etree._Element) -> None:
    """Put in the place of each alternative what a program without extensions shows."""
    for choice in list(root.iter(f"{{{_COMPATIBILITY}}}AlternateContent")):
        for fallback in choice.findall(f"{{{_COMPATIBILITY}}}Fallback"):
            for child in list(fallback):
                choice.addprevious(child)
        office_xml.remove_element(choice)


def _refer(element: etree._Element, ids: dict[str, str]) -> bool:
    """Point an element's references to the new ids; False where it is nothing but one that leads nowhere now."""
    for name in list(element.attrib):
        if not office_xml.namespace(str(name)).endswith(_REFERENCES):
            continue
        new = ids.get(element.attrib[name])
        if new:
            element.set(name, new)
        else:
            del element.attrib[name]
            if not len(element) and element.getparent() is not None:
                return False
    return True


def _unsay(element: etree._Element) -> None:
    tag = office_xml.local_name(element.tag)
    for name in list(element.attrib):
        plain = office_xml.local_name(str(name))
        if plain in {"author", "initials"} or (tag == "cmAuthor" and plain == "name"):
            element.set(name, _AUTHOR)
        elif plain == "name" and tag in _NAMED:
            element.set(name, "")
        elif plain in _UNSAID or plain.startswith("rsid") or office_xml.LOCAL_PATH.search(element.attrib[name]):
            del element.attrib[name]
    if tag == "author" or (tag == "instrText" and office_xml.LOCAL_PATH.search(element.text or "")):
        element.text = _AUTHOR if tag == "author" else ""


def _unsign(root: etree._Element, authors: set[str]) -> None:
    """Take the author's name off the head of each remark: Excel writes it there as words of the remark."""
    if office_xml.local_name(root.tag) != "comments":
        return
    heads = {f"{author}:" for author in authors}
    for element in root.iter():
        if _is(element, "t") and (element.text or "").strip() in heads:
            element.text = ""


def _is(element: etree._Element, name: str) -> bool:
    return bool(office_xml.local_name(element.tag) == name)
