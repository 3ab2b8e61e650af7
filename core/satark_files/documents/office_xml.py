"""Parses the XML of office files safely, and removes what is not of the standard. Runs in the sandbox only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMES = ("http:", "https:", "mailto:", "tel:")
"""Schemes of the links that a document may keep; any other can name a file of somebody's computer."""
LOCAL_PATH = re.compile(r"file:|\b[A-Za-z]:\\|\\\\|/Users/|/home/|Documents and Settings", re.IGNORECASE)
_XML = "http://www.w3.org/XML/1998/namespace"


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
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(keep_prefixes))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written


def remove_foreign_names(root: etree._Element, known: Callable[[str], bool]) -> None:
    """Remove each element and attribute whose namespace is not known. The text after an element stays."""
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            remove_element(element)
            continue
        if not known(namespace(element.tag)) and element is not root:
            remove_element(element)
            continue
        for name in list(element.attrib):
            space = namespace(str(name))
            if space and space != _XML and not known(space):
                del element.attrib[name]


def remove_element(element: etree._Element) -> None:
    """Remove an element from its parent, but not the text after it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def namespace(name: str) -> str:
    """Return the namespace of a name in Clark notation, or an empty string."""
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def local_name(name: str) -> str:
    """Return the name without its namespace."""
    return name.rpartition("}")[2]
