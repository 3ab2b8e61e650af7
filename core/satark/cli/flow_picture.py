"""Draws a questionnaire as SVG: steps that are always asked are on a line, conditional ones beside it.

Source: W3C, "Scalable Vector Graphics (SVG) 2".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

_MARGIN: Final = 20
_ROW: Final = 64
"""Distance between the tops of two steps, in pixels."""
_HEIGHT: Final = 44
_LINE: Final = 40
"""Distance of the line from the left, in pixels. Steps that are always asked begin at the margin."""
_BESIDE: Final = 80
"""Distance of the conditional steps from the left, in pixels."""
_CHARACTER: Final = 7.3
"""Width of a letter of the font below, in pixels."""
_FONT: Final = {"font-family": "monospace", "font-size": "12", "fill": "black"}
_STROKE: Final = {"stroke": "black", "fill": "none"}


def picture(name: str, steps: Iterable[Mapping[str, Any]]) -> str:
    """Draw steps (see `Flow.canonical`) from top to bottom, each with its type, its marks and its condition."""
    listed = [(_is_always_asked(step), _texts(step)) for step in steps]
    width = max(_left(is_always) + _width(texts) for is_always, texts in listed) + _MARGIN
    height = len(listed) * _ROW + _MARGIN
    root = Element("svg", xmlns="http://www.w3.org/2000/svg", width=f"{width}", height=f"{height}")
    SubElement(root, "title").text = name
    SubElement(root, "rect", width="100%", height="100%", fill="white")
    SubElement(root, "path", {"d": f"M {_LINE} {_MARGIN} V {_top(len(listed) - 1)}", **_STROKE})
    for number, (is_always, texts) in enumerate(listed):
        _draw(root, number, texts, is_always=is_always)
    indent(root)
    return tostring(root, "unicode")


def _draw(root: Element, number: int, texts: Sequence[str], *, is_always: bool) -> None:
    left, top, width = _left(is_always), _top(number), _width(texts)
    place = {"x": f"{left}", "y": f"{top}", "width": f"{width}", "height": f"{_HEIGHT}", "rx": "8"}
    box = SubElement(root, "rect", place, stroke="black", fill="white")
    if not is_always:
        box.set("stroke-dasharray", "5 3")
        SubElement(root, "path", {"d": f"M {_LINE} {top + _HEIGHT // 2} H {left}", **_STROKE})
    for line, text in enumerate(texts):
        SubElement(root, "text", {"x": f"{left + 10}", "y": f"{top + 18 + 16 * line}", **_FONT}).text = text


def _is_always_asked(step: Mapping[str, Any]) -> bool:
    return not (step.get("when") or step.get("detail"))


def _texts(step: Mapping[str, Any]) -> list[str]:
    marks = "".join(f", {mark}" for mark in ("skip", "detail") if step.get(mark))
    return [f"{step['id']}: {step['type']}{marks}", *([f"when {step['when']}"] if step.get("when") else [])]


def _left(is_always: bool) -> int:  # noqa: FBT001 - what it says is the one thing it depends on
    return _MARGIN if is_always else _BESIDE


def _top(number: int) -> int:
    return _MARGIN + number * _ROW


def _width(texts: Sequence[str]) -> int:
    return round(max(map(len, texts)) * _CHARACTER) + 20


_SHAPES: Final = {"say": ('["', '"]'), "submit": ('[["', '"]]')}
_QUESTION: Final = ('(["', '"])')


def mermaid(steps: Iterable[Mapping[str, Any]]) -> str:
    """Draw steps (see `Flow.canonical`) as boxes; an arrow with a condition leads to a step that may be skipped.

    Source: Mermaid, "Flowcharts - Basic Syntax".
    """
    listed = list(steps)
    boxes = [f"  {step['id']}{_box(step)}" for step in listed]
    return "\n".join(["flowchart TD", *boxes, *_arrows(listed)])


def _box(step: Mapping[str, Any]) -> str:
    before, after = _SHAPES.get(step["type"], _QUESTION)
    marks = "".join(f", {mark}" for mark in ("skip", "detail") if step.get(mark))
    return f"{before}{step['id']}: {step['type']}{marks}{after}"


def _arrows(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield an arrow to each step from each step that may come just before it."""
    for number, step in enumerate(steps):
        for before in _before(steps[:number]):
            label = f'|"{_escaped(step["when"])}"|' if step.get("when") else ""
            yield f"  {before} -->{label} {step['id']}"


def _before(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the steps that may come just before the next: back to the nearest one that is always asked."""
    for step in reversed(steps):
        yield step["id"]
        if not (step.get("when") or step.get("detail")):
            return


def _escaped(text: str) -> str:
    return text.replace('"', "#quot;")
