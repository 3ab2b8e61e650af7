"""The tips of the demo's desks, opened with the demo's own passphrases. Everywhere else only officers open tips."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import anyio.to_thread
import msgspec

from satark.api.routing import CaseworkError, NoSuchDesk
from satark.api.sealing import CantOpen
from satark.api.tip import Evidence
from satark.casework import Casework, NoSuchFile, OpenTip
from satark.services import Services
from satark_demo.messages import identifying_metadata

SHOWN = 20
"""Number of a desk's newest tips that the page lists."""

_POLL_SECONDS = 0.7


class DeskQueues:
    """The newest tips of each desk, as the page shows them."""

    def __init__(self, services: Services, desks: Sequence[Casework], reopen: Callable[[], Sequence[Casework]]) -> None:
        """`reopen`: opens the desks anew, after the key of one was changed, as by a head's sign-in."""
        self._services, self._reopen = services, reopen
        self._desks, self._keys = {casework.desk: casework for casework in desks}, services.desks()
        self.tips: dict[str, list[dict[str, Any]]] = {name: [] for name in self._desks}
        """Desk → its newest tips at the time of the last poll."""

    async def watch(self, wanted: Callable[[], bool], publish: Callable[[dict[str, Any]], None]) -> None:
        """Poll the desks while `wanted()` is true, and publish every change.

        Officers in other processes may cause changes.
        """
        while True:
            if wanted():
                tips = await anyio.to_thread.run_sync(self._poll)
                if tips != self.tips:
                    self.tips = tips
                    publish({"type": "desks", "desks": tips})
            await asyncio.sleep(_POLL_SECONDS)

    async def open(self, desk: str, number: str) -> dict[str, Any]:
        """Return a tip as one desk sees it.

        Raises:
            CaseworkError: the desk has no such tip.
            CantOpen: the tip was altered.
        """
        return await anyio.to_thread.run_sync(lambda: _view(self._find(desk), number))

    async def file(self, desk: str, number: str, ordinal: str) -> tuple[str, bytes]:
        """Return the clean copy of a file: its MIME type and content.

        Raises:
            CaseworkError: the desk has no such tip, or the tip no such file.
            CantOpen: the tip or the file was altered.
        """
        return await anyio.to_thread.run_sync(self._read, desk, number, ordinal)

    def _read(self, desk: str, number: str, ordinal: str) -> tuple[str, bytes]:
        casework = self._find(desk)
        tip = casework.open(number)
        return tip.file(ordinal).clean_mime, _clean(casework, tip, ordinal)

    def _find(self, desk: str) -> Casework:
        if desk not in self._opened():
            raise NoSuchDesk
        return self._desks[desk]

    def _poll(self) -> dict[str, list[dict[str, Any]]]:
        return {name: list(_summaries(casework)) for name, casework in self._opened().items()}

    def _opened(self) -> Mapping[str, Casework]:
        if self._services.desks() != self._keys:
            self._desks = {casework.desk: casework for casework in self._reopen()}
            self._keys = self._services.desks()
        return self._desks


def _summaries(casework: Casework) -> Iterator[dict[str, Any]]:
    for summary in casework.summaries()[:SHOWN]:
        try:
            tip = casework.open(summary.id)
        except (CaseworkError, CantOpen):
            continue  # just withdrawn, or altered: the desk's own pages report that
        yield {
            "number": tip.tip.number,
            "category": tip.tip.category,
            "status": tip.status,
            "files": len(tip.records),
            "pending": len(tip.pending),
            "messages": len(tip.thread),
            "revision": tip.tip.revision,
        }


def _view(casework: Casework, number: str) -> dict[str, Any]:
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


def _metadata(casework: Casework, tip: OpenTip, record: Evidence) -> tuple[tuple[str, ...], str]:
    """Return the identifying metadata of a clean copy (always none), and the reason if there is no clean copy."""
    if record.problem or not record.clean_mime.startswith("image/"):
        return (), record.problem
    try:
        return identifying_metadata(_clean(casework, tip, record.ordinal)), ""
    except (CaseworkError, CantOpen):
        return (), "the file was altered or erased"


def _file(casework: Casework, tip: OpenTip, record: Evidence) -> dict[str, Any]:
    voice = record not in tip.evidence
    metadata, problem = ((), "") if voice else _metadata(casework, tip, record)
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
        "metadata": metadata,
    }
