"""Decoys: sealed envelopes that nobody can open, made ahead of need.

Where there are thirty desks, a tip for two of them takes 28 decoys. A decoy is sealed as every envelope is, but to a
key that is forgotten at once, so that it looks like one that somebody opens. Each is used once.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from satark.api.sealing import encrypt, new_identity
from satark.identity.stock import Stock
from satark.store.envelopes import PADDED

_AHEAD: Final = 1024
"""Most decoys to have ready, of 2.5 KB each."""


class Decoys(Stock[bytes]):
    """A stock of decoys of the usual size; `ahead`: how many to have ready, if that is less than the most."""

    def __init__(self, ahead: int) -> None:
        super().__init__(partial(_make, PADDED), ahead=min(ahead, _AHEAD), name="satark-decoys")

    def take_of(self, size: int) -> bytes:
        """Take a decoy for envelopes whose content has so many bytes; one of an unusual size is made on the spot."""
        return self.take() if size == PADDED else _make(size)


def _make(size: int) -> bytes:
    recipient, _ = new_identity()
    return encrypt(bytes(size), recipient)
