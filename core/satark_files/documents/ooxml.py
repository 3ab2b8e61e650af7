"""Cleans Word, Excel and PowerPoint files (Office Open XML, ECMA-376): copies only what a reader sees.

A part is kept if relationships of a kind in `KINDS` lead to it from the document. An element or attribute is kept if
the standard defines it: programs' own extensions hold authors' accounts and machines' paths. Properties, custom data,
macros, printer settings, embedded files, thumbnails and revision numbers are removed too; so are addresses of links,
hidden text, and cut-off parts of pictures. Tracked changes are accepted; comments stay, without author and date.
"""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from satark_files.documents import office_xml, zip_container
from satark_files.documents.embedded_images import EmbeddedImages, Sides
from satark_files.documents.hidden_content import HiddenContent
from satark_files.documents.typefaces import is_public
from satark_files.documents.zip_container import Archive
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Unclean

_FORMATS = "application/vnd.openxmlformats-officedocument."
PROGRAMS = {
    "word": (f"{_FORMATS}wordprocessingml.document", "document"),
    "xl": (f"{_FORMATS}spreadsheetml.sheet", "workbook"),
    "ppt": (f"{_FORMATS}presentationml.presentation", "presentation"),
}
"""Folder of a program → the MIME type of its files without macros, and the name of the main part."""
MACROS = {
    "application/vnd.ms-word.document.macroEnabled.12": "word",
    "application/vnd.ms-excel.sheet.macroEnabled.12": "xl",
    "application/vnd.ms-powerpoint.presentation.macroEnabled.12": "ppt",
}
_WORD = "styles numbering fontTable theme header footer footnotes endnotes comments image chart"
_EXCEL = "worksheet chartsheet sharedStrings drawing table vmlDrawing"
_POWERPOINT = "slide slideLayout slideMaster notesSlide notesMaster tableStyles commentAuthors"
_DIAGRAM = "diagramData diagramLayout diagramQuickStyle diagramColors themeOverride"
KINDS = frozenset(f"{_WORD} {_EXCEL} {_POWERPOINT} {_DIAGRAM}".split())
"""The last segments of the types of the relationships that are followed."""
_REMOVED = frozenset(
    "extLst absPath fileVersion fileSharing fileRecoveryPr customWorkbookViews customSheetViews externalReferences "  # noqa: SIM905 - a list of names
    "pivotCaches smartTagPr webPublishing webPublishItems oleObjects controls OLEObject externalData custDataLst "
    "modifyVerifier photoAlbum smartTags tags attachedTemplate docVars mailMerge control userShapes dataBinding "
    "queryTableFields alias tag proofErr lastRenderedPageBreak custShowLst connection customXmlPr "
    "fldData helpText statusText textInput entryMacro exitMacro sdtPr sdtEndPr permStart permEnd tblCaption "
    "tblDescription nsid tmpl aliases altName embedRegular embedBold embedItalic embedBoldItalic schemaLibrary "
    "moveFromRangeStart moveFromRangeEnd moveToRangeStart moveToRangeEnd scenarios protectedRanges sheetProtection "
    "workbookProtection webPublishObjects dataConsolidate cellWatches functionGroups cellStyles printSettings "
    "signatureline latentStyles tableStyles dataValidations rPh phoneticPr pPrChange rPrChange sectPrChange "
    "tblPrChange tblPrExChange tblGridChange trPrChange tcPrChange numberingChange".split()
)
_PERSONAL_ATTRIBUTES = frozenset(
    "rsidR rsidRPr rsidRDefault rsidP rsidTr rsidSect rsidDel date dateUtc dt userId providerId userName lastEdited "  # noqa: SIM905 - a list of names
    "codeName uid guid descr title alt tableType connectionId queryTableFieldId href src filterPrivacy spid "
    "tooltip comment customMenu description help statusBar xlm function vbProcedure display class "
    "target gfxdata print promptTitle prompt errorTitle error uniqueName macro textlink docLocation tgtFrame "
    "invalidUrl styleName text dataCellStyle headerRowCellStyle totalsRowCellStyle".split()
)
_AUTHOR = "-"
_TEXTS = re.compile(r"t|v|instrText|f|formula\d?|definedName|text|formatCode|separator|attrName|\w+(Header|Footer)")
"""Elements that may have any text. Others may only have text that `_TECHNICAL` matches."""
_TECHNICAL = re.compile(
    r"[-\d\s.,%]*|\{[0-9A-F-]{36}\}|left|right|center|top|bottom|inside|outside|justify|true|false", re.IGNORECASE
)
_FORMULA = re.compile(r"f|formula\d?|definedName")
_NAMES = re.compile(r"font|sheet|table|tableColumn|definedName|bookmarkStart|gd|layoutNode|forEach")
"""Elements whose names are visible or referred to. The names of other elements are emptied."""
_STYLES = re.compile(r"[prst]\w*Style|basedOn|next|link|styleLink|numStyleLink|style")
"""Elements of Word that refer to a style or define one."""
_TYPEFACES = frozenset({"ascii", "hAnsi", "cs", "eastAsia", "typeface", "font"})
_CUTS = ("l", "t", "r", "b"), ("cropleft", "croptop", "cropright", "cropbottom")
"""The attributes for the cut-off shares of a picture, in a drawing and in an old one (VML)."""
_KNOWN = (
    "http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/", "urn:schemas-microsoft-com:vml",
    "urn:schemas-microsoft-com:office:office", "urn:schemas-microsoft-com:office:word",
    "urn:schemas-microsoft-com:office:excel", "urn:schemas-microsoft-com:office:powerpoint",
)  # fmt: skip
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_REFERENCES = (f"{{{_OFFICE}}}", "{http://purl.oclc.org/ooxml/officeDocument/relationships}")
_TYPE = re.compile(r"application/vnd\.(openxmlformats-officedocument|ms-[a-z]+)[\w.+-]{1,120}")
_MACRO = re.compile(
    r"application/vnd\.ms-(word|excel|powerpoint)\.\w+\.macroEnabled(Template)?(\.12)?(\.main)?(\+xml)?"
)


