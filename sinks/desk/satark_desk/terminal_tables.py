"""Text tables for a terminal: desks, and a desk's queue."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from satark.api import Desk
from satark.casework import TipSummary


def desks(every: Sequence[Desk], officers: Mapping[str, Sequence[str]]) -> str:
    """Format the desks with their officers."""
    rows = [(d.name, d.title, d.level, d.area or "(everywhere)", ", ".join(officers[d.name])) for d in every]
    return table(("DESK", "TITLE", "LEVEL", "AREA", "OFFICERS"), rows)


def tips(summaries: Sequence[TipSummary]) -> str:
    """Format a desk's queue."""
    rows = [
        (one.header.number, one.header.received.partition("T")[0], one.status, one.header.priority, one.header.category)
        for one in summaries
    ]
    return table(("NUMBER", "RECEIVED", "STATUS", "PRIORITY", "CATEGORY"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format rows in columns as wide as their widest cell. Control characters are replaced."""
    lines = [tuple(head), *(tuple(_safe(cell) for cell in row) for row in rows)]
    widths = [max(_width(cell) for cell in column) for column in zip(*lines, strict=True)]
    padded = ((cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def _safe(cell: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cell)


def _width(cell: str) -> int:
    """Return the width in terminal columns: combining marks take none (Devanagari's `Mc` marks take one)."""
    return sum(unicodedata.category(char) not in {"Mn", "Me", "Cf"} for char in cell)
