"""Officers who are signed in. The desk's opened key lives here, in memory, and nowhere else."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from satark.officer import Casework
    from satark.services import DeskContext
    from satark_desk.officers import Opened
    from satark_desk.settings import DeskSettings


class Session:
    """One officer at one desk."""

    def __init__(self, opened: Opened, casework: Casework, now: float) -> None:
        self.opened = opened
        self.casework = casework
        self.began = now
        self.used = now
        self._carried_out: set[str] = set()

    def __repr__(self) -> str:
        return "Session(…)"

    @property
    def desk(self) -> str:
        """The desk's name."""
        return self.opened.desk.name

    def first_time(self, once: str) -> bool:
        """Whether a form with this random value comes for the first time: a double click must not act twice."""
        fresh = once not in self._carried_out
        self._carried_out.add(once)
        return fresh


class Sessions:
    """Every session of the process, found by the hash of a random token: a look at memory gives no valid cookie."""

    def __init__(
        self, context: DeskContext, settings: DeskSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._context = context
        self._idle = settings.idle_minutes * 60
        self._longest = settings.session_hours * 3600
        self._clock = clock
        self._sessions: dict[bytes, Session] = {}

    def begin(self, opened: Opened) -> str:
        """Begin a session; give its token, 256 random bits."""
        self._sweep()
        token = secrets.token_urlsafe(32)
        self._sessions[_name(token)] = Session(
            opened, opened.casework(self._context, self._context.transcribers), self._clock()
        )
        return token

    def find(self, token: str, *, used: bool = True) -> Session | None:
        """Give the session of a token, unless it timed out. `used`: a person did this, not a timer on the page."""
        self._sweep()
        session = self._sessions.get(_name(token))
        if session is not None and used:
            session.used = self._clock()
        return session

    def end(self, token: str) -> None:
        """End a session; the opened key goes with it."""
        self._sessions.pop(_name(token), None)

    def _sweep(self) -> None:
        now = self._clock()
        for name, session in list(self._sessions.items()):
            if now - session.used > self._idle or now - session.began > self._longest:
                self._sessions.pop(name, None)


def _name(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