class OoxmlScrubber:
    """Cleans Word, Excel and PowerPoint files, and removes their macros."""

    mimes = frozenset({mime for mime, _ in PROGRAMS.values()} | set(MACROS))

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        try:
            with zip_container.open_archive(source, limits) as parts:
                return self._copy(parts, target, limits)
        except Unclean as unclean:
            if unclean.reason != "damaged":
                raise
        with zip_container.open_archive(source, limits) as parts:
            percent = office_xml.drop_broken_parts(parts)
            return self._copy(parts, target, limits, percent)

    def _copy(self, parts: Archive, target: Path, limits: Limits, readable: int = 100) -> Cleaned:
        package = _CleanPackage(parts, EmbeddedImages(target.parent, limits))
        package.copy_main()
        zip_container.write_archive(target, package.parts())
        left_out: tuple[LeftOut, ...] = ("hidden",) if package.hidden.found else ()
        return Cleaned(PROGRAMS[package.program][0], readable=readable, left_out=left_out)


class _CleanPackage:
    """Builds the clean file: copies parts under new names, the main part first."""

    def __init__(self, parts: Archive, images: EmbeddedImages) -> None:
        self._parts = parts
        self._images = images
        self._types = _content_types(office_xml.parse(parts.read("[Content_Types].xml")))
        self._names: dict[str, str] = {}
        self._data: dict[str, bytes] = {}
        self._declared: dict[str, str] = {}
        self._styles: dict[str, str] = {}
        self._strings = ""
        self.hidden = HiddenContent(parts)
        self.program = ""

    def copy_main(self) -> None:
        """Copy the main part and every part that it needs."""
        main = next((t for _, kind, t in _relationships(self._parts, "") if kind == "officeDocument"), "")
        self.program = main.partition("/")[0]
        if self.program not in PROGRAMS or main not in self._parts:
            raise Unclean("damaged")
        for table in (name for name in self._parts.names if "/tables/" in name):
            name = office_xml.parse(self._parts.read(table)).get("displayName", "")
            self._styles[name] = f"Table{len(self._styles)}"
        waiting = [self._name(main, PROGRAMS[self.program][1])]
        while waiting:
            waiting += self._copy_part(waiting.pop())
        if self._strings:  # the last part, since it depends on the cells which of them are shown
            self._copy_part(self._strings)

    def _name(self, part: str, kind: str) -> str:
        number = "" if not self._names else str(len(self._names))
        ending = "vml" if kind == "vmlDrawing" else "xml"
        self._names[part] = f"{self.program}/{kind}{number}.{ending}"
        return part

    def _copy_part(self, part: str) -> list[str]:
        """Copy one part; return the parts that it needs and no earlier part needed."""
        root = office_xml.parse(self._parts.read(part))
        related = _relationships(self._parts, part)
        self.hidden.remove(root, related)
        _use_fallbacks(root)
        office_xml.drop_removed(root)  # before what is left is asked which pictures it shows
        cuts = _cut_pictures(root)
        used = {value for element in root.iter() for value in element.attrib.values()}
        found: list[str] = []
        kept: list[tuple[str, str, str]] = []
        ids: dict[str, str] = {}
        copies = [(*one, kind, to) for first, kind, to in related for one in ((first, ()), *cuts.get(first, ()))]
        for old, cut, kind, target in copies:
            if kind not in KINDS or (kind == "image" and old not in used) or target not in self._parts:
                continue
            if target in self.hidden.parts:
                continue
            new = f"{target}{cut or ''}"
            if new not in self._names and kind == "image":
                self._copy_image(target, new, cut)
            elif new not in self._names and kind == "sharedStrings":
                self._strings = self._name(target, kind)
            elif new not in self._names:
                found.append(self._name(target, kind))
            ids[old] = f"rId{len(ids) + 1}"
            kept.append((ids[old], kind, self._names[new]))
        self._write(part, root, ids)
        if kept:
            self._data[_relationships_of(self._names[part])] = _relationships_xml(kept)
        return found

    def _copy_image(self, part: str, new: str, cut: Sides) -> None:
        data, ending = self._images.clean(self._parts.read(part), cut)
        self._names[new] = name = f"{self.program}/image{len(self._names)}.{ending}"
        self._data[name] = data
        self._declared[name] = f"image/{ending}"

    def _write(self, part: str, root: etree._Element, ids: dict[str, str]) -> None:
        name = self._names[part]
        _clean(root, ids, self._styles)
        self._data[name] = office_xml.serialize(root)
        kind = self._types.get(part.lower()) or self._types.get("." + part.rpartition(".")[2].lower(), "")
        if _MACRO.fullmatch(kind) or name == f"{self.program}/{PROGRAMS[self.program][1]}.xml":
            kind = f"{PROGRAMS[self.program][0]}.main+xml"
        self._declared[name] = kind if _TYPE.fullmatch(kind) else "application/xml"

    def parts(self) -> dict[str, bytes]:
        main = f"{self.program}/{PROGRAMS[self.program][1]}.xml"
        for name in self._data if self.program == "xl" and self.hidden.found else ():
            if re.match(r"xl/(worksheet|chart)\d", name):
                self._data[name] = self.hidden.values_alone(self._data[name])
        types = "".join(f'<Override PartName="/{n}" ContentType="{t}"/>' for n, t in self._declared.items())
        defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        return {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}content-types">{defaults}{types}</Types>'.encode(),
            "_rels/.rels": _relationships_xml([("rId1", "officeDocument", main)], folder=""),
            **self._data,
        }


