"""New keys of tips: after a desk's key was changed, what is written on its old tips opens with no key from before.

A tip's envelopes then hold several identities, one a line, the newest first: new words are sealed to the newest, and
the others open what is older. Each new key is signed with the tip's key before and with the desk's new key, so that
the host, which opens no tip, can tell it from one that somebody wrote into the database.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace
from sqlalchemy import select, update

from satark.api.sealing import CantOpen, encode, encrypt_alike, new_identity, open_envelope, recipient_of
from satark.api.tip import Checkpoint, Envelope, Message
from satark.identity.signatures import is_signed, signing_key, verifier_for
from satark.routing.authors import TIP_USE, TIPSTER_USE, Signers, ThreadReader, is_by
from satark.store import deliveries, envelopes, tables, threads, tip_changes
from satark_files.decoding import DECODING_ERRORS

if TYPE_CHECKING:
    from satark.api.routing import DestinationRule
    from satark.roster.state import RosterState
    from satark.store.unit_of_work import UnitOfWork

_DOMAIN = b"satark/1/tip-key\0"
_DESK_USE = "satark/1/answers"
_TAG = 4
_PADDED = 1024


class TipKeyAltered(Exception):  # noqa: N818 - it reads as what it says
    """What the database says of a tip's keys was altered, so nothing may be sealed to them."""


class TipKeyChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new key of a tip."""

    recipient: str
    verifier: str
    """Ed25519 public key (hex) that verifies what the new tip key signs."""
    desk: str
    """The desk that renewed the tip's key."""
    seq: int
    """Position of the last message in the tip's thread."""
    roster: tuple[str, ...]
    """Head of each roster that the desk knew."""
    withdrawn: bytes = b""
    """Tag of the desk that lost the tip, which only who knows the receipt's recipient makes; random if none did."""
    signature: bytes
    """Signature by the tip's key before this one."""
    desk_signature: bytes
    """Signature by the desk's new key."""


class TipRoot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a receipt keeps of a tip, sealed to the receipt's code; the tip's present key can be derived from it."""

    tip: str
    recipient: str
    """age recipient of the tip's first key."""
    verifier: str = ""
    """Ed25519 public key (hex) that verifies what the tip's first key signs."""
    roster: int = 0
    """Position of the roster when the tip was submitted."""
    desks: bytes = b""
    """Tags of the desks that it was sealed to, 4 bytes each."""
    excluded: bytes = b""
    """Tags of the desks that must never have it."""
    receipt: str = ""
    """The receipt's age recipient."""
    tipster_key: str = ""
    """Secret from which the tipster's signing key is derived."""

    def __repr__(self) -> str:
        return "TipRoot(…)"


def tip_verifier(identity: str) -> str:
    """Return the public key (hex) that verifies what a tip's newest key signs."""
    return verifier_for(_newest(identity), TIP_USE)


def name_tags(tip: str, names: Iterable[str]) -> bytes:
    """Return a tag of 4 bytes for each name, which tells nothing without the tip's id."""
    return b"".join(_tag(tip, name) for name in sorted(names))


def present_recipient(root: TipRoot, key_changes: bytes, state: RosterState) -> str:
    """Return the recipient that new words on a tip are sealed to.

    Raises:
        TipKeyAltered: the changes are not those that the tip's desks made.
    """
    changes = _decoded(key_changes)
    _verifiers(root, changes)
    if any(_has(root.excluded, root.tip, one.desk) for one in changes):
        raise TipKeyAltered
    current = {one.desk for one in changes if _is_by_present_key(root.tip, one, state)}
    if changes and changes[-1].desk not in current:
        raise TipKeyAltered
    changed = {desk for desk, at in state.key_changed_at.items() if at > root.roster and state.desks[desk].officers}
    withdrawn = {one.withdrawn for one in changes}
    lacking = (desk for desk in changed - current if _tag(root.receipt, desk) not in withdrawn)
    if any(_tag(root.tip, desk) in _split(root.desks) for desk in lacking):
        raise TipKeyAltered
    return changes[-1].recipient if changes else root.recipient


