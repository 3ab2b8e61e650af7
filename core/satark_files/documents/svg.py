"""Cleans SVG drawings: keeps shapes, text and colours; no scripts, links, pictures, names or programs' own data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from satark_files.documents import office_xml
from satark_files.scrubber import Cleaned, Unclean

if TYPE_CHECKING:
    from pathlib import Path

    from lxml import etree

    from satark_files.limits import Limits

_SVG: Final = "http://www.w3.org/2000/svg"
_ELEMENTS: Final = frozenset(
    "svg g defs path rect circle ellipse line polyline polygon text tspan linearGradient radialGradient stop clipPath "  # noqa: SIM905 - a list of names
    "symbol use marker pattern".split()
)
_ATTRIBUTES: Final = frozenset(
    "x y x1 y1 x2 y2 cx cy r rx ry dx dy d points width height viewBox transform fill stroke stroke-width opacity "  # noqa: SIM905 - a list of names
    "fill-opacity stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray stroke-miterlimit fill-rule clip-rule "
    "clip-path font-size font-weight font-style text-anchor offset stop-color stop-opacity gradientUnits "
    "gradientTransform preserveAspectRatio refX refY markerWidth markerHeight orient patternUnits rotate".split()
)
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE\s+svg\s[^\[<>]*>")
"""The document type that old programs declare; a declaration with entities does not match, and is refused."""
_LOCAL: Final = re.compile(r"url\(\s*['\"]?#([^'\")]+)['\"]?\s*\)")
_STYLE: Final = re.compile(r"([a-z-]+)\s*:\s*([^;]+)")
_HREFS: Final = ("href", "{http://www.w3.org/1999/xlink}href")
_PLAIN: Final = re.compile(r"[\w\s.,#%()+-]*")


class SvgScrubber:
    """Cleans SVG."""

    mimes = frozenset({"image/svg+xml"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        del limits
        root = office_xml.parse(_DOCTYPE.sub(b"", source.read_bytes(), count=1))
        if root.tag != f"{{{_SVG}}}svg":
            raise Unclean("damaged")
        pictures = any(office_xml.local_name(one.tag) == "image" for one in root.iter())
        elements = list(root.iter())
        ids = {one.get("id", ""): f"i{number}" for number, one in enumerate(elements) if one.get("id")}
        for element in elements:
            if element.tag not in {f"{{{_SVG}}}{name}" for name in _ELEMENTS}:
                office_xml.remove_element(element)
            else:
                _clean_attributes(element, ids)
        _remove_nested_uses(root)
        target.write_bytes(office_xml.serialize(root))
        return Cleaned("image/svg+xml", left_out=("pictures",) if pictures else ())


def _remove_nested_uses(root: etree._Element) -> None:
    """Remove each use of an element that itself uses another: with them, a few lines could draw billions of shapes."""
    nested = {f"#{one.get('id')}" for one in root.iter() if any(True for _ in one.iter(f"{{{_SVG}}}use"))}
    for use in list(root.iter(f"{{{_SVG}}}use")):
        if use.get("href") in nested:
            office_xml.remove_element(use)


def _clean_attributes(element: etree._Element, ids: dict[str, str]) -> None:
    found = {str(name): value for name, value in element.attrib.items()}
    shown = {name: value for name, value in found.items() if name in _ATTRIBUTES}
    shown |= {name: value for name, value in _STYLE.findall(found.get("style", "")) if name in _ATTRIBUTES}
    element.attrib.clear()
    for name, value in shown.items():
        local = _LOCAL.fullmatch(value.strip())
        if local and local[1] in ids:
            element.set(name, f"url(#{ids[local[1]]})")
        elif not local and _PLAIN.fullmatch(value):
            element.set(name, value)
    if found.get("id") in ids:
        element.set("id", ids[found["id"]])
    target = next((found[name] for name in _HREFS if name in found), "")
    if target.startswith("#") and target[1:] in ids:
        element.set("href", f"#{ids[target[1:]]}")
