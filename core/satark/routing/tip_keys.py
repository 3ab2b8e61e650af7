"""New keys of tips: after a desk's key was changed, no earlier key opens new messages on its old tips.

A tip's envelopes then hold several identities, one a line, the newest first: new messages are sealed to the newest, and
the others open older ones. Each new key is signed with the tip's previous key, and a desk's key. So the host,
which opens no tip, can tell this key from one that somebody wrote into the database, and from an older one.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec
from msgspec.structs import replace
from sqlalchemy import select

from satark.api.observability import Redacted
from satark.api.routing import DestinationRule
from satark.api.sealing import CantOpen, encode, encrypt_alike, new_identity, open_envelope, recipient_of
from satark.api.tip import Checkpoint, Envelope, Message, TipKeyChange
from satark.dialogue.session import MediaJob
from satark.identity.receipt_codes import CodeKey
from satark.identity.signatures import is_signed, signing_key, verifier_for
from satark.roster.chain import add_renewals, lock, read_state
from satark.roster.entries import Renewal
from satark.roster.state import RosterState
from satark.routing.authors import TOLD, Signers, ThreadReader, is_by, told_hash
from satark.routing.renewals import (
    filled,
    first_verifier,
    hash_of,
    is_newest,
    is_present,
    kept_changes,
    remembered,
    renewed_at,
    tip_verifier,
    with_last_points,
)
from satark.routing.sent import TIP_USE, TIPSTER_USE, addressed
from satark.store import changed_keys, deliveries, envelopes, tables, threads, tip_changes
from satark.store.changed_keys import AT_ONCE
from satark.store.unit_of_work import UnitOfWork
from satark_files.decoding import DECODING_ERRORS

_DOMAIN = b"satark/1/tip-key\0"
_TAG = 4
_PADDED, _TOLD_PADDED, _ROUTED_PADDED = 1024, 4 * TOLD, 256
_FEW = 8
"""Smallest number of renewals that are stored at a time."""


class TipKeyAltered(Exception):  # noqa: N818 - it reads as what it says
    """The database's keys of a tip were altered, so nothing may be sealed to them."""


