"""Text tables for a terminal: desks, and a desk's queue."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from satark.api import Desk
from satark.casework import OpenTip, PostedMessage, TipSummary
from satark_desk.figures import Figures, Pace, PaceStep
from satark_desk.tip_queue import MARKS, Row
from satark_desk.web.page_text import PageText
from satark_desk.week_pdf import pace_text


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


def queue(rows: Sequence[Row], text: PageText, now: float) -> str:
    """Format rows of the queue, in words of the officer's language."""
    head = (text("col.number"), text("col.received"), text("status"), text("priority"), text("category"), text("mark"))
    lines = []
    for row in rows:
        header = row.summary.header
        marks = [text(f"mark.{mark}") for mark in MARKS if mark not in {"open", "urgent"} and row.has(mark)]
        if row.due:
            marks.append(text("report.late" if row.due < now else "report.due", when=text.moment(row.due)))
        shown = (header.number, text.day(header.received), text.status(row.summary.status))
        lines.append((*shown, text.priority(header.priority), text.category(header.category), " · ".join(marks)))
        if row.snippet:
            lines.append(("", "", "", "", "", row.snippet))
    return table(head, lines)


def tip(opened: OpenTip, text: PageText) -> str:
    """Format a tip with its answers and its thread, in words of the officer's language."""
    header = opened.header
    first = (header.number, text.category(header.category), text.priority(header.priority), text.status(opened.status))
    lines = ["  ".join(first), text("received", when=text.band(opened.tip.received)), ""]
    for step, value in opened.tip.answers.items():
        if step not in {"category", "evidence"} and (shown := text.answer(step, value)):
            lines.append(f"{text.step(step)}: {shown}")
    lines += [f"{text('file', n=one.ordinal)}: {one.mime} {one.caption}".rstrip() for one in opened.records]
    lines += ["", *(_message(posted, text) for posted in opened.thread)]
    lines += [text("thread.unsigned", n=len(opened.unsigned))] * bool(opened.unsigned)
    doubtful = (one.message for one in opened.unsigned)
    lines += [f"{text('by.doubtful') if one.sender == 'tipster' else one.desk}: {one.text}" for one in doubtful]
    return "\n".join(_safe_lines(line) for line in lines).rstrip()


def _message(posted: PostedMessage, text: PageText) -> str:
    message = posted.message
    by = text("by.tipster") if message.sender == "tipster" else " · ".join(filter(None, (message.desk, posted.officer)))
    parts = [text.moment(posted.at) if posted.at else text.band(message.band), by]
    if message.internal:
        parts.append(text("act.note.hint"))
    if message.case:
        parts.append(text(f"case.{message.case.kind}", to=message.case.to))
    if message.status:
        parts.append(text.status(message.status))
    return f"[{' · '.join(filter(None, parts))}] {message.text}".rstrip()


def figures(counts: Figures, paces: Mapping[PaceStep, Pace], text: PageText) -> str:
    """Format a desk's figures."""
    rows = [(text("filter.all"), str(counts.tips)), (text("mark.open"), str(counts.open))]
    rows += [(text("mark.overdue"), str(counts.overdue)), (text("stats.owed"), str(counts.reports_owed))]
    rows += [(text("mark.closing"), str(counts.closings_asked)), (text("mark.disputed"), str(counts.disputed_closings))]
    rows += [(f"{text('status')}: {text.status(code)}", str(n)) for code, n in counts.status.items()]
    rows += [(f"{text('category')}: {text.category(code)}", str(n)) for code, n in counts.category.items()]
    rows += [(f"{text('priority')}: {text(f'priority.{code}')}", str(n)) for code, n in counts.priority.items()]
    rows += [(f"{text('act.close.outcome')}: {text(f'outcome.{code}')}", str(n)) for code, n in counts.outcome.items()]
    rows += [(text(f"pace.{step}"), pace_text(pace, text)) for step, pace in paces.items()]
    return table(("", ""), rows).lstrip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format rows in columns as wide as their widest cell. Control characters are replaced."""
    lines = [tuple(head), *(tuple(_safe(cell) for cell in row) for row in rows)]
    widths = [max(_width(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(_pad(*cell) for cell in zip(line, widths, strict=True)).rstrip() for line in lines)


def _safe_lines(text: str) -> str:
    return "\n".join(_safe(line) for line in text.split("\n"))


def _safe(cell: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cell)


def _pad(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(cell: str) -> int:
    """Return the width in terminal columns: combining marks take none (Devanagari's `Mc` marks take one)."""
    return sum(unicodedata.category(char) not in {"Mn", "Me", "Cf"} for char in cell)
