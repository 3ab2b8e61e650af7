"""Visits of the sign-in page: who takes turns with whom while many sign in at once.

A cookie that the page gives proves a visit. It is random, says nothing of the browser, and is stored nowhere. Whoever
sends passphrases without it, or many with the same one, takes turns as one visitor.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

_ID_BYTES: Final = 16


class Visits:
    """Makes and checks the cookies of one process."""

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