def _content_types(root: etree._Element) -> dict[str, str]:
    """Return the content type of each part name in lower case, and of each extension with its dot."""
    names = [child.get("PartName", "").lstrip("/") or "." + child.get("Extension", "") for child in root]
    return {name.lower(): child.get("ContentType", "") for name, child in zip(names, root, strict=True)}


def _relationships_of(part: str) -> str:
    folder, _, name = part.rpartition("/")
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _relationships(parts: Archive, part: str) -> list[tuple[str, str, str]]:
    """Return id, last segment of the type, and target part of each relationship of a part, except external ones."""
    path = _relationships_of(part)
    found = []
    for child in office_xml.parse(parts.read(path)) if path in parts else ():
        target = posixpath.normpath(posixpath.join("/", posixpath.dirname(part), child.get("Target", ""))).lstrip("/")
        if child.get("TargetMode") != "External":
            found.append((child.get("Id", ""), child.get("Type", "").rpartition("/")[2], target))
    return found


def _relationships_xml(kept: list[tuple[str, str, str]], folder: str | None = None) -> bytes:
    root = office_xml.parse(f'<Relationships xmlns="{_PACKAGE}relationships"/>'.encode())
    for number, kind, target in kept:
        child = etree.SubElement(root, f"{{{_PACKAGE}relationships}}Relationship", Id=number, Type=f"{_OFFICE}/{kind}")
        child.set("Target", target if folder == "" else target.rpartition("/")[2])
    return office_xml.serialize(root)