class TipRoot(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a tip that its receipt keeps, sealed to its code. The tip's present key is derived from it."""

    tip: str
    recipient: str
    """age recipient of the tip's first key."""
    verifier: str = ""
    """Ed25519 public key (hex) that verifies signatures of the tip's first key."""
    excluded: bytes = b""
    """Tags of the desks that must never have the tip, 4 bytes each."""
    holders: bytes = b""
    """Tags of the desks to which the tip was sealed when it was sent; for a release, of the desk that gave it."""
    roster: str = ""
    """Head of the host's roster when the tip was sent."""
    receipt: str = ""
    """The receipt's age recipient."""
    tipster_key: str = ""
    """Secret from which the tipster's signing key is derived."""


def name_tags(key: str, names: Iterable[str]) -> bytes:
    """Return a tag of 4 bytes for each name, under a key. For excluded desks, the key is the tip's id.

    For holders, the key is the verifier of the tip's first key, which is in no row.
    """
    return b"".join(_tag(key, name) for name in sorted(names))


def present_recipient(root: TipRoot, key_changes: bytes, state: RosterState) -> str:
    """Return the recipient to which new messages on a tip are sealed. `state`: at an office, the host's roster.

    Raises:
        TipKeyAltered: the changes are not those that the tip's desks made, or not all of them: one of these desks has
        changed its own key since.
    """
    _, changes = _checked(root, key_changes, state)
    key, holders = root.verifier, _holders(root, changes, state)
    renewed = renewed_at(state, key, root.roster, holders)
    if any(state.rekeyed.get(one, 0) > renewed for one in holders):
        raise TipKeyAltered
    return changes[-1].recipient if changes else root.recipient


def newest_recipient(unit: UnitOfWork, tip: str) -> str:
    """Return the recipient of a tip's newest key, from its row. The host uses it when it has no root.

    Raises:
        TipKeyAltered: the row says something else.
    """
    changes = changes_in(changed_keys.read(unit, tip) or b"")
    first = select(tables.tip.c.recipient).where(tables.tip.c.id == tip)
    return changes[-1].recipient if changes else unit.main.execute(first).scalar_one()


def recipient_of_job(unit: UnitOfWork, state: RosterState, job: MediaJob) -> str:
    """Return the recipient that a file of a draft or a tip is sealed to now.

    Raises:
        TipKeyAltered: as `present_recipient` does.
    """
    row = unit.main.execute(select(tables.tip.c.routed).where(tables.tip.c.id == job.tip)).one_or_none()
    root = TipRoot(tip=job.tip, recipient=job.recipient, verifier=job.verifier, tipster_key=job.tipster_key)
    if row:  # else it is a draft still
        plain = _routed_key(root).unlock(row.routed or b"")
        if plain is None:
            raise TipKeyAltered
        holders, roster = msgspec.json.decode(plain, type=tuple[bytes, str])
        root = replace(root, holders=holders, roster=roster)
    return present_recipient(root, changed_keys.read(unit, job.tip) or b"", state)


def seal_routed(root: TipRoot) -> bytes:
    """Seal a tip's first holders, for its files under way, with the tipster's key: nobody else can write this."""
    return _routed_key(root).lock(encode((root.holders, root.roster), _ROUTED_PADDED))


def _routed_key(root: TipRoot) -> CodeKey:
    return CodeKey(root.tip.encode(), hashlib.sha256(f"satark/1/routed/{root.tipster_key}".encode()).digest())


class TipsterReader:
    """Decides what the tipster sees of a thread, by desks' signatures: a receipt opens no officer's signature.

    Whoever lost the tip, or left a desk, has an older key of the tip, and may claim an older position. So a message
    signed with an older key counts if a desk that renewed the key later lists it, or if a desk that still has the tip
    signed it with its present key. No position that a renewal claims hides others' messages.
    """

    def __init__(self, root: TipRoot, key_changes: bytes, state: RosterState) -> None:
        self._root, self._state = root, state
        self._signers, self._seen = Signers(state), set[bytes]()
        self._tipster = verifier_for(root.tipster_key, TIPSTER_USE) if root.tipster_key else ""
        self._changes: tuple[TipKeyChange, ...] = ()
        self._verifiers: list[str] = []  # if the changes are forged or old ones, nobody has the tip's newest key
        with suppress(TipKeyAltered):
            self._verifiers, self._changes = _checked(root, key_changes, state)
        self._holders = _holders(root, self._changes, state)
        last = dict[str, bytes]()  # as in `with_last_points`
        for one in self._changes:
            last = {desk: told for desk, told in last.items() if not state.outranks(one.desk, desk)}
            last[one.desk] = one.disclosed
        self._told = {told[at : at + TOLD] for told in last.values() for at in range(0, len(told), TOLD)}

    def may_show(self, seq: int, message: Message) -> bool:
        """Return whether the tipster's key signed the next message, or the tip's newest key and the desk's own did."""
        desk, tip = message.desk, self._root.tip
        if message.sender == "tipster":
            return is_by([self._tipster], message, tip, (seq,))
        if desk in self._state.refused or _has(self._root.excluded, tip, desk) or message.officer in self._seen:
            return False
        was_told = told_hash(message, tip, seq) in self._told
        by_newest = was_told or is_by(self._verifiers[-1:], message, tip, (seq, 0))
        if not (by_newest or (desk in self._holders and is_by(self._verifiers, message, tip, (seq, 0)))):
            return False
        # A desk that changed its key has renewed the tip's too, unless the tip was hidden from it.
        is_present = desk in self._state.rekeyed or not by_newest
        since = [self._state.head] if is_present else [head for one in self._changes for head in one.roster]
        keys = self._signers.keys(desk, message, () if was_told else since)
        if not is_by(keys.get("", []), message, tip, self._signers.positions(seq, keys)):
            return False
        self._seen.add(message.officer)  # a message of an office names no place: a copy is known by what was sealed
        return True


def renew_tip_keys(
    unit: UnitOfWork,
    state: RosterState,
    desk: str,
    identities: str,
    rules: Sequence[DestinationRule],
    *,
    tips: Sequence[str] = (),
) -> None:
    """Give every tip of a desk a new key, sealed to all that have the tip, to the recipients that the roster lists.

    The rows of every other tip change too, and nothing tells how many tips are the desk's. `tips`: the tips
    that this transaction handles, if there are more; none: all. After a change of the desk's key, a tip whose key was
    renewed since keeps its key, so an interrupted renewal can be continued. In a remote office the tips keep their
    keys, which are sealed to the desk's new key. The other desks with these tips are at the host: they could not open
    messages sealed to a key that only the office has.

    `state`: the roster with the change; `identities`: the desk's new identity, and the one before, one a line.
    """
    lock(unit)
    renewed, newest = list[bytes](), identities.split(maxsplit=1)[0]
    for tip in tips or envelopes.tips_of(unit.keys, desk):
        threads.lock(unit, tip)  # first: another desk may have renewed the key meanwhile
        sealed = envelopes.find(unit.keys, tip, desk)
        if sealed is None:
            continue
        try:
            envelope = open_envelope(sealed, identities, tip=tip, desk=desk)
        except CantOpen:
            continue  # forged or damaged: leave it as it is for an investigation
        if envelope.tip_recipient:  # messages from before are sealed to the desk's former keys
            kept = dict.fromkeys((*envelope.identity.split(), identities.rsplit(maxsplit=1)[-1]))
            given = replace(envelope, identity="\n".join(kept))
            renewed_release = envelopes.seal(given, state.desks[desk].desk.recipient)
            envelopes.store(unit, tip, desk, renewed_release, is_release=True)
        elif not _is_renewed(unit, state, envelope):
            renewed += renew_tip_key(unit, state, envelope, newest, rules)
    remember(unit, desk, newest, renewed, least=AT_ONCE if tips else _FEW)
    for tip in changed_keys.seal_again(unit, tips or None):
        tip_changes.note(unit, tip)
        deliveries.add_revision(unit, tip, offices_only=True)


def _is_renewed(unit: UnitOfWork, state: RosterState, envelope: Envelope) -> bool:
    """Return whether the envelope's desk renewed the tip's key after it last changed its own key.

    The desk's key signs the renewal, so nobody with an older key of the desk prevents another.
    """
    since = renewed_at(state, first_verifier(envelope.identity), "", {envelope.desk})
    row = changed_keys.read(unit, envelope.tip)
    is_whole = row is None or is_in_row(envelope, row)  # a crash parts the commits of the two databases
    return since >= state.rekeyed.get(envelope.desk, since + 1) and is_whole and is_present(state, envelope)


def remember(unit: UnitOfWork, desk: str, identity: str, renewed: list[bytes], *, least: int = _FEW) -> None:
    """Store what `renew_tip_key` returned. `identity`: the desk's newest key, which signs it."""
    base, said = read_state(unit.keys).head, filled(renewed, least)
    add_renewals(unit, [Renewal(desk=desk, base=base, said=one).signed(identity).encode() for one in said])


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
) -> list[bytes]:
    """Give one tip a new key, sealed to all that have the tip's key now; return what to `remember`.

    `unit` has locked the thread. `envelope`: the present one of the renewing desk, whose newest key is `desk_identity`.
    `without`: a desk that does not get the new key.
    """
    renewed, own = _renewed(unit, state, envelope, desk_identity, without), envelope.desk
    holders = renewed.points[-1].holders if renewed else {}
    readers = {own}.union(holders, *holders.values())
    recipients = _recipients(state, rules)
    stored = envelopes.holders_of(unit.keys, envelope.tip, readers & recipients.keys())
    contents = {one: encode(addressed(renewed or envelope, one), envelopes.PADDED) for one in stored}
    size = max(map(len, contents.values()), default=envelopes.PADDED)
    for one, content in contents.items():
        envelopes.store(unit, envelope.tip, one, encrypt_alike(content.ljust(size), recipients[one]))
    envelopes.renew_decoys(unit, envelope.tip, size)
    tip_changes.note(unit, envelope.tip)
    return [remembered(own, renewed.identity, renewed.changes, renewed.points[-1].seq)] if renewed else []


