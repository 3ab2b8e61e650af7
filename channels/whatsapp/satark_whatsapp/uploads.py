"""Uploads files to Meta: what many people hear once in its media id's life, what is one person's to be deleted again.

A media id names a file at Meta and says nothing of whom it is sent to.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from satark.api import SendResult
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.settings import WhatsAppSettings

_DAY: Final = 86_400


class Uploads:
    """The media ids of one process, in memory: after a restart a file is uploaded once more."""

    def __init__(self, graph: GraphApi, settings: WhatsAppSettings) -> None:
        self._graph = graph
        self._settings = settings
        self._known: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._deletions: set[asyncio.Task[None]] = set()

    async def media_id(
        self, number: str, make: Callable[[], bytes], mime: str, key: str
    ) -> tuple[str | SendResult, bool]:
        """Return the media id of a file, or why it can't be uploaded now; and whether the id was known before.

        An empty id means that there is nothing in the file.

        Args:
            number: Meta's id of the number that will send it.
            make: makes the file, in a thread, if it has to be uploaded.
            mime: its type.
            key: by which the id is found again; empty: it is used once.
        """
        if not key:
            return await self._upload(number, make, mime), False
        name = (number, key)
        lock = self._locks.setdefault(name, asyncio.Lock())
        try:
            async with lock:
                return await self._uploaded_once(name, make, mime)
        finally:
            if not lock.locked():
                self._locks.pop(name, None)

    def forget(self, number: str, key: str) -> None:
        """Have a file uploaded anew: Meta does not know its id any more."""
        self._known.pop((number, key), None)

    def delete_later(self, number: str, media: str) -> None:
        """Delete a file at Meta that is used once, when its message was delivered or has had time to be."""
        wait = self._settings.single_use_seconds
        self._timers[media] = asyncio.get_running_loop().call_later(wait, self._delete, number, media)

    async def close(self) -> None:
        """Cancel what is to be deleted later, and wait for what is being deleted."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        await asyncio.gather(*self._deletions)

    async def _uploaded_once(
        self, name: tuple[str, str], make: Callable[[], bytes], mime: str
    ) -> tuple[str | SendResult, bool]:
        if found := self._find(name):
            return found, True
        media = await self._upload(name[0], make, mime)
        if isinstance(media, str) and media:
            self._remember(name, media)
        return media, False

    async def _upload(self, number: str, make: Callable[[], bytes], mime: str) -> str | SendResult:
        data = await asyncio.to_thread(make)
        return await self._graph.upload(number, data, mime) if data else ""

    def _find(self, name: tuple[str, str]) -> str:
        media, until = self._known.get(name, ("", 0.0))
        if time.monotonic() >= until:
            self._known.pop(name, None)
            return ""
        self._known.move_to_end(name)
        return media

    def _remember(self, name: tuple[str, str], media: str) -> None:
        self._known[name] = (media, time.monotonic() + self._settings.media_reuse_days * _DAY)
        while len(self._known) > self._settings.media_remembered:
            self._known.popitem(last=False)

    def _delete(self, number: str, media: str) -> None:
        self._timers.pop(media, None)
        task = asyncio.ensure_future(self._graph.delete(self._graph.media_url(media, number)))
        self._deletions.add(task)
        task.add_done_callback(self._deletions.discard)
