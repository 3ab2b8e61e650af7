"""Removes what a reader of a Word, Excel or PowerPoint file does not see (ECMA-376). Runs in the sandbox only.

That includes text that is hidden, was deleted, or has the colour of its paper; hidden sheets, rows, columns, slides and
shapes; and content under an opaque shape of a slide.
"""

import re
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from lxml import etree

from satark_files.documents import office_xml
from satark_files.documents.zip_container import Archive

_WORD: Final = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
_AROUND_TEXT: Final = tuple(f"{space}{name}" for space in _WORD for name in ("p", "tc", "txbxContent", "r"))
_DELETED: Final = tuple(f"{space}{name}" for space in _WORD for name in ("del", "moveFrom", "delText", "cellDel"))
_ADDED: Final = tuple(f"{space}{name}" for space in _WORD for name in ("ins", "moveTo", "cellIns"))
_NOTES: Final = ("footnote", "endnote", "comment")
_OFF: Final = frozenset({"", "0", "false", "off", "f"})
_COLUMNS: Final = 16_384
"""Columns of a sheet (ECMA-376 part 1, section 18.3.1.13)."""
_COVERS: Final = 200
"""Most shapes of a slide under which hidden content is searched."""

_Related = Iterable[tuple[str, str, str]]


class HiddenContent:
    """Finds and removes the hidden content of one file. Its main part must come first, and the shared strings last."""

    def __init__(self, parts: Archive) -> None:
        self._parts = parts
        self._styles: set[str] = set()
        self._shown: set[str] = set()
        self._noted: set[tuple[str, str]] = set()
        self.found = False
        """Whether something was removed, or may be under a shape."""
        self.parts: set[str] = set()
        """The parts that are hidden completely."""

    def remove(self, root: etree._Element, related: _Related) -> None:
        """Remove the hidden content of a part, given its relationships (id, kind, target)."""
        related = [one for one in related if one[2] in self._parts]
        self._look_into(related)
        self._remove(one.getparent().getparent() for one in root.iter("{*}cNvPr", "{*}docPr") if _is_on(one, "hidden"))
        name = office_xml.local_name(root.tag)
        if name == "workbook":
            self._remove_sheets(root, related)
        elif name == "worksheet":
            self._remove_cells(root, related)
        elif name == "sst":  # strings that no cell shows
            for string in (one for n, one in enumerate(root.iter("{*}si")) if str(n) not in self._shown):
                string[:] = [etree.Element(string.tag.replace("}si", "}t"))]
        elif name == "sld":
            self._remove_covered(root)
        elif root.tag.startswith(_WORD):
            self._accept_changes(root)
            self._remove_runs(root)
            self._remove_notes(root, is_main=name == "document")
            self.found |= any(map(_may_cover_text, root.iter("{*}anchor", "{*}rect", "{*}oval", "{*}shape")))

    def values_alone(self, data: bytes) -> bytes:
        """Return a sheet or a chart without its formulas, which may refer to removed content."""
        root = office_xml.parse(data)
        if office_xml.local_name(root.tag) == "worksheet":
            etree.strip_elements(root, "{*}f", with_tail=False)
        for formula in root.iter("{*}f"):
            formula.text = ""
        return office_xml.serialize(root)

    def _remove(self, elements: Iterable[etree._Element]) -> None:
        for element in list(elements):
            around = element.getparent()
            office_xml.remove_element(around if around is not None and around.tag.endswith("Anchor") else element)
            self.found = True

    def _look_into(self, related: _Related) -> None:
        """Find the hidden ones among the slides and styles to which a part relates."""
        for target in {one[2] for one in related if one[1] in {"slide", "styles"}} - self._shown - self.parts:
            root = office_xml.parse(self._parts.read(target))
            hidden = root.get("show", "1") in _OFF
            (self.parts if hidden else self._shown).add(target)
            self.found |= hidden
            self._styles |= {_value(one, "styleId") for one in root.iterfind("{*}style/{*}rPr/{*}vanish/../..")}

    def _accept_changes(self, root: etree._Element) -> None:
        """Accept a part's tracked changes. A mark is around deleted content, or in properties of a row or cell."""
        for mark in list(root.iter(*_DELETED)):
            around = mark.getparent()
            if around.tag.endswith(("}trPr", "}tcPr")):
                self._remove([around.getparent()])
            elif around.tag.endswith("}rPr"):  # of the mark that ends a paragraph
                office_xml.remove_element(mark)
            else:
                self._remove([mark])
        etree.strip_tags(root, *_ADDED)

    def _remove_notes(self, root: etree._Element, *, is_main: bool) -> None:
        """Remove notes and comments to which nothing in the main part refers any more. The main part comes first."""
        office_xml.drop_removed(root)
        if is_main:
            self._noted = {(kind, _value(one, "id")) for kind in _NOTES for one in root.iter(f"{{*}}{kind}Reference")}
        unseen = (one for kind in _NOTES for one in root.iterfind(f"{{*}}{kind}") if not _value(one, "type"))
        self._remove(one for one in unseen if (office_xml.local_name(one.tag), _value(one, "id")) not in self._noted)

    def _remove_runs(self, root: etree._Element) -> None:
        """Remove the invisible runs of a Word part. The colour behind a run depends on the elements around it."""
        around, unseen = [(_value(root.find("{*}background"), "color") or "FFFFFF", "")], []
        for event, element in etree.iterwalk(root, events=("start", "end"), tag=_AROUND_TEXT):
            name = office_xml.local_name(element.tag)
            if name == "r":
                unseen += [element] if event == "start" and self._is_unseen(element, *around[-1]) else []
            elif event == "end":
                around.pop()
            else:  # the colour of a cell or a text box may come from elsewhere
                looks = _looks(element, name)
                paper = _value(looks["shd"], "fill") if "shd" in looks else around[-1][0] if name == "p" else ""
                around.append((paper, _value(looks.get("pStyle"), "val")))
        self._remove(unseen)

    def _is_unseen(self, run: etree._Element, paper: str, style: str) -> bool:
        looks = _looks(run, "r")
        if "vanish" in looks or {style, _value(looks.get("rStyle"), "val")} & self._styles:
            return _value(looks.get("vanish"), "val") not in _OFF - {""}
        ink = _value(looks.get("color"), "val").upper()
        if _value(looks.get("highlight"), "val") == "black":
            ink, paper = "000000" if ink in {"", "AUTO"} else ink, "000000"
        elif "shd" in looks:
            paper = _value(looks["shd"], "fill")
        is_close = len(ink) == len("RRGGBB") and ink[::2] == paper.upper()[::2]
        return is_close and run.find("{*}t") is not None

    def _remove_sheets(self, book: etree._Element, related: _Related) -> None:
        sheets = [one for one in book.iter("{*}sheet") if one.get("state", "visible") != "visible"]
        self._remove(sheets)
        self.parts |= {target for one in sheets for number, _, target in related if number in one.attrib.values()}
        for one in book.iter("{*}definedNames", "{*}workbookView") if sheets else ():  # these count the sheets
            one.attrib.clear()
            if one.tag.endswith("Names"):
                office_xml.remove_element(one)

    def _remove_cells(self, sheet: etree._Element, related: _Related) -> None:
        columns, emptied = _hidden_columns(sheet), False
        for row in sheet.iter("{*}row"):
            column, closed = 0, _is_on(row, "hidden") or row.get("ht") == "0"
            for cell in row:
                column = min(_column(cell.get("r", "")) or column + 1, _COLUMNS)
                if closed or columns[column]:
                    emptied |= len(cell) > 0
                    del cell[:]
                    cell.attrib.pop("t", None)
                elif cell.get("t") == "s":
                    self._shown.add(cell.findtext("{*}v") or "")
        self.found |= emptied
        # They may repeat what stood in a hidden cell.
        self.parts |= {to for _, kind, to in related if emptied and kind in {"table", "comments", "vmlDrawing"}}

    def _remove_covered(self, slide: etree._Element) -> None:
        """Remove texts and pictures of a slide that are partly under an opaque shape without words."""
        covers: list[tuple[int, ...]] = []
        for shape in reversed(slide.findall("{*}cSld/{*}spTree/*")):
            place, has_text = _bounds(shape), any(one.text for one in shape.iter("{*}t"))
            if place and (has_text or shape.tag.endswith("}pic")):
                self._remove([shape] if any(_meet(place, one) for one in covers) else [])
            elif place and len(covers) < _COVERS and shape.find("{*}spPr/{*}solidFill") is not None:
                covers += [place] if next(shape.iter("{*}alpha"), None) is None else []


