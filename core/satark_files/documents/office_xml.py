"""Parses the XML of office files safely, and removes from it what may name somebody. Runs in the sandbox only.

It removes names that the standard does not define, and facts that Word and Excel fill in about the user or the machine:
fields (ECMA-376 part 1, section 17.16.5), controls bound to a file's properties (17.5.2.6), and cells that compute the
file's path (18.17.7.33).
"""

import re
from collections.abc import Callable

from lxml import etree

from satark_files.documents import zip_container
from satark_files.documents.zip_container import Archive
from satark_files.scrubber import Unclean

LOCAL_PATH = re.compile(r"file:|\b[A-Za-z]:\\|\\\\|/Users/|/home/|Documents and Settings", re.IGNORECASE)
ELSEWHERE = re.compile(LOCAL_PATH.pattern + r"|https?:|/storage/|\[[^\[\]]*\.(?:xl|od|csv)\w*\]", re.IGNORECASE)
"""A formula that refers to another file: its path may name its owner."""
KNOWN_NAME = re.compile(
    r"normal|standard|default( paragraph style| paragraph font)?|(heading|toc|contents|index|list|bullet|number)( \d+)?"
    r"|(sub)?title|text body|table (contents|heading|grid|normal)|list paragraph|header|footer|caption|hyperlink"
    r"|no list|layout|background(objects)?|controls|[a-z]{1,3}\d+|tablestyle(light|medium|dark)\d+", re.IGNORECASE,
)  # fmt: skip
"""Names of styles and layers that Word and LibreOffice give."""
_GONE = "{urn:satark}gone"
"""Name of an element that will be removed."""
_XML = "{http://www.w3.org/XML/1998/namespace}"
_MADE_ID = re.compile(r"[A-Za-z]{1,12}\d+")
"""An identifier that a program made."""


def parse(data: bytes) -> etree._Element:
    """Parse a part without entities and without access to files or addresses; drop comments and instructions.

    Raises:
        Unclean: the part does not parse, or declares a document type.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unclean("damaged") from error
    if root.getroottree().docinfo.doctype:
        raise Unclean("damaged")
    return root


def serialize(root: etree._Element, keep_prefixes: tuple[str, ...] = ()) -> bytes:
    """Serialize a part, without unused namespace declarations."""
    drop_removed(root)
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(keep_prefixes))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written


def remove_foreign_names(root: etree._Element, known: Callable[[str], bool]) -> None:
    """Remove each element and attribute whose namespace is not known. The text after an element stays."""
    for element in root.iter():
        if not known(namespace(element.tag)):
            element.attrib.clear()  # the root stays
            remove_element(element)
            continue
        for name in list(element.attrib):
            space = namespace(str(name))
            by_program = name == f"{_XML}space" or (name == f"{_XML}id" and _MADE_ID.fullmatch(element.attrib[name]))
            if space and not known(space) and not by_program:
                del element.attrib[name]
    drop_removed(root)


def remove_element(element: etree._Element) -> None:
    """Mark an element, but not the text after it, for removal by `drop_removed`. The root stays."""
    if element.getparent() is not None:
        element.tag = _GONE


def drop_removed(root: etree._Element) -> None:
    """Remove all marked elements in one pass: one by one, the time would grow with their number squared."""
    etree.strip_elements(root, _GONE, with_tail=False)


def namespace(name: str) -> str:
    """Return the namespace of a name in Clark notation, or an empty string."""
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def local_name(name: str) -> str:
    """Return the name without its namespace."""
    return name.rpartition("}")[2]


_PERSONAL_FIELD = re.compile(
    r"\s*(AUTHOR|LASTSAVEDBY|USER(NAME|INITIALS|ADDRESS)|FILENAME|TEMPLATE|DOC(PROPERTY|VARIABLE)|INFO|COMMENTS|KEYWORDS"
    r"|SUBJECT|(CREATE|SAVE|PRINT)DATE|EDITTIME|REVNUM)\b",
    re.IGNORECASE,
)
_KEPT_FIELD = re.compile(
    r"\s*(?:=|(?:PAGE|NUM(?:PAGES|WORDS|CHARS)|SECTION(?:PAGES)?|(?:PAGE|NOTE|STYLE)?REF|TOC|SEQ|HYPERLINK\s+\\l|DATE|TIME|SYMBOL"
    r"|FORM\w+|LISTNUM|EQ)\b)",
    re.IGNORECASE,
)
_OF_STYLE = re.compile(r"\s*(STYLEREF\b|TOC\b.*\\t)", re.IGNORECASE)
"""Instructions that name a style."""
"""Instructions that stay. Other programs' instructions, such as those for citations, name accounts and files."""
_PROPERTY = re.compile(r"creator|lastModifiedBy|author|company|manager", re.IGNORECASE)
_ENVIRONMENT_CALL = re.compile(r"\b(CELL|INFO)\s*\(", re.IGNORECASE)


