"""What a machine must find in the key store before it takes its first roster from there.

Whoever writes rows could show a new machine a roster of their own. So a machine that has the roster hands over an
anchor with the epoch keys (`satark.store.epochs`), or somebody gives a head that they noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from hashlib import sha256

import msgspec

from satark.roster.chain import chain_hash
from satark.roster.state import RosterState


def _digest(renewals: Iterable[bytes]) -> str:
    return sha256(b"".join(sha256(one).digest() for one in renewals)).hexdigest()


class Anchor(msgspec.Struct, frozen=True, array_like=True):
    """A head of the roster, and the renewals of tips' keys, that each later roster of the installation has."""

    head: str
    """Position and hash, as `satark roster verify` prints them."""
    renewals: int = 0
    """Number of the first renewals that `digest` covers."""
    digest: str = _digest(())

    @classmethod
    def of(cls, entries: Sequence[bytes], renewals: Sequence[bytes]) -> Anchor:
        return cls(f"{len(entries)}:{reduce(chain_hash, entries, '')}", len(renewals), _digest(renewals))

    def is_in(self, state: RosterState, renewals: Sequence[bytes]) -> bool:
        """Whether a roster and the renewals beside it continue the anchor's."""
        hash_ = self.head.partition(":")[2]
        is_listed = hash_ != "" and self.head == f"{state.positions.get(hash_)}:{hash_}"
        return is_listed and self.digest == _digest(renewals[: self.renewals])

    def encode(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, encoded: bytes) -> Anchor:
        return msgspec.json.decode(encoded, type=cls)