def _value(element: etree._Element | None, name: str) -> str:
    found = element.attrib.items() if element is not None else ()
    return next((value for key, value in found if office_xml.local_name(key) == name), "")


def _is_on(element: etree._Element, name: str) -> bool:
    return element.get(name, "") not in _OFF


def _looks(element: etree._Element, name: str) -> dict[str, etree._Element]:
    return {office_xml.local_name(one.tag): one for one in element.iterfind(f"{{*}}{name}Pr/*")}


def _column(place: str) -> int:
    """Return the number of the column of a place such as `AB12`; 0: there is none."""
    number = 0
    for letter in place.rstrip("0123456789")[:3]:
        number = number * 26 + ord(letter) % 32
    return number


def _hidden_columns(sheet: etree._Element) -> list[int]:
    changes = [0] * (_COLUMNS + 2)
    for one in sheet.iter("{*}col"):
        ends = [int(one.get(end, "0")[:9]) if one.get(end, "").isdecimal() else 0 for end in ("min", "max")]
        if _is_on(one, "hidden") or one.get("width") == "0":
            changes[min(ends[0], _COLUMNS)] += 1
            changes[min(ends[1], _COLUMNS) + 1] -= 1
    return list(accumulate(changes))


def _may_cover_text(shape: etree._Element) -> bool:
    """Whether a picture or a shape without words floats over the text of a page."""
    if any(one.text for one in shape.iter("{*}t")):
        return False
    if shape.tag.endswith("}anchor"):
        return not _is_on(shape, "behindDoc") and shape.find("{*}wrapNone") is not None
    style = shape.get("style", "").replace(" ", "")
    return "position:absolute" in style and "z-index:-" not in style and shape.get("filled", "t") not in _OFF


def _bounds(shape: etree._Element) -> tuple[int, ...] | None:
    """Return the left, upper, right and lower end of a shape of a slide."""
    frame = next(shape.iter("{*}xfrm"), None)
    told = {key: value for one in (() if frame is None else frame[:2]) for key, value in one.attrib.items()}
    ends = [told.get(key, "") for key in ("x", "y", "cx", "cy")]
    if not all(re.fullmatch(r"-?\d{1,12}", one) for one in ends):
        return None
    x, y, width, height = map(int, ends)
    return x, y, x + width, y + height


def _meet(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
