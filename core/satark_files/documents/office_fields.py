"""Clears the fields that Word and Excel fill in with what they know of the user or the machine.

Such are Word's fields (ECMA-376 part 1, section 17.16.5), controls bound to a file's properties (17.5.2.6), and cells
that compute the file's path (18.17.7.33).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from satark_files.documents import office_xml

if TYPE_CHECKING:
    from lxml import etree

_PERSONAL_FIELD = re.compile(
    r"\s*(AUTHOR|LASTSAVEDBY|USER(NAME|INITIALS|ADDRESS)|FILENAME|TEMPLATE|DOCPROPERTY|INFO"
    r"|(CREATE|SAVE|PRINT)DATE|EDITTIME)\b",
    re.IGNORECASE,
)
_PROPERTY = re.compile(r"creator|lastModifiedBy|author|company|manager", re.IGNORECASE)
_ENVIRONMENT_CALL = re.compile(r"\b(CELL|INFO)\s*\(", re.IGNORECASE)


def clear_fields(root: etree._Element) -> None:
    """Clear such fields, controls and cells anywhere in a part."""
    _clear_complex_fields(root)
    for element in list(root.iter()):
        name = office_xml.local_name(element.tag)
        if name == "fldSimple" and _PERSONAL_FIELD.match(_instruction(element)):
            _clear_text(element)
        elif name == "sdt":
            _clear_control(element)
        elif name == "c":
            _clear_cell(element)


def _clear_complex_fields(root: etree._Element) -> None:
    """Clear the results of complex fields: begin, instruction, separator, result and end, which may be nested."""
    open_fields: list[list[str]] = []
    for element in root.iter():
        name = office_xml.local_name(element.tag)
        if name == "fldChar":
            _track_field(
                open_fields, next((value for key, value in element.attrib.items() if _is_field_type(str(key))), "")
            )
        elif name == "instrText" and open_fields and len(open_fields[-1]) == 1:
            open_fields[-1][0] += element.text or ""
        elif name == "t" and any(len(field) > 1 and _PERSONAL_FIELD.match(field[0]) for field in open_fields):
            element.text = ""


def _track_field(open_fields: list[list[str]], kind: str) -> None:
    """Update the stack of open fields: each has its instruction, and `result` once its result has begun."""
    if kind == "begin":
        open_fields.append([""])
    elif kind == "separate" and open_fields:
        open_fields[-1].append("result")
    elif kind == "end" and open_fields:
        open_fields.pop()


def _is_field_type(key: str) -> bool:
    return office_xml.local_name(key) == "fldCharType"


def _instruction(element: etree._Element) -> str:
    return next((value for key, value in element.attrib.items() if office_xml.local_name(str(key)) == "instr"), "")


def _clear_control(element: etree._Element) -> None:
    bindings = [one for one in element.iter() if office_xml.local_name(one.tag) == "dataBinding"]
    if any(_PROPERTY.search(value) for one in bindings[:1] for value in one.attrib.values()):
        _clear_text(element)


def _clear_cell(element: etree._Element) -> None:
    formula = next((one for one in element if office_xml.local_name(one.tag) == "f"), None)
    content = "" if formula is None else formula.text or ""
    if formula is not None and office_xml.LOCAL_PATH.search(content):
        element.remove(formula)
    elif _ENVIRONMENT_CALL.search(content):
        for value in element:
            value.text = "" if office_xml.local_name(value.tag) == "v" else value.text


def _clear_text(element: etree._Element) -> None:
    for text in element.iter():
        if office_xml.local_name(text.tag) == "t":
            text.text = ""
