"""Draws a questionnaire as a diagram in Mermaid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

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
