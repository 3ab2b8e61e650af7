"""What Word and Excel fill in by themselves, and know of their user or the machine: it is shown, so it goes too.

Fields of Word (ECMA-376 part 1, section 17.16.5), controls bound to a file's properties (17.5.2.6), cells that ask
where the file lies (18.17.7.33).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from satark.evidence.documents import office_xml

if TYPE_CHECKING:
    from lxml import etree

_SPOKEN_OF = re.compile(
    r"\s*(AUTHOR|LASTSAVEDBY|USER(NAME|INITIALS|ADDRESS)|FILENAME|TEMPLATE|DOCPROPERTY|INFO"
    r"|(CREATE|SAVE|PRINT)DATE|EDITTIME)\b",
    re.IGNORECASE,
)
_PROPERTY = re.compile(r"creator|lastModifiedBy|author|company|manager", re.IGNORECASE)
_ASKED = re.compile(r"\b(CELL|INFO)\s*\(", re.IGNORECASE)


def clear_fields(root: etree._Element) -> None:
    """Empty them, wherever they stand in a part."""
    _empty_fields(root)
    for element in list(root.iter()):
        name = office_xml.local_name(element.tag)
        if name == "fldSimple" and _SPOKEN_OF.match(_instruction(element)):
            _say_nothing(element)
        elif name == "sdt":
            _empty_control(element)
        elif name == "c":
            _empty_cell(element)


def _empty_fields(root: etree._Element) -> None:
    """Empty the results of fields whose beginning, instruction, result and end stand side by side, one in another."""
    under_way: list[list[str]] = []
    for element in root.iter():
        name = office_xml.local_name(element.tag)
        if name == "fldChar":
            _mark(under_way, next((value for key, value in element.attrib.items() if _is_kind(str(key))), ""))
        elif name == "instrText" and under_way and len(under_way[-1]) == 1:
            under_way[-1][0] += element.text or ""
        elif name == "t" and any(len(field) > 1 and _SPOKEN_OF.match(field[0]) for field in under_way):
            element.text = ""


def _mark(under_way: list[list[str]], kind: str) -> None:
    """Follow where a field begins (its instruction comes), where its result does, and where it ends."""
    if kind == "begin":
        under_way.append([""])
    elif kind == "separate" and under_way:
        under_way[-1].append("result")
    elif kind == "end" and under_way:
        under_way.pop()


def _is_kind(key: str) -> bool:
    return office_xml.local_name(key) == "fldCharType"


def _instruction(element: etree._Element) -> str:
    return next((value for key, value in element.attrib.items() if office_xml.local_name(str(key)) == "instr"), "")


def _empty_control(element: etree._Element) -> None:
    bindings = [one for one in element.iter() if office_xml.local_name(one.tag) == "dataBinding"]
    if any(_PROPERTY.search(value) for one in bindings[:1] for value in one.attrib.values()):
        _say_nothing(element)


def _empty_cell(element: etree._Element) -> None:
    formula = next((one for one in element if office_xml.local_name(one.tag) == "f"), None)
    said = "" if formula is None else formula.text or ""
    if formula is not None and office_xml.LOCAL_PATH.search(said):
        element.remove(formula)
    elif _ASKED.search(said):
        for value in element:
            value.text = "" if office_xml.local_name(value.tag) == "v" else value.text


def _say_nothing(element: etree._Element) -> None:
    for words in element.iter():
        if office_xml.local_name(words.tag) == "t":
            words.text = ""
