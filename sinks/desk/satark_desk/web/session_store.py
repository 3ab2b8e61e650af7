"""Sessions of signed-in officers, and pending sign-ins: the passphrase was right, the second factor is still to come.

A desk's private key exists here, in memory, and nowhere else.
"""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Final

import msgspec

from satark.casework import Casework, DeskContext
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officer_queue import OfficerQueue
from satark_desk.second_factors import PasskeyChallenge
from satark_desk.settings import DeskSettings
from satark_desk.web.form_drafts import FormDrafts
from satark_desk.web.opened_desk import OpenedDesk, OpenedDesks

SECOND_FACTOR_WITHIN: Final = 300.0
"""Seconds in which the second factor must come."""
MAX_TRIES: Final = 5
"""Wrong codes after which the passphrase is asked for again."""
_MAX_PENDING: Final = 500


class OfficerSession:
    """A signed-in officer at a desk."""

    def __init__(
        self, unlocked: UnlockedDesk, casework: Casework, opened: OpenedDesk, now: float, browser: bytes = b""
    ) -> None:
        self.id = secrets.token_hex(8)
        """Id of the session in its owner's forms. Nobody can derive the cookie from it."""
        self.unlocked = unlocked
        self.casework = casework
        self.opened = opened
        self.began_at = now
        self.used_at = now
        self.since = int(time.time())
        """When the session began, Unix seconds."""
        self.browser = browser
        """Hash of the known browser's cookie."""
        self.new_secret = ""
        """The secret of an authenticator app that is being added."""
        self.challenge: PasskeyChallenge | None = None
        """The challenge with which the browser was asked to make a passkey."""
        self.log_missing = False
        """Whether, at sign-in, the audit log lacked a part that this browser had seen."""
        self.roster_lost = False
        """Whether, at sign-in, the roster lacked a head that the officer remembers."""
        self.log_positions: dict[str, int] = {}
        """Position in the audit log at which a later page of it begins, by a random name in the page's address."""
        self._submissions: set[str] = set()

    def __repr__(self) -> str:
        return "OfficerSession(…)"

    @property
    def desk(self) -> str:
        """The desk's name."""
        return self.unlocked.desk.name

    @property
    def officer(self) -> str:
        """The officer's name."""
        return self.unlocked.officer

    @cached_property
    def queue(self) -> OfficerQueue:
        """The officer's queue. The first use waits until the desk's tips are opened."""
        return self.opened.queue(self.officer)

    def remember_position(self, position: int) -> str:
        """Return a random name for a position in the audit log. The position would tell how many rows others add."""
        name = secrets.token_hex(8)
        self.log_positions[name] = position
        return name

    def has_submitted(self, submission_id: str) -> bool:
        """Return whether a form with this random id was sent before."""
        return submission_id in self._submissions

    def is_first_submission(self, submission_id: str) -> bool:
        """Record a form's random id; return whether it is new. So a double click has no second effect."""
        is_new = submission_id not in self._submissions
        self._submissions.add(submission_id)
        return is_new