def _renewed(
    unit: UnitOfWork, state: RosterState, envelope: Envelope, desk_identity: str, without: str
) -> Envelope | None:
    """Give a tip a new key in its row; return its envelope for all holders. None: the tip keeps its key.

    Every tip at an office does: its envelope names a head that this roster never had. If this renewal replaces others,
    as after old rows were put back, those may have taken the tip from desks. Such a desk gets the new key only when the
    tip is directed to it again.
    """
    signers, own = Signers(state), envelope.desk
    reader = ThreadReader(envelope, signers)
    reader.read_new(threads.new_messages(unit.main, {envelope.tip: 0}).get(envelope.tip, []), signers)
    access, line = reader.access, kept_changes(state, envelope)
    kept = dict[str, bytes]()
    is_office, row = not state.positions.get(envelope.roster), tables.tip.c.id == envelope.tip
    if is_office or line is None or unit.main.execute(select(tables.tip.c.id).where(row)).first() is None:
        return None
    (before, replaced), had = line, {*access.holders}
    if not is_present(state, envelope):
        taken = {} if own not in replaced else access.holders.keys() - envelope.holders.keys()
        ranks = {one: state.rank(one) - (one in taken) for one in had}  # routing gave no desk a tip below its equal
        access.holders = {one: to for one, to in access.holders.items() if ranks[one] >= state.rank(own)}
        access.releases.clear()
    access.holders.pop(without, None)
    access.releases.pop(without, None)
    read = {desk: tuple(to for to in its if state.reads_with(to, desk)) for desk, its in access.holders.items()}
    holders = {own: (), **(read if state.closed else access.holders)}  # nobody loses the tip by their own act
    point = Checkpoint(reader.last, reader.thread, signers.head, holders, access.releases, access.answers_to)
    identity = f"{new_identity()[1]}\n{envelope.identity}"
    changed = _with_change(replace(envelope, identity=identity), point, before, had - {*holders}, reader.told)
    said = remembered(own, identity, changed.changes, point.seq)
    renewal = Renewal(desk=own, base=state.head, said=said).signed(desk_identity).encode()
    renewed = with_last_points(state, changed)
    if renewed is None:
        return None
    # At an office, nothing else tells that the desk made this change. In envelopes, it would make some larger.
    with suppress(TipKeyAltered):
        kept = {one.verifier: one.renewal for one in changes_in(changed_keys.read(unit, envelope.tip) or b"")}
    signed = {**kept, changed.changes[-1].verifier: renewal}
    listed = [replace(one, renewal=signed.get(one.verifier, b"")) for one in changes_in(_row(renewed))]
    changed_keys.store(unit, envelope.tip, _encode(listed))
    deliveries.add_revision(unit, envelope.tip, offices_only=True)
    return renewed


