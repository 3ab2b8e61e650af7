"""Renewed keys of tips, as the roster remembers them: no older row passes for the newest one. No I/O.

An entry of the roster has 16 bytes for each tip whose key a desk renewed: 8 name the tip, and 8 follow from all its
renewals. Both need the public half of the tip's first signing key, which lies in no row: only whoever has the tip, its
tipster, and a desk with a release of it can tell which tip is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from satark.api.tip import Envelope, TipKeyChange
from satark.identity.signatures import verifier_for
from satark.roster.entries import HALF
from satark.roster.state import RosterState

TIP_USE: Final = "satark/1/tip"
_DOMAIN = b"satark/1/renewed-tip\0"


def tip_verifier(identity: str) -> str:
    """Return the public key (hex) that verifies what a tip's newest key signs."""
    return verifier_for(identity.partition("\n")[0], TIP_USE)


def first_verifier(identity: str) -> str:
    """Return the public key (hex) that verifies what a tip's first key signs."""
    return tip_verifier(identity.rpartition("\n")[2])


def hash_of(envelope: Envelope) -> bytes:
    """Return the hash of what an envelope says of its tip: who reads it, and who is answered."""
    point = envelope.checkpoint and replace(envelope.checkpoint, changes=())
    told = (envelope.header, envelope.receipt, envelope.document_sha256, envelope.tipster_verifier)
    return _hash(_encode((*told, envelope.holders, envelope.answers_to, point)))


def remembered(verifier: str, changes: Iterable[TipKeyChange]) -> list[bytes]:
    """Return what the roster has of a tip after each of these changes. `verifier`: of the tip's first key."""
    name, found = _hash(verifier.encode()), [b""]
    for one in changes:
        found.append(name + _hash(verifier.encode(), found[-1], _encode(replace(one, recipient=""))))
    return found[1:]


def is_newest(state: RosterState, verifier: str, changes: Sequence[TipKeyChange]) -> bool:
    """Return whether a tip's changes of keys are all that the roster knows of."""
    named, found = [one for _, one in _named(state, verifier)], remembered(verifier, changes)
    return named[-1:] == found[-1:] and _is_within(named, found)


def is_present(state: RosterState, envelope: Envelope) -> bool:
    """Return whether an envelope with a tip's key is the newest, and says what the desk said that renewed the key."""
    changes = _whole_changes(envelope)
    return changes is not None and is_newest(state, first_verifier(envelope.identity), changes)


def kept_changes(state: RosterState, envelope: Envelope) -> tuple[TipKeyChange, ...] | None:
    """Return an envelope's changes of keys, of one that is not present those up to the newest by a desk not below.

    None: the roster knows others that such a desk made, or the envelope does not say what the newest covers.
    """
    verifier, changes = first_verifier(envelope.identity), _whole_changes(envelope)
    named = _named(state, verifier)
    if changes is None or is_newest(state, verifier, changes):
        return changes if named else ()
    rank, found = state.rank(envelope.desk), remembered(verifier, changes)
    own = [one for desk, one in named if state.rank(desk) >= rank]
    if not _is_within(own, found):
        return None
    return changes[: found.index(own[-1]) + 1] if own else ()


def _whole_changes(envelope: Envelope) -> tuple[TipKeyChange, ...] | None:
    """Return an envelope's changes of keys; None: it lacks a key of theirs, or does not say what the newest covers."""
    if envelope.checkpoint is None:
        return ()
    verifiers = [tip_verifier(one) for one in envelope.identity.split()]
    changes = envelope.checkpoint.changes
    newest = [(one.verifier, one.facts) for one in changes[-1:]]
    is_whole = newest == [(verifiers[0], hash_of(envelope))] and {one.verifier for one in changes} <= {*verifiers}
    return changes if is_whole else None


def _named(state: RosterState, verifier: str) -> list[tuple[str, bytes]]:
    name = _hash(verifier.encode())
    return [(desk, name + value) for desk, value in state.renewed.get(name, ())]


def _is_within(some: Iterable[bytes], every: Iterable[bytes]) -> bool:
    """Return whether all of these are among those, in their order."""
    left = iter(every)
    return all(one in left for one in some)


def _hash(*parts: bytes) -> bytes:
    return sha256(_DOMAIN + b"\0".join(parts)).digest()[:HALF]


_encode = msgspec.json.Encoder(order="deterministic").encode
