"""What the desks of the demo hold, opened with the demo's own passphrases. Only a demo does this outside `/desk`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import msgspec

from satark.casework import NoSuchFile, OpenTip
from satark.demo.traces import traces
from satark.desk import CaseworkError, NoSuchDesk
from satark.identity.sealing import CantOpen

if TYPE_CHECKING:
    from satark.casework import Casework
    from satark.tip import Evidence

SHOWN = 20
"""Newest tips of a desk that the page lists."""

_LOOK_SECONDS = 0.7


class Queues:
    """The desks' queues, as the page shows them."""

    def __init__(self, desks: Sequence[Casework]) -> None:
        self._desks = {casework.desk: casework for casework in desks}
        self.lines: dict[str, list[dict[str, Any]]] = {name: [] for name in self._desks}
        """Desk → its newest tips, as of the last look."""

    async def watch(self, wanted: Callable[[], bool], changed: Callable[[dict[str, Any]], None]) -> None:
        """Look again and again while anybody wants to know, and tell what changed. Officers may work elsewhere."""
        while True:
            if wanted():
                lines = await anyio.to_thread.run_sync(self._look)
                if lines != self.lines:
                    self.lines = lines
                    changed({"what": "desks", "desks": lines})
            await asyncio.sleep(_LOOK_SECONDS)

    async def open(self, desk: str, number: str) -> dict[str, Any]:
        """Open a tip as one desk sees it.

        Raises:
            CaseworkError: the desk has no such tip.
            CantOpen: it was altered.
        """
        return await anyio.to_thread.run_sync(_opened, self._find(desk), number)

    async def file(self, desk: str, number: str, ordinal: str) -> tuple[str, bytes]:
        """Give the clean copy of a file: its MIME type and content.

        Raises:
            CaseworkError: the desk has no such tip, or the tip no such file.
            CantOpen: it was altered.
        """
        return await anyio.to_thread.run_sync(self._read, desk, number, ordinal)

    def _read(self, desk: str, number: str, ordinal: str) -> tuple[str, bytes]:
        casework = self._find(desk)
        tip = casework.open(number)
        return tip.file(ordinal).clean_mime, _clean(casework, tip, ordinal)

    def _find(self, desk: str) -> Casework:
        if desk not in self._desks:
            raise NoSuchDesk
        return self._desks[desk]

    def _look(self) -> dict[str, list[dict[str, Any]]]:
        return {name: list(_lines(casework)) for name, casework in self._desks.items()}


def _lines(casework: Casework) -> Iterator[dict[str, Any]]:
    for summary in casework.summaries()[:SHOWN]:
        try:
            tip = casework.open(summary.id)
        except (CaseworkError, CantOpen):
            continue  # it was withdrawn this moment, or somebody altered it: the desk's own page tells of that
        yield {
            "number": tip.tip.number,
            "category": tip.tip.category,
            "status": tip.status,
            "files": len(tip.records),
            "pending": len(tip.pending),
            "messages": len(tip.thread),
            "revision": tip.tip.revision,
        }


def _opened(casework: Casework, number: str) -> dict[str, Any]:
    tip = casework.open(number)
    return {
        "number": tip.tip.number,
        "category": tip.tip.category,
        "language": tip.tip.language,
        "status": tip.status,
        "received": tip.tip.received,
        "priority": tip.header.priority,
        "excluded": tip.header.excluded,
        "answers": tip.tip.answers,
        "files": [_file(casework, tip, record) for record in tip.records],
        "pending": len(tip.pending),
        "thread": [msgspec.to_builtins(posted.message) for posted in tip.thread],
    }


def _clean(casework: Casework, tip: OpenTip, ordinal: str) -> bytes:
    try:
        return b"".join(casework.evidence(tip, ordinal))
    except FileNotFoundError:
        raise NoSuchFile from None


def _traces(casework: Casework, tip: OpenTip, record: Evidence) -> tuple[tuple[str, ...], str]:
    """Give what a clean copy still tells of its taker, which is nothing, and why there is no clean copy to show."""
    if record.problem or not record.clean_mime.startswith("image/"):
        return (), record.problem
    try:
        return traces(_clean(casework, tip, record.ordinal)), ""
    except (CaseworkError, CantOpen):
        return (), "the file was altered or erased"


def _file(casework: Casework, tip: OpenTip, record: Evidence) -> dict[str, Any]:
    voice = record not in tip.evidence
    found, problem = ((), "") if voice else _traces(casework, tip, record)
    return {
        "own_voice": voice,
        "ordinal": record.ordinal,
        "kind": record.kind,
        "mime": record.clean_mime,
        "bytes": record.bytes,
        "clean_bytes": record.clean_bytes,
        "caption": record.caption,
        "sha256": record.sha256,
        "problem": problem,
        "traces": found,
    }
