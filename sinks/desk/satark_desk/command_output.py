"""What commands print: tables of desks and of a queue for a terminal, and a tip as JSON for other programs."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from satark.api import Desk, Evidence
from satark.casework import OpenTip, PostedMessage, TipSummary


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


def tip_to_json(opened: OpenTip) -> dict[str, Any]:
    """Return a tip with its evidence and messages as plain values, the most important first."""
    return {
        "number": opened.tip.number,
        "category": opened.tip.category,
        "language": opened.tip.language,
        "channel": opened.tip.channel,
        "flow": opened.tip.flow,
        "status": opened.status,
        "outcome": opened.work.outcome,
        "received": opened.tip.received,
        "priority": opened.header.priority,
        "flags": list(opened.header.flags),
        "district": opened.tip.district,
        "station": opened.tip.station,
        "accused": msgspec.to_builtins(opened.tip.accused),
        "answers": opened.tip.answers,
        "evidence": [_evidence(opened, record) for record in opened.records],
        "pending": list(opened.pending),
        "lost": list(opened.lost),
        "altered": opened.altered,
        "messages": [_message(posted) for posted in opened.thread],
        "unsigned": [_message(posted) for posted in opened.unsigned],
    }


def _evidence(opened: OpenTip, record: Evidence) -> dict[str, Any]:
    clean = {"mime": record.clean_mime, "bytes": record.clean_bytes, "sha256": record.clean_sha256}
    return {
        "ordinal": record.ordinal,
        "role": record.role,
        "kind": record.kind,
        "mime": record.mime,
        "bytes": record.bytes,
        "sha256": record.sha256,
        "caption": record.caption,
        "clean": clean if record.clean_sha256 else None,
        "problem": record.problem,
        "origin": msgspec.to_builtins(record.origin),
        "own_voice": record not in opened.evidence,
        "transcript": opened.transcript(record.ordinal),
    }


def _message(posted: PostedMessage) -> dict[str, Any]:
    own = {"officer": posted.officer, "at": posted.at}
    return {"seq": posted.seq, **msgspec.to_builtins(posted.message), **own}
