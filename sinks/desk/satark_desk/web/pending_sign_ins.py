"""Pending sign-ins: the passphrase was right, and the second factor is still to come, within few tries and minutes."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from satark_desk.officers import UnlockedDesk
    from satark_desk.passkey_challenge import Challenge

EXPIRES_AFTER: Final = 300.0
"""Seconds in which the second factor must come."""
MAX_TRIES: Final = 5
"""Wrong codes after which the passphrase is asked for again."""
_MAX_PENDING: Final = 500


class PendingSignIn:
    """An officer whose passphrase was right."""

    def __init__(self, unlocked: UnlockedDesk, throttle_key: str, now: float) -> None:
        self.unlocked = unlocked
        self.throttle_key = throttle_key
        self.began_at = now
        self.tries = 0
        self.challenge: Challenge | None = None

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
        pending = self._pending.get(_digest(token))
        if pending and (self._clock() - pending.began_at > EXPIRES_AFTER or pending.tries >= MAX_TRIES):
            self.end(token)
            return None
        return pending

    def end(self, token: str) -> None:
        """Forget a sign-in and its key."""
        self._pending.pop(_digest(token), None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
