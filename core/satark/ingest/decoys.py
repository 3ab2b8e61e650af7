"""Decoys: sealed envelopes that open for nobody, made ahead of need.

Where there are thirty desks, a tip for two of them takes 28. A decoy is sealed as every envelope is, to a key that is
forgotten at once: nothing but the rest of its row tells it from one that somebody opens. Each is given once.
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
        """Take a decoy for envelopes whose content has so many bytes; an unusual one is made."""
        return self.take() if size == PADDED else _make(size)


def _make(size: int) -> bytes:
    recipient, _ = new_identity()
    return encrypt(bytes(size), recipient)