def is_in_row(envelope: Envelope, key_changes: bytes) -> bool:
    """Return whether the tip's row lists the changes of keys that an opened envelope lists."""
    try:
        listed = [replace(one, renewal=b"") for one in changes_in(key_changes)]
    except TipKeyAltered:
        return False
    return (_encode(listed) if listed else b"") == _row(envelope)


def changes_in(key_changes: bytes) -> tuple[TipKeyChange, ...]:
    """Return the changes of keys that a tip's row lists.

    Raises:
        TipKeyAltered: the row lists something else.
    """
    try:
        changes = _decode(key_changes) if key_changes else ()
        return changes if all(bytes.fromhex(one.verifier) for one in changes) else ()
    except (*DECODING_ERRORS, ValueError):
        raise TipKeyAltered from None


def _recipients(state: RosterState, rules: Sequence[DestinationRule]) -> dict[str, str]:
    founding = {rule.to: rule.recipient for rule in rules if rule.recipient}
    return (state.destination_recipients() if state.closed else founding) | state.desk_recipients()


def _with_change(
    envelope: Envelope,
    point: Checkpoint,
    before: tuple[TipKeyChange, ...],
    lost: Iterable[str] = (),
    told: bytes = b"",
) -> Envelope:
    """Return an envelope with one more checkpoint and the change to its newest key, signed with the previous key."""
    point = replace(point, desk=envelope.desk)
    change = TipKeyChange(
        recipient=recipient_of(envelope.identity),
        verifier=tip_verifier(envelope.identity),
        desk=envelope.desk,
        disclosed=told + secrets.token_bytes(-len(told) % _TOLD_PADDED or _TOLD_PADDED),
        roster=point.roster,
        lost=name_tags(first_verifier(envelope.identity), lost) or secrets.token_bytes(_TAG),
        point=hash_of(point),
        signature=b"",
    )
    signer = _keys(envelope)[before[-1].verifier if before else first_verifier(envelope.identity)]
    signature = signing_key(signer, TIP_USE).sign(_signed_bytes(envelope.tip, change))
    changes = (*before, replace(change, recipient="", signature=signature))
    return replace(envelope, changes=changes, points=(*envelope.points, point))


