"""Drafts of forms: what an officer has not confirmed yet, or sent after their session had ended.

The drafts are in memory alone, sealed to the desk's key: only an officer who has unlocked the desk can read them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from satark.api import CantOpen, Redacted, open_as, seal

if TYPE_CHECKING:
    from satark_desk.desk_keys import UnlockedDesk

KEPT_SECONDS: Final = 12 * 3600.0
"""Seconds for which a draft is kept."""
MAX_DRAFTS: Final = 40
"""Most drafts of one officer. A further draft replaces the oldest."""


class FormDraft(Redacted, frozen=True, kw_only=True):
    """A form that was sent, with the page that it was sent to."""

    path: str
    """The page's address below that of the desk, with its query."""
    fields: dict[str, str]


class FormOwner(msgspec.Struct, frozen=True):
    """The officer and the desk that a form belongs to."""

    desk: str
    officer: str
    recipient: str
    """The desk's recipient."""

    @classmethod
    def of(cls, unlocked: UnlockedDesk) -> FormOwner:
        """Return the owner of the forms of a signed-in officer."""
        return cls(unlocked.desk.name, unlocked.officer, unlocked.desk.recipient)


class _Kept(msgspec.Struct, frozen=True):
    officer: tuple[str, str]
    sealed: bytes
    at: float


class FormDrafts:
    """The drafts of this process, by a random id. Every method may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def __len__(self) -> int:
        """Return the number of drafts that have not expired."""
        return sum(self._clock() - one.at <= KEPT_SECONDS for one in list(self._kept.values()))

    def put(self, owner: FormOwner, path: str, fields: Mapping[str, str]) -> str:
        """Keep a form; return the draft's id."""
        sealed = seal(FormDraft(path=path, fields=dict(fields)), owner.recipient)
        officer, id_ = (owner.desk, owner.officer), secrets.token_urlsafe(12)
        with self._lock:
            self._purge(officer)
            self._kept[id_] = _Kept(officer, sealed, self._clock())
        return id_

    def find(self, unlocked: UnlockedDesk, id_: str) -> FormDraft | None:
        """Return a draft of this officer; None if no draft has this id, or it has expired."""
        with self._lock:
            kept = self._kept.get(id_)
        expired = kept is None or self._clock() - kept.at > KEPT_SECONDS
        if kept is None or expired or kept.officer != (unlocked.desk.name, unlocked.officer):
            return None
        try:
            return open_as(FormDraft, kept.sealed, unlocked.identity)
        except CantOpen:
            return None  # the desk's key was changed meanwhile

    def drop(self, id_: str) -> None:
        """Forget a draft."""
        with self._lock:
            self._kept.pop(id_, None)

    def _purge(self, officer: tuple[str, str]) -> None:
        now = self._clock()
        gone = [id_ for id_, one in self._kept.items() if now - one.at > KEPT_SECONDS]
        own = [id_ for id_, one in self._kept.items() if one.officer == officer]
        for id_ in (*gone, *own[: max(0, len(own) - MAX_DRAFTS + 1)]):
            self._kept.pop(id_, None)