class TipsterReader:
    """Tells what of a tip's thread its tipster is shown. A receipt opens no officer's signature: a desk's key signs."""

    def __init__(self, root: TipRoot, key_changes: bytes, state: RosterState) -> None:
        self._root, self._state = root, state
        self._signers, self._seen = Signers(state), set[bytes]()
        self._tipster = verifier_for(root.tipster_key, TIPSTER_USE) if root.tipster_key else ""
        self._changes: tuple[TipKeyChange, ...] = ()
        self._verifiers: list[str] = []  # if the changes are forged, nobody has the tip's newest key
        with suppress(TipKeyAltered):
            changes = _decoded(key_changes)
            self._verifiers, self._changes = _verifiers(root, changes), changes

    def may_show(self, seq: int, message: Message) -> bool:
        """Return whether the next message is by the tipster's key, or by the tip's newest and the sender's own."""
        desk, tip = message.desk, self._root.tip
        if message.sender == "tipster":
            return is_by([self._tipster], message, tip, (seq,))
        if desk in self._state.refused or _has(self._root.excluded, tip, desk) or message.officer in self._seen:
            return False
        before = [one for one in self._changes if one.seq < seq]
        keys = self._signers.keys(desk, message, (head for one in before for head in one.roster))
        is_by_desk = is_by(keys.get("", []), message, tip, self._signers.positions(seq, keys))
        if not is_by_desk or not is_by(self._verifiers[len(before) :][:1], message, tip, (seq, 0)):
            return False
        self._seen.add(message.officer)  # a message of an office names no place: a copy is known by what was sealed
        return True


def renew_tip_keys(
    unit: UnitOfWork, state: RosterState, desk: str, identities: str, rules: Sequence[DestinationRule]
) -> None:
    """Give every tip of a desk a new key, sealed to all that have the tip: to the desks as the roster lists them.

    In a remote office the tips keep their keys, and these are sealed to the desk's new key alone: the other desks with
    these tips are at the host, and could not open what is written with a key that only the office has.

    `state`: the roster with the change; `identities`: the desk's new identity, and the one before, one a line.
    """
    for tip in envelopes.tips_of(unit.keys, desk):
        threads.lock(unit, tip)  # first: another desk may have renewed the key meanwhile
        try:
            envelope = open_envelope(envelopes.find(unit.keys, tip, desk) or b"", identities, tip=tip, desk=desk)
        except CantOpen:
            continue  # forged or damaged: leave it as it is for an investigation
        if envelope.tip_recipient:  # messages from before are sealed to the desk's former keys
            kept = dict.fromkeys((*envelope.identity.split(), identities.rsplit(maxsplit=1)[-1]))
            renewed = replace(envelope, identity="\n".join(kept))
            envelopes.store(unit, tip, desk, envelopes.seal(renewed, state.desks[desk].desk.recipient))
        else:
            renew_tip_key(unit, state, envelope, _newest(identities), rules)