def _cut_pictures(root: etree._Element) -> dict[str, list[tuple[str, Sides]]]:
    """Give each cut-off picture a new id. Return old id → new ids with the cut-off shares."""
    found: dict[str, list[tuple[str, Sides]]] = {}
    for picture in root.iter("{*}blip", "{*}imagedata"):
        rectangle = next(picture.itersiblings("{*}srcRect"), picture)
        cut = tuple(_share(rectangle.attrib.pop(key, "")) for key in _CUTS[rectangle is picture])
        for key in [key for key in picture.attrib if any(cut) and key.startswith(_REFERENCES)]:
            old = picture.attrib[key]
            picture.set(key, f"{old}{cut}")
            found.setdefault(old, []).append((f"{old}{cut}", cut))
    return found


def _share(text: str) -> float:
    """Return the share that a text means: 25000, 25%, 16384f and 0.25 are a quarter. A negative share cuts nothing."""
    found = re.fullmatch(r"(\d*\.?\d+)([f%]?)", text)
    unit = {"f": 65_536, "%": 100, "": 1 if "." in text else 100_000}
    return min(1.0, float(found[1]) / unit[found[2]]) if found else 0.0


def _clean(root: etree._Element, ids: dict[str, str], styles: dict[str, str]) -> None:
    office_xml.remove_foreign_names(
        root, lambda space: not space or (space.startswith(_KNOWN) and space != _COMPATIBILITY)
    )
    office_xml.clear_fields(root)
    etree.strip_tags(root, "{*}customXml", "{*}smartTag")
    _rename_bookmarks(root)
    _remove_unseen_formats(root)
    authors = {element.text.strip() for element in root.iter() if _is(element, "author") and element.text}
    for element in list(root.iter()):
        name = office_xml.local_name(element.tag)
        elsewhere = _FORMULA.fullmatch(name) and office_xml.ELSEWHERE.search(element.text or "")
        if (
            (name == "definedName" and (elsewhere or element.get("hidden") == "1"))
            or (name == "name" and not _is(element.getparent(), "style"))
            or name in _REMOVED
            or not _point_to_copy(element, ids)
        ):
            office_xml.remove_element(element)
        else:
            element.text = "" if elsewhere else element.text
            element.text = _renamed(element.text or "", styles) if _FORMULA.fullmatch(name) else element.text
            _clean_attributes(element, styles)
    _remove_author_headings(root, authors)


def _remove_unseen_formats(root: etree._Element) -> None:
    """Remove number formats that no style has, and conditional formats that have words in their conditions."""
    used = {None, *(one.get("numFmtId") for one in root.iter("{*}xf"))}
    for around in list(root.iter("{*}numFmts", "{*}conditionalFormatting")):
        around[:] = [one for one in around if one.get("numFmtId") in used and '"' not in "".join(one.itertext())]
        if not len(around):
            office_xml.remove_element(around)


