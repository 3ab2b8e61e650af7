"""Decoys: sealed envelopes that nobody can open, made ahead of need.

With thirty desks, a tip for two of them needs 28 decoys. A decoy looks like an envelope that somebody can open: it is
sealed in the same way, but to a key that is forgotten at once. Each decoy is used once.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from satark.api.sealing import encrypt_alike
from satark.identity.stock import Stock
from satark.store.envelopes import PADDED

_AHEAD: Final = 1024
"""The largest number of decoys to have ready. A decoy has 4 KB."""


class Decoys(Stock[bytes]):
    """A stock of decoys of the usual size. `ahead`: how many decoys to have ready, at most `_AHEAD`."""

    def __init__(self, ahead: int) -> None:
        super().__init__(partial(_make, PADDED), ahead=min(ahead, _AHEAD), name="satark-decoys")

    def take_of(self, size: int) -> bytes:
        """Take a decoy whose content has so many bytes. A decoy of an unusual size is made at once."""
        return self.take() if size == PADDED else _make(size)


def _make(size: int) -> bytes:
    return encrypt_alike(bytes(size))