class Sessions:
    """All sessions of the process, by the hash of a random token: a memory dump holds no valid cookie."""

    def __init__(
        self, context: DeskContext, settings: DeskSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._context = context
        self.drafts = FormDrafts(context)
        self._idle = settings.idle_minutes * 60
        self._max_age = settings.session_hours * 3600
        self._clock = clock
        self._sessions: dict[bytes, OfficerSession] = {}
        self._opened = OpenedDesks(context, settings)
        self._timer: threading.Timer | None = None

    def begin(self, unlocked: UnlockedDesk, browser: bytes = b"") -> str:
        """Begin a session in a browser, given the hash of its cookie; return its token, 256 random bits."""
        self._purge_expired()
        token = secrets.token_urlsafe(32)
        opened = self._opened.hold(unlocked)
        casework = unlocked.casework(self._context, self._context.transcribers, opened.cache)
        casework.trail.signed_in("web")
        self.drafts.mark_session(token, unlocked)
        self._sessions[_digest(token)] = OfficerSession(unlocked, casework, opened, self._clock(), browser)
        self._watch()
        return token

    def find(self, token: str, *, used: bool = True) -> OfficerSession | None:
        """Return the session of a token, unless it has expired.

        `used`: the request restarts the idle time; False for a page that refreshes itself.
        """
        self._purge_expired()
        session = self._sessions.get(_digest(token))
        if session is not None and used:
            session.used_at = self._clock()
        return session

    def in_use(self) -> bool:
        """Return whether an officer is signed in."""
        self._purge_expired()
        return bool(self._sessions)

    def of_officer(self, desk: str, officer: str) -> list[OfficerSession]:
        """Return an officer's sessions, the newest first."""
        self._purge_expired()
        own = [one for one in list(self._sessions.values()) if (one.desk, one.officer) == (desk, officer)]
        return sorted(own, key=lambda one: one.began_at, reverse=True)

    def idle_minutes(self, session: OfficerSession) -> int:
        """Return the minutes since a session was used."""
        return int((self._clock() - session.used_at) // 60)

    def unlock_again(self, session: OfficerSession, unlocked: UnlockedDesk) -> None:
        """Continue the session with the officer's present keys."""
        opened, former = self._opened.hold(unlocked), session.unlocked
        session.casework = unlocked.casework(self._context, self._context.transcribers, opened.cache)
        session.opened, session.unlocked = opened, unlocked
        vars(session).pop("queue", None)
        self._opened.release(former)

    def end(self, token: str) -> None:
        """End a session and drop its key."""
        session = self._drop(_digest(token))
        if session is not None:
            session.casework.trail.record("signed_out")

    def end_where(self, is_ended: Callable[[OfficerSession], bool]) -> int:
        """End the sessions for which `is_ended` returns true; return their number."""
        ended = [digest for digest, session in list(self._sessions.items()) if is_ended(session)]
        return sum(self._drop(digest) is not None for digest in ended)

    def _drop(self, digest: bytes) -> OfficerSession | None:
        session = self._sessions.pop(digest, None)
        if session is not None:
            self._opened.release(session.unlocked)
        return session

    def _watch(self) -> None:
        """End expired sessions and drop their opened tips, even if no further request comes."""
        if self._timer is None and self._sessions:
            self._timer = threading.Timer(self._idle, self._look_again)
            self._timer.daemon = True
            self._timer.start()

    def _look_again(self) -> None:
        self._timer = None
        self._purge_expired()
        self._watch()

    def _purge_expired(self) -> None:
        now = self._clock()
        for digest, session in list(self._sessions.items()):
            if now - session.used_at > self._idle or now - session.began_at > self._max_age:
                self._drop(digest)


class PendingSignIn(msgspec.Struct):
    """An officer whose passphrase was right."""

    unlocked: UnlockedDesk
    throttle_key: str
    began_at: float
    tries: int = 0
    challenge: PasskeyChallenge | None = None

    def __repr__(self) -> str:
        return "PendingSignIn(…)"


class PendingSignIns:
    """All pending sign-ins of the process, by the hash of a random token."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pending: OrderedDict[bytes, PendingSignIn] = OrderedDict()

    def begin(self, unlocked: UnlockedDesk, throttle_key: str) -> str:
        """Remember a right passphrase; return a token, 256 random bits."""
        token = secrets.token_urlsafe(32)
        self._pending[_digest(token)] = PendingSignIn(unlocked, throttle_key, self._clock())
        if len(self._pending) > _MAX_PENDING:
            self._pending.popitem(last=False)
        return token

    def find(self, token: str) -> PendingSignIn | None:
        """Return the sign-in of a token, unless it has expired or was tried too often."""
        self._purge_expired()
        pending = self._pending.get(_digest(token))
        if pending and pending.tries >= MAX_TRIES:
            self.end(token)
            return None
        return pending

    def in_use(self) -> bool:
        """Return whether a sign-in is pending."""
        self._purge_expired()
        return bool(self._pending)

    def _purge_expired(self) -> None:
        now = self._clock()
        for digest, one in list(self._pending.items()):
            if now - one.began_at > SECOND_FACTOR_WITHIN:
                self._pending.pop(digest, None)

    def end(self, token: str) -> None:
        """Forget a sign-in and its key."""
        self._pending.pop(_digest(token), None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