def _rename_bookmarks(root: etree._Element) -> None:
    """Number the bookmarks, and use the numbers in links and fields that refer to them."""
    starts = list(root.iter("{*}bookmarkStart"))
    new = {value: f"b{n}" for n, one in enumerate(starts) for key, value in one.attrib.items() if key.endswith("}name")}
    for element in root.iter():
        for key, value in element.attrib.items():
            if value in new and (key.endswith("}anchor") or element.tag.endswith("}bookmarkStart")):
                element.set(key, new[value])
            elif key.endswith("}instr"):
                element.set(key, _renamed(value, new))
        if element.text and element.tag.endswith("}instrText"):
            element.text = _renamed(element.text, new)


def _renamed(instruction: str, new: Mapping[str, str]) -> str:
    return re.sub(r"\w+", lambda word: new.get(word[0], word[0]), instruction)


def _use_fallbacks(root: etree._Element) -> None:
    """Replace each alternative by its fallback, which programs without extensions show."""
    for choice in list(root.iter(f"{{{_COMPATIBILITY}}}AlternateContent")):
        for fallback in choice.findall(f"{{{_COMPATIBILITY}}}Fallback"):
            for child in list(fallback):
                choice.addprevious(child)
        office_xml.remove_element(choice)


def _point_to_copy(element: etree._Element, ids: dict[str, str]) -> bool:
    """Point an element's references to the new ids; return False if the element only refers to a removed part."""
    for name in [name for name in element.attrib if str(name).startswith(_REFERENCES)]:
        if element.attrib[name] in ids:
            element.set(name, ids[element.attrib[name]])
        else:
            del element.attrib[name]
            if not len(element) and element.getparent() is not None:
                return False
    return True


def _clean_attributes(element: etree._Element, styles: dict[str, str]) -> None:
    tag = office_xml.local_name(element.tag)
    _rename_style(element, tag, styles)
    for name, value in list(element.attrib.items()):
        plain = office_xml.local_name(str(name))
        font = plain in _TYPEFACES or (plain == "val" and tag == "rFont") or (plain == "name" and tag == "font")
        if plain in {"author", "initials"} or (tag == "cmAuthor" and plain == "name"):
            element.set(name, _AUTHOR)
        elif plain == "name" and not _NAMES.fullmatch(tag) and not office_xml.KNOWN_NAME.fullmatch(value):
            element.set(name, "")
        elif plain in {"name", "displayName"} and tag in {"table", "definedName"} and not value.startswith("_xl"):
            element.set(name, styles.setdefault(value, f"n{len(styles)}"))
        elif font and not value.startswith("+") and not is_public(value):
            element.set(name, "Arial")
        elif (
            plain in _PERSONAL_ATTRIBUTES
            or plain.startswith("rsid")
            or (name == "id" and ":vml}" in element.tag and not value.startswith("_x0000_"))
            or office_xml.LOCAL_PATH.search(value)
        ):
            del element.attrib[name]
    element.tail = ""
    if not _TEXTS.fullmatch(tag) and not _TECHNICAL.fullmatch(element.text or ""):
        element.text = _AUTHOR if tag == "author" else ""


def _rename_style(element: etree._Element, tag: str, styles: dict[str, str]) -> None:
    """Number the styles of Word wherever they are named. Word's own names stay."""
    own = tag == "name" and _is(element.getparent(), "style")
    for name, value in element.attrib.items() if own or "wordprocessingml" in element.tag else ():
        if (own and not office_xml.KNOWN_NAME.fullmatch(value)) or (
            _STYLES.fullmatch(tag) and name.endswith(("}val", "}styleId"))
        ):
            element.set(name, styles.setdefault(value, f"s{len(styles)}"))


def _remove_author_headings(root: etree._Element, authors: set[str]) -> None:
    """Remove the author's name from the text of each comment, where Excel writes it as a heading."""
    if office_xml.local_name(root.tag) != "comments":
        return
    for element in root.iter("{*}t"):
        if (found := re.match(r"\s*([^:]*):", element.text or "")) and found[1].rstrip() in authors:
            element.text = element.text[found.end() :]


def _is(element: etree._Element, name: str) -> bool:
    return bool(office_xml.local_name(element.tag) == name)
