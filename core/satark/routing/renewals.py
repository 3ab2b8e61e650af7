"""Renewed keys of tips, as the roster remembers them: no older row passes for the newest one. No I/O.

An entry of the roster has 16 bytes for each tip whose key a desk renewed: 8 name the tip, and 8 follow from all its
renewals. Both need the public half of the tip's first signing key, which lies in no row: only whoever has the tip, its
tipster, and a desk with a release of it can tell which tip is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from satark.api.tip import Checkpoint, Envelope, TipKeyChange
from satark.identity.signatures import verifier_for
from satark.roster.entries import HALF
from satark.roster.state import RosterState

TIP_USE: Final = "satark/1/tip"
_DOMAIN, _SENT, _POINT = b"satark/1/renewed-tip\0", b"satark/1/sent-tip\0", b"satark/1/tip-checkpoint\0"


def tip_verifier(identity: str) -> str:
    """Return the public key (hex) that verifies what a tip's newest key signs."""
    return verifier_for(identity.partition("\n")[0], TIP_USE)


def first_verifier(identity: str) -> str:
    """Return the public key (hex) that verifies what a tip's first key signs."""
    return tip_verifier(identity.rpartition("\n")[2])


def hash_of_sent(envelope: Envelope) -> bytes:
    """Return the hash of what was fixed when the tip was sent: no desk and no renewal of the key changes it."""
    told = (envelope.header, envelope.receipt, envelope.document_sha256, envelope.tipster_verifier)
    return sha256(_SENT + _encode((*told, envelope.holders, envelope.answers_to))).digest()


def hash_of(point: Checkpoint) -> bytes:
    """Return the hash of a checkpoint, and of those above it."""
    return sha256(_POINT + _encode(replace(point, changes=()))).digest()


def points_of(envelope: Envelope) -> Iterator[Checkpoint]:
    """Yield an envelope's checkpoint, and those above it."""
    point = envelope.checkpoint
    while point:
        yield point
        point = point.above


def newest_point(state: RosterState, envelope: Envelope, rank: int) -> Checkpoint | None:
    """Return the checkpoint of the newest renewal by a desk of at least this rank; None: it is not there.

    The roster says whose a renewal is. What the change itself says, any desk with the tip may have written.
    """
    verifier, changes = first_verifier(envelope.identity), envelope.checkpoint.changes if envelope.checkpoint else ()
    points = {said: one.point for said, one in zip(_said(verifier, changes), changes, strict=True)}
    newest = next((points.get(one) for one in reversed(_named(state, verifier)) if state.rank(one[0]) >= rank), None)
    return next((one for one in points_of(envelope) if hash_of(one) == newest), None)


def remembered(verifier: str, changes: Iterable[TipKeyChange]) -> list[bytes]:
    """Return what the roster has of a tip after each of these changes. `verifier`: of the tip's first key."""
    name, found = _hash(verifier.encode()), [b""]
    for one in changes:
        found.append(name + _hash(verifier.encode(), found[-1], _encode(replace(one, recipient=""))))
    return found[1:]


def is_newest(state: RosterState, verifier: str, changes: Sequence[TipKeyChange]) -> bool:
    """Return whether a tip's changes of keys are all that the roster knows of."""
    named, found = _named(state, verifier), _said(verifier, changes)
    return named[-1:] == found[-1:] and _is_within(named, found)


def is_present(state: RosterState, envelope: Envelope) -> bool:
    """Return whether an envelope with a tip's key is the newest, and says what the desks said that renewed the key."""
    first, changes = first_verifier(envelope.identity), _changes(envelope)
    if changes is None or not is_newest(state, first, changes):
        return False
    if not changes:
        return not envelope.checkpoint and "\n" not in envelope.identity
    ranks = {state.rank(desk) for desk, _ in _named(state, first)}
    has_points = all(newest_point(state, envelope, one) for one in ranks)
    return has_points and changes[-1].verifier == tip_verifier(envelope.identity)


def kept_changes(state: RosterState, envelope: Envelope) -> tuple[TipKeyChange, ...] | None:
    """Return an envelope's changes of keys, of one that is not present those up to the newest by a desk not below.

    None: the roster knows others that such a desk made.
    """
    verifier, changes = first_verifier(envelope.identity), _changes(envelope) or ()
    named = _named(state, verifier)
    if is_newest(state, verifier, changes):
        return changes
    rank, found = state.rank(envelope.desk), _said(verifier, changes)
    own = [one for one in named if state.rank(one[0]) >= rank]
    if not _is_within(own, found):
        return None
    return changes[: found.index(own[-1]) + 1] if own else ()


def _changes(envelope: Envelope) -> tuple[TipKeyChange, ...] | None:
    """Return an envelope's changes of keys; None: it lacks a key of theirs, or another tip was sent."""
    if envelope.checkpoint is None:
        return ()
    verifiers, changes = {tip_verifier(one) for one in envelope.identity.split()}, envelope.checkpoint.changes
    sent = hash_of_sent(envelope)
    return changes if all(one.sent == sent and one.verifier in verifiers for one in changes) else None


def _said(verifier: str, changes: Sequence[TipKeyChange]) -> list[tuple[str, bytes]]:
    """Return what the roster has of these changes, each with the desk that is to have said so."""
    return list(zip((one.desk for one in changes), remembered(verifier, changes), strict=True))


def _named(state: RosterState, verifier: str) -> list[tuple[str, bytes]]:
    name = _hash(verifier.encode())
    return [(desk, name + value) for desk, value in state.renewed.get(name, ())]


def _is_within(some: Iterable[object], every: Iterable[object]) -> bool:
    """Return whether all of these are among those, in their order."""
    left = iter(every)
    return all(one in left for one in some)


def _hash(*parts: bytes) -> bytes:
    return sha256(_DOMAIN + b"\0".join(parts)).digest()[:HALF]


_encode = msgspec.json.Encoder(order="deterministic").encode
