"""Renewed keys of tips, as the roster remembers them: no older row passes for the newest one. Does no I/O.

The host's key store has a `Renewal` for each tip whose key a desk renewed, with 112 bytes: 8 name the tip, 32 are the
public half of the new signing key, 8 are computed from all renewals, and the rest is a signature by the previous key;
8 more name the place in the thread.
The name needs the public half of the tip's first signing key, which lies in no row: only whoever has the tip, its
tipster, and a desk with a release of it can tell which tip is meant. An office gets those of its own tips, with them.
Each machine keeps those that it knows. None is in the roster, whose size would tell an office of tips kept from it.

So they alone tell the line of a tip's keys. A desk with the newest key appends to the line. A renewal by an
older key replaces all later ones if the same desk made these, or desks below it; that happens after a backup was
restored. Any other renewal does not count: the desk lost the tip, or never had it.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from itertools import takewhile

import msgspec
from msgspec.structs import replace

from satark.api.tip import Checkpoint, Envelope, TipKeyChange
from satark.identity.signatures import is_signed, signing_key, verifier_for
from satark.roster.entries import HALF, RENEWED
from satark.roster.state import RosterState
from satark.routing.sent import TIP_USE, is_as_sent

_DOMAIN, _POINT = b"satark/1/renewed-tip\0", b"satark/1/tip-checkpoint\0"
_SIGNATURE = 64
"""Bytes of a signature."""


def tip_verifier(identity: str) -> str:
    """Return the public key (hex) that verifies signatures of a tip's newest key."""
    return verifier_for(identity.partition("\n")[0], TIP_USE)


def filled(renewed: Sequence[bytes], least: int) -> list[bytes]:
    """Return renewals as they are stored. Decoys fill their number up to a power of two, which hides it."""
    size = max(least, 1 << (len(renewed) - 1).bit_length())
    return sorted([*renewed, *(_made_up() for _ in range(size - len(renewed)))])


def _made_up() -> bytes:
    """Return a decoy of a renewal, which names no tip."""
    told = secrets.token_bytes(HALF) + bytes.fromhex(tip_verifier(secrets.token_hex())) + secrets.token_bytes(HALF)
    return told + signing_key(secrets.token_hex(), TIP_USE).sign(told) + secrets.token_bytes(HALF)


def first_verifier(identity: str) -> str:
    """Return the public key (hex) that verifies signatures of a tip's first key."""
    return tip_verifier(identity.rpartition("\n")[2])


def hash_of(point: Checkpoint) -> bytes:
    return sha256(_POINT + _encode(point)).digest()


def with_last_points(state: RosterState, envelope: Envelope) -> Envelope | None:
    """Return an envelope with only the checkpoints that count; None: one of them is missing.

    Each desk's last checkpoint counts, unless a desk above it renewed the key later.
    """
    last: dict[str, bytes] = {}
    for one in envelope.changes:
        last = {desk: point for desk, point in last.items() if not state.outranks(one.desk, desk)}
        last[one.desk] = one.point
    points = {(one.desk, hash_of(one)): one for one in envelope.points}
    return replace(envelope, points=tuple(map(points.get, last.items()))) if last.items() <= points.keys() else None


def remembered(desk: str, identity: str, changes: Sequence[TipKeyChange], seq: int = 0) -> bytes:
    """Return what is said (`Renewal.said`) of the last of these changes, by a desk, of a tip's keys (`identity`).

    `seq`: the place of the thread's last message.
    """
    keys = {tip_verifier(one): one for one in identity.split()}
    before = changes[-2].verifier if len(changes) > 1 else first_verifier(identity)
    _, told = _said(first_verifier(identity), changes)[-1]
    return told + signing_key(keys[before], TIP_USE).sign(_signed(desk, told)) + _place(first_verifier(identity), seq)


def is_newest(state: RosterState, verifier: str, changes: Sequence[TipKeyChange]) -> bool:
    """Return whether these are exactly the known changes of a tip's key. `verifier`: the first key's."""
    return [one[:2] for one in _line(state, verifier)] == _said(verifier, changes)