def clear_fields(root: etree._Element) -> None:
    """Clear the fields, controls and cells that name the user or the machine, anywhere in a part."""
    _clear_complex_fields(root)
    for element in list(root.iter()):
        name = local_name(element.tag)
        if name == "fldSimple":
            _clear_simple_field(element)
        elif name == "sdt":
            _clear_control(element)
    _clear_cells(root)


def _clear_complex_fields(root: etree._Element) -> None:
    """Clear the results of complex fields. A field is begin, instruction, separator, result and end, and may nest."""
    fields: list[list[etree._Element]] = [[]]  # the parts of each open instruction; the first stand in no field
    results = [0]  # for each, how many results around its place are to be cleared
    for element in root.iter():
        name = local_name(element.tag)
        if name == "fldChar":
            kind = next((value for key, value in element.attrib.items() if key.endswith("}fldCharType")), "")
            if kind == "begin":
                fields.append([])
                results.append(results[-1])
            elif kind == "separate" and len(fields) > 1:
                results[-1] += bool(_PERSONAL_FIELD.match(_joined(fields[-1])))
            elif kind == "end" and len(fields) > 1:
                results.pop()
                _clear_instruction(fields.pop())
        elif name == "instrText":
            fields[-1].append(element)
        elif name == "t" and results[-1]:
            element.text = ""
    for field in fields:
        _clear_instruction(field)


def _clear_instruction(parts: list[etree._Element]) -> None:
    for part in () if _is_kept(_joined(parts)) else parts:
        part.text = ""


def _joined(parts: list[etree._Element]) -> str:
    return "".join(part.text or "" for part in parts)


def _is_kept(instruction: str) -> bool:
    return (
        bool(_KEPT_FIELD.match(instruction))
        and not LOCAL_PATH.search(instruction)
        and not _OF_STYLE.search(instruction)
    )


def _clear_simple_field(element: etree._Element) -> None:
    for key in [key for key in element.attrib if key.endswith("}instr")]:
        if _PERSONAL_FIELD.match(element.attrib[key]):
            _clear_text(element)
        element.set(key, element.attrib[key] if _is_kept(element.attrib[key]) else "")


def _clear_control(element: etree._Element) -> None:
    binding = element.find("{*}sdtPr/{*}dataBinding")
    if binding is not None and any(map(_PROPERTY.search, binding.attrib.values())):
        _clear_text(element)


def _clear_cells(root: etree._Element) -> None:
    """Remove formulas that refer to other files, and what names the machine, even in cells that only repeat it."""
    names: set[str] = set()
    cells = [cell for cell in root.iter("{*}c") if cell.find("{*}f") is not None]
    for cell in cells:
        if any(_ENVIRONMENT_CALL.search(one.text or "") for one in cell.iterchildren("{*}f")):
            names |= {one.text for one in cell.iterchildren("{*}v") if one.text}
    for cell in cells:
        for one in list(cell):
            if local_name(one.tag) == "v" and one.text in names:
                one.text = ""
            elif local_name(one.tag) == "f" and ELSEWHERE.search(one.text or ""):
                cell.remove(one)


def _clear_text(element: etree._Element) -> None:
    for text in list(element.iter("{*}t")):
        remove_element(text)  # so that what is around it need not clear it again


def drop_broken_parts(parts: Archive) -> int:
    """Drop each part that does not unpack or parse; return the percentage of the parts that is left, at most 99."""
    names = parts.names
    for name in names:
        try:
            data = parts.read(name)
            if name.endswith((".xml", ".rels")):
                parse(data)
        except (*zip_container.RAISES, Unclean):
            parts.drop(name)
    return min(99, 100 * len(parts.names) // max(1, len(names)))
