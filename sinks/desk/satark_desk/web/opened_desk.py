"""The opened tips of each desk, in memory: its signed-in officers share them until their last session ends."""

import contextlib
import hashlib
import threading
from typing import Final
from weakref import WeakValueDictionary

from satark.casework import DeskContext, Progress, TipCache
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officer_queue import OfficerQueue
from satark_desk.queue_index import QueueIndex, QueueRules
from satark_desk.settings import DeskSettings
from satark_desk.web.page_text import PageText

_SOON: Final = 0.7
"""Seconds that a page waits for the first opening before the page shows how far the opening is."""
THREAD: Final = "satark-desk-opening"
"""Name of the threads that open a desk's tips."""


class OpenedDesk:
    """The opened tips of one desk, with its queue."""

    def __init__(self, context: DeskContext, unlocked: UnlockedDesk, rules: QueueRules) -> None:
        self.holders = 0
        """Number of sessions that use the opened desk."""
        self.cache = TipCache(context, unlocked.desk.name, unlocked.identity)
        self._context = context
        self._index = QueueIndex(context, self.cache, unlocked.desk.name, rules)
        self._queues: WeakValueDictionary[str, OfficerQueue] = WeakValueDictionary()

    def __repr__(self) -> str:
        return "OpenedDesk(…)"

    def begin(self) -> None:
        """Begin to open the tips, in a thread of its own."""
        threading.Thread(target=self._open, name=THREAD, daemon=True).start()

    def progress(self, number: str | None) -> Progress | None:
        """Wait a short time; then return how far the first opening is, or None once a page can be shown.

        `number`: of the only tip that the page shows; empty: it shows the tips that were read; None: it needs all.
        """
        is_known = number == "" or (number is not None and self.cache.known_id(number) in self.cache.tips)
        return None if self.cache.opened.wait(_SOON) and is_known else self.cache.progress

    def queue(self, officer: str) -> OfficerQueue:
        """Return an officer's queue, which all their sessions share."""
        with self.cache.lock:
            found = self._queues.get(officer)
            if found is None:
                found = self._queues[officer] = OfficerQueue(self._context, self._index, officer)
            return found

    def _open(self) -> None:
        with contextlib.suppress(Exception):  # the page that needs the tips meets the same fault, and answers with it
            self.cache.open_all()


class OpenedDesks:
    """The opened desks of one process."""

    def __init__(self, context: DeskContext, settings: DeskSettings) -> None:
        text = PageText("en", context.geography, settings.utc_offset_hours, context.questionnaire)
        self._context = context
        self._rules = queue_rules(settings, text)
        self._opened: dict[bytes, OpenedDesk] = {}
        self._lock = threading.Lock()

    def hold(self, unlocked: UnlockedDesk) -> OpenedDesk:
        """Return a desk's opened tips for one more session; open them unless another officer's session has done so."""
        with self._lock:
            opened = self._opened.get(_key(unlocked))
            if opened is None:
                opened = self._opened[_key(unlocked)] = OpenedDesk(self._context, unlocked, self._rules)
                opened.begin()
            opened.holders += 1
            return opened

    def release(self, unlocked: UnlockedDesk) -> None:
        """End the use by one session. The last one drops the opened tips."""
        with self._lock:
            opened = self._opened[_key(unlocked)]
            opened.holders -= 1
            if not opened.holders:
                del self._opened[_key(unlocked)]
                opened.cache.stop()


def queue_rules(settings: DeskSettings, text: PageText) -> QueueRules:
    """Return the rules of the queue's order and marks, from the settings."""
    return QueueRules(
        clocks=settings.clocks(),
        overdue_days=settings.overdue_days,
        utc_offset_hours=settings.utc_offset_hours,
        age=text.age,
        days_after=text.days_after,
    )


def _key(unlocked: UnlockedDesk) -> bytes:
    # By its key too: after a change of the key, the sessions with the former one end.
    return hashlib.sha256(f"{unlocked.desk.name}\0{unlocked.identity}".encode()).digest()