def is_present(state: RosterState, envelope: Envelope) -> bool:
    """Return whether an envelope with a tip's key has the newest key, all checkpoints and the original content."""
    if with_last_points(state, envelope) != envelope or not is_as_sent(envelope):
        return False
    verifiers, changes = [tip_verifier(one) for one in envelope.identity.split()], envelope.changes
    has_keys = {one.verifier for one in changes} <= {*verifiers}
    is_newest_key = verifiers[0] == changes[-1].verifier if changes else len(verifiers) == 1
    return has_keys and is_newest_key and is_newest(state, verifiers[-1], changes)


def renewed_at(state: RosterState, verifier: str, roster: str, holders: Collection[str]) -> int:
    """Return the roster's length at the holders' newest renewal of a tip's key; else the position of head `roster`."""
    line = [position for desk, _, position, _ in _line(state, verifier) if desk in holders]
    return line[-1] if line else state.positions.get(roster, 0)


def verifiers_by(state: RosterState, verifier: str, position: int, desk: str = "", seq: int = 0) -> list[str]:
    """Return the public keys (hex) of which one was a tip's newest when a message was written, in order.

    `desk` wrote it, at the place `seq` in the thread; 0: unknown. A renewal binds its own desk
    and those below: a desk could lie about the place. The message names the roster's entry at this position, or none
    later: a renewal adds no entry.
    """
    found, before = [verifier], {_place(verifier, one) for one in range(seq)}
    for by, told, at, place in _line(state, verifier):
        is_later = at > position or (at == position and seq and place and place not in before)
        if not is_later:
            is_open = at == position and (not seq or not state.outranks(by, desk))
            found = [*(found if is_open else ()), told[HALF:-HALF].hex()]
    return found


def kept_changes(state: RosterState, envelope: Envelope) -> tuple[tuple[TipKeyChange, ...], set[str]] | None:
    """Return an envelope's changes of keys, as far as they are known and the envelope has the keys.

    Return too the desks whose renewals would be replaced by one of the envelope's desk. None: not all of them would be.
    """
    verifier, verifiers = first_verifier(envelope.identity), {tip_verifier(one) for one in envelope.identity.split()}
    line, changes = _line(state, verifier), list(takewhile(lambda one: one.verifier in verifiers, envelope.changes))
    pairs = zip(line, _said(verifier, changes), strict=False)
    known = sum(1 for _ in takewhile(lambda pair: pair[0][:2] == pair[1], pairs))
    replaced = {desk for desk, *_ in line[known:]}
    may_renew = all(state.outranks(envelope.desk, one) for one in replaced) and is_as_sent(envelope)
    return (envelope.changes[:known], replaced) if may_renew else None


def _said(verifier: str, changes: Iterable[TipKeyChange]) -> list[tuple[str, bytes]]:
    """Return what is said of these changes, unsigned, each with the desk that must have made it."""
    name, found, before = _hash(verifier.encode()), [], b""
    for one in changes:
        before = _hash(verifier.encode(), before, _encode(replace(one, recipient="", renewal=b"")))
        found.append((one.desk, name + bytes.fromhex(one.verifier) + before))
    return found


def _line(state: RosterState, verifier: str) -> list[tuple[str, bytes, int, bytes]]:
    """Return the renewals of a tip's key that count, in order: desk, what it said, the roster's length, the place."""
    line: list[tuple[str, bytes, int, bytes]] = []
    for desk, said, position in state.renewals(_hash(verifier.encode())):
        told, signature, place = said[: RENEWED - _SIGNATURE], said[RENEWED - _SIGNATURE : RENEWED], said[RENEWED:]
        keys = [verifier, *(one[HALF:-HALF].hex() for _, one, *_ in line)]
        signed = (is_signed(key, signature, _signed(desk, told)) for key in reversed(keys))
        at = next((n for n, one in enumerate(signed) if one), None)  # how many it takes the place of
        if at is not None and all(state.outranks(desk, one) for one, *_ in line[len(line) - at :]):
            line[len(line) - at :] = [(desk, told, position, place)]
    return line


def _signed(desk: str, told: bytes) -> bytes:
    return _DOMAIN + _encode(desk) + told


def _place(verifier: str, seq: int) -> bytes:
    """Return what names a place in a tip's thread, for whoever knows the tip's first key."""
    return _hash(verifier.encode(), b"place", seq.to_bytes(8))


def _hash(*parts: bytes) -> bytes:
    return sha256(_DOMAIN + b"\0".join(parts)).digest()[:HALF]


_encode = msgspec.json.Encoder(order="deterministic").encode