def encode_root(root: TipRoot) -> bytes:
    """Encode a root, padded: its size must not tell how many desks are excluded."""
    encoded = msgspec.json.encode(root)
    return encoded.ljust(-(-len(encoded) // _PADDED) * _PADDED)


def decode_root(encoded: bytes) -> TipRoot:
    """Decode what `encode_root` returned."""
    return msgspec.json.decode(encoded, type=TipRoot)


def renew_tip_key(
    unit: UnitOfWork,
    state: RosterState,
    envelope: Envelope,
    desk_identity: str,
    rules: Sequence[DestinationRule],
    *,
    without: str = "",
) -> None:
    """Give one tip a new key, sealed to all that have the tip's key now; a desk with a release keeps the release.

    `unit` has locked the thread; `envelope` is the present one of the desk that renews the key, `desk_identity` this
    desk's newest identity; the desk `without` gets the new key no more.
    """
    listed = (
        state.destination_recipients()
        if state.closed
        else {rule.to: rule.recipient for rule in rules if rule.recipient}
    )
    recipients = listed | state.desk_recipients()
    reader, signers = ThreadReader(envelope), Signers(state)
    reader.read_new(threads.new_messages(unit.main, {envelope.tip: 0}).get(envelope.tip, []), signers)
    access = reader.access
    access.holders.pop(without, None)
    access.releases.pop(without, None)
    holders = {envelope.desk: (), **access.holders}  # whatever the thread says, nobody loses the tip by their own act
    point = Checkpoint(reader.last, reader.thread, signers.head, holders, access.releases, access.answers_to)
    renewed = envelope
    tip = tables.tip
    row = unit.main.execute(select(tip.c.key_changes).where(tip.c.id == envelope.tip)).one_or_none()
    kept, before = _kept(row.key_changes if row else b"", envelope.identity)
    # Whoever lacks the row's newest key lost the tip, and an old row was put back; or nobody may take it from them.
    is_holder = row and (row.key_changes in {b"", _encode(kept)} or envelope.desk not in access.answers_to)
    if is_holder and not _is_office(unit):
        renewed = replace(envelope, identity=f"{new_identity()[1]}\n{envelope.identity}", checkpoint=point)
        change = _change(renewed, before, renewed.identity, desk_identity, without)
        values = {"recipient": change.recipient, "key_changes": _encode((*kept, change))}
        unit.main.execute(update(tip).where(tip.c.id == envelope.tip).values(values))
        deliveries.add_revision(unit, envelope.tip, offices_only=True)
    tip_changes.note(unit, envelope.tip)
    readers = {envelope.desk} if renewed is envelope else {envelope.desk, *access.readers}
    stored = envelopes.holders_of(unit.keys, envelope.tip, readers & recipients.keys())
    contents = {one: encode(replace(renewed, desk=one), envelopes.PADDED) for one in stored}
    size = max(map(len, contents.values()), default=envelopes.PADDED)
    for one, content in contents.items():
        envelopes.store(unit, envelope.tip, one, encrypt_alike(content.ljust(size), recipients[one]))
    envelopes.renew_decoys(unit, envelope.tip, size)


def has_keys(envelope: Envelope, key_changes: bytes) -> bool:
    """Return whether an opened envelope has the newest of the keys that the tip's row lists."""
    keys = envelope.identity.split()
    with suppress(TipKeyAltered):
        changes = _decoded(key_changes)
        return changes[-1].recipient == recipient_of(keys[0]) if changes else len(keys) == 1
    return False


def _kept(key_changes: bytes, identity: str) -> tuple[tuple[TipKeyChange, ...], str]:
    """Return a tip's changes of keys up to one to a key that a desk lacks, and the key that signs the next change."""
    keys = {recipient_of(one): one for one in identity.split()}
    try:
        kept = tuple(takewhile(lambda one: one.recipient in keys, _decoded(key_changes)))
    except TipKeyAltered:
        kept = ()
    return kept, keys[kept[-1].recipient] if kept else [*keys.values()][-1]


def _is_office(unit: UnitOfWork) -> bool:
    return unit.main.execute(select(tables.host_link.c.directory)).first() is not None


def _change(envelope: Envelope, before: str, identity: str, desk_identity: str, without: str = "") -> TipKeyChange:
    change = TipKeyChange(
        recipient=recipient_of(identity),
        verifier=tip_verifier(identity),
        desk=envelope.desk,
        seq=envelope.checkpoint.seq if envelope.checkpoint else 0,
        roster=envelope.checkpoint.roster if envelope.checkpoint else (),
        withdrawn=_tag(envelope.receipt, without) if without else os.urandom(_TAG),
        signature=b"",
        desk_signature=b"",
    )
    signed = _signed_bytes(envelope.tip, change)
    return replace(
        change,
        signature=signing_key(before, TIP_USE).sign(signed),
        desk_signature=signing_key(desk_identity, _DESK_USE).sign(signed),
    )


def _is_by_present_key(tip: str, change: TipKeyChange, state: RosterState) -> bool:
    listed = state.desks.get(change.desk)
    return listed is not None and is_signed(listed.verifier, change.desk_signature, _signed_bytes(tip, change))


def _signed_bytes(tip: str, change: TipKeyChange) -> bytes:
    return _DOMAIN + msgspec.json.encode((tip, replace(change, signature=b"", desk_signature=b"")))


def _has(tags: bytes, tip: str, desk: str) -> bool:
    return _tag(tip, desk) in _split(tags)


def _verifiers(root: TipRoot, changes: Sequence[TipKeyChange]) -> list[str]:
    found = [root.verifier]
    for one in changes:
        if not is_signed(found[-1], one.signature, _signed_bytes(root.tip, one)):
            raise TipKeyAltered
        found.append(one.verifier)
    return found


def _split(tags: bytes) -> set[bytes]:
    return {tags[at : at + _TAG] for at in range(0, len(tags), _TAG)}


def _tag(tip: str, name: str) -> bytes:
    return hashlib.sha256(f"{tip}/{name}".encode()).digest()[:_TAG]


def _newest(identity: str) -> str:
    return identity.split(maxsplit=1)[0]


def _decoded(key_changes: bytes) -> tuple[TipKeyChange, ...]:
    try:
        return _decode(key_changes) if key_changes else ()
    except DECODING_ERRORS:
        raise TipKeyAltered from None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[TipKeyChange, ...]).decode
