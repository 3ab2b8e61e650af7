"""Throttle for guessing. After wrong attempts further ones must wait, for seconds only: nobody can be locked out.

A stranger's attempts are counted by account. Attempts in an officer's own browser are counted by browser, so that a
stranger's wrong passphrases don't slow the officer. No attempts are counted by network address, since many officers may
share one.

While many sign in at once, visits of the sign-in page take turns. A cookie that the page gives proves a visit. The
cookie is random, says nothing of the browser, and is not stored by the desk. Attempts without the cookie, or many
attempts with the same cookie, take turns as one visitor.
"""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

FREE_ATTEMPTS: Final = 4
"""Wrong attempts in a row that cost no time."""
LONGEST_GAP: Final = 5.0
"""Most seconds between two attempts. So strangers can try 17,000 passphrases a day on an account; the weakest accepted
passphrase withstands ten thousand million (`passphrases.MIN_GUESSES`)."""
LONGEST_GAP_OF_CODES: Final = 300.0
"""Most seconds between two attempts at a six-digit code. Only somebody who knows the passphrase can try a code."""
LONGEST_HOLD: Final = 10.0
"""Most seconds that an attempt waits for its turn. An attempt that would wait longer is refused, with the time at which
to try again."""
FORGOTTEN_AFTER: Final = 3600.0
"""Seconds after which failures no longer count."""
_MAX_KEYS: Final = 10_000
_ID_BYTES: Final = 16


class _State(msgspec.Struct):
    failures: int = 0
    last: float = 0.0
    next_turn: float = 0.0


class Throttle:
    """Counts consecutive failures by key, whether the account exists or not."""

    def __init__(self, longest_gap: float = LONGEST_GAP, clock: Callable[[], float] = time.monotonic) -> None:
        self._longest_gap = longest_gap
        self._clock = clock
        self._states: OrderedDict[str, _State] = OrderedDict()

    def reserve(self, key: str) -> float:
        """Reserve the next turn of a key; return the seconds until it. Above `LONGEST_HOLD` nothing is reserved."""
        state, now = self._state(key), self._clock()
        turn = max(now, state.next_turn)
        if turn - now <= LONGEST_HOLD:
            state.next_turn = turn + self._gap(state)
        return turn - now

    def wait(self, key: str) -> float:
        """Return the seconds until the next turn of a key, and reserve nothing."""
        return max(0.0, self._state(key).next_turn - self._clock())

    def failed(self, key: str) -> None:
        """Count a failure."""
        state = self._state(key)
        state.failures += 1
        state.last = self._clock()
        state.next_turn = max(state.next_turn, state.last + self._gap(state))

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        self._states.pop(key, None)

    def failures(self, key: str) -> int:
        """Return the failures that still count."""
        state = self._states.get(key)
        return state.failures if state and self._clock() - state.last < FORGOTTEN_AFTER else 0

    def in_use(self) -> bool:
        """Return whether failures count, of any key."""
        return any(self.failures(key) for key in list(self._states))

    def _gap(self, state: _State) -> float:
        beyond = state.failures - FREE_ATTEMPTS
        return min(self._longest_gap, 2.0 ** min(beyond, 20)) if beyond > 0 else 0.0

    def _state(self, key: str) -> _State:
        state = self._states.pop(key, None)
        if state is None or (state.failures and self._clock() - state.last >= FORGOTTEN_AFTER):
            state = _State()
        self._states[key] = state
        if len(self._states) > _MAX_KEYS:
            # First those without a failure: an attempt makes one before anything is checked, and costs nothing.
            idle = (one for one, other in self._states.items() if not other.failures and one != key)
            del self._states[next(idle, next(iter(self._states)))]
        return state


class Visits:
    """Makes and checks the cookies of visits, for one process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def begin(self) -> str:
        """Make a cookie for a browser that has none."""
        id_ = secrets.token_hex(_ID_BYTES)
        return f"{id_}.{self._proof(id_)}"

    def checked(self, cookie: str) -> str:
        """Return the id of a visit; empty if this process did not make the cookie."""
        id_, _, proof = cookie.partition(".")
        return id_ if hmac.compare_digest(proof.encode(), self._proof(id_).encode()) else ""

    def _proof(self, id_: str) -> str:
        return hmac.new(self._key, id_.encode(), hashlib.sha256).hexdigest()