def _row(envelope: Envelope) -> bytes:
    """Return the list of key changes for a tip's row, from an envelope."""
    keys = _keys(envelope)
    listed = [
        replace(one, recipient=recipient_of(keys[one.verifier])) for one in envelope.changes if one.verifier in keys
    ]
    return _encode(listed) if listed else b""


def _keys(envelope: Envelope) -> dict[str, str]:
    return {tip_verifier(one): one for one in envelope.identity.split()}


def _signed_bytes(tip: str, change: TipKeyChange) -> bytes:
    return _DOMAIN + msgspec.json.encode((tip, replace(change, signature=b"", renewal=b"")))


def _holders(root: TipRoot, changes: Iterable[TipKeyChange], state: RosterState) -> set[str]:
    """Return which of a tip's first holders still have its key. Only a desk above can declare that one lost it."""
    key, above = root.verifier, [(state.rank(one.desk), one.lost) for one in changes]
    has = {one for one in state.desks if _has(root.holders, key, one)}
    return {one for one in has if not any(rank > state.rank(one) and _has(lost, key, one) for rank, lost in above)}


def _has(tags: bytes, key: str, desk: str) -> bool:
    return _tag(key, desk) in {tags[at : at + _TAG] for at in range(0, len(tags), _TAG)}


def _checked(root: TipRoot, key_changes: bytes, state: RosterState) -> tuple[list[str], tuple[TipKeyChange, ...]]:
    """Return the verifiers of a tip's keys, including the first key's, and the changes to these keys."""
    changes, found = changes_in(key_changes), [root.verifier]
    for one in changes:
        is_excluded = _has(root.excluded, root.tip, one.desk)
        if is_excluded or not is_signed(found[-1], one.signature, _signed_bytes(root.tip, one)):
            raise TipKeyAltered
        found.append(one.verifier)
    if not is_newest(state, root.verifier, changes):
        raise TipKeyAltered
    return found, changes


def _tag(key: str, name: str) -> bytes:
    return hashlib.sha256(f"{key}/{name}".encode()).digest()[:_TAG]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[TipKeyChange, ...]).decode
