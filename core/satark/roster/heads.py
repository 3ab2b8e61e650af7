"""Heads of the roster that officers signed. A reader who contradicts one of them gets no tip.

Each officer signs the roster's head when they sign in and when they change it. The signed head lies in the key store;
The officer's browser and the officer's copy of the desk's key keep a note of it, with the signature of another desk's
officer under the same head. The service's operator can't reach these notes.

A roster that lacks a signed head was cut off, rewritten or restored from an older backup. If officers of two desks
signed that head, tips are sealed only to the desks and destinations that it lists. If a single officer signed it, they
may have made it up: others' heads outvote it, except about a desk of which that officer is a head. Heads of desks give
up a head that is lost.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping

import msgspec
from sqlalchemy import Connection, select

from satark.identity.signatures import is_signed
from satark.roster.entries import PROBE_DESK, RECOVERY, Member, officer_key, officer_signer
from satark.roster.state import RosterState
from satark.store.tables import roster_head
from satark.store.unit_of_work import UnitOfWork
from satark_files.decoding import DECODING_ERRORS

MOST_NOTED = 4000
"""Most characters of a note that a browser keeps in a cookie."""
_STATEMENT = b"satark/1/roster-head\0"
_TAG = 16
_MOST_SIGNED = 2**31 - 1
"""Largest number of signatures: no officer reaches it, and the database has no larger one."""


class RosterHead(msgspec.Struct, frozen=True):
    """A head of the roster, with its readers and the heads of desks at that point."""

    position: int
    hash: str
    digest: str = ""
    """SHA-256 (hex) of `tags`. It finds the tags again if there is no room for them."""
    tags: bytes = b""
    """Tags of the desks, destinations and heads of desks, 16 bytes each."""

    @classmethod
    def of(cls, state: RosterState) -> RosterHead:
        heads = set(_heads_of_desks(state).values())
        readers = {tags[-1] for tags in _readers(state).values()}
        tags = b"".join(sorted(readers | heads | ({_ALONE} if len(heads) == 1 else set())))
        return cls(state.position, state.head).listing(tags)

    @classmethod
    def read(cls, text: str) -> RosterHead | None:
        """Parse what `str` returned; None if the text is no head."""
        try:
            return _decode(base64.urlsafe_b64decode(f"{text}=="))
        except (ValueError, *DECODING_ERRORS):
            return None

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(_encode(self)).decode().rstrip("=")

    @property
    def listed(self) -> frozenset[bytes]:
        """The tags. If they are not known, there are none."""
        is_whole = hashlib.sha256(self.tags).hexdigest() == self.digest
        return (
            frozenset(self.tags[at : at + _TAG] for at in range(0, len(self.tags), _TAG)) if is_whole else frozenset()
        )

    def is_in(self, state: RosterState) -> bool:
        return state.positions.get(self.hash) == self.position

    def listing(self, tags: bytes) -> RosterHead:
        return msgspec.structs.replace(self, digest=hashlib.sha256(tags).hexdigest(), tags=tags)

    def with_tags_of(self, others: Iterable[RosterHead]) -> RosterHead:
        """Return this head with its tags. If it lacks them, take them from another head whose tags have its digest."""
        tags = (one.tags for one in others if not self.tags and hashlib.sha256(one.tags).hexdigest() == self.digest)
        return msgspec.structs.replace(self, tags=next(tags, self.tags))


class SignedHead(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The head that an officer signed last."""

    desk: str
    officer: str
    signer: str
    """Public key (hex) of the officer."""
    number: int
    """How many heads the officer has signed."""
    head: str
    """A `RosterHead`: the newest, or one that the officer remembers and the roster lacks."""
    shown: str = ""
    """Hash of the newest entry that the officer's pages have shown."""
    given_up: str = ""
    """Hashes of heads that the officer no longer insists on, separated by spaces."""
    signature: bytes = b""

    @property
    def remembered(self) -> RosterHead:
        return RosterHead.read(self.head) or RosterHead(0, "")

    @property
    def bare(self) -> RosterHead:
        return msgspec.structs.replace(self.remembered, tags=b"")

    @property
    def member(self) -> Member:
        return self.desk, self.officer

    @property
    def is_good(self) -> bool:
        """Whether the officer with this public key signed this head."""
        return is_signed(self.signer, self.signature, self.signed_bytes)

    @property
    def signed_bytes(self) -> bytes:
        """The bytes that the signature covers. They have only the tags' digest: a note may have no room for tags."""
        return _STATEMENT + msgspec.json.encode(msgspec.structs.replace(self, head=str(self.bare), signature=b""))

    def is_by_officer(self, state: RosterState) -> bool:
        officer = state.officer(*self.member)
        return officer is not None and officer.signer == self.signer

    def noted(self, others: Iterable[SignedHead], most: int | None = None) -> str:
        """Return the note of this head, with the note of another desk's officer who signed the same head.

        `most`: its greatest length in characters. If there is no room, first the other note is left out, then the tags.
        """
        same = (one for one in others if one.desk != self.desk and one.bare == self.bare)
        both = [self, *sorted(same, key=lambda one: one.member)[:1]]
        lists = [_encode([msgspec.structs.replace(one, head="") for one in signed]) for signed in (both, [self])]
        encoded = [base64.urlsafe_b64encode(one).decode() for one in lists]
        texts = (f"{head}:{one}" for head in (self.head, str(self.bare)) for one in encoded)
        return next((one for one in texts if most is None or len(one) <= most), "")


def read_note(text: str) -> list[SignedHead]:
    """Return the signed heads of a note, without those whose signature is wrong. The signer may be anybody."""
    head, _, rest = text.partition(":")
    try:
        signed = _decode_note(base64.urlsafe_b64decode(rest))
    except (ValueError, *DECODING_ERRORS):
        return []
    found = [msgspec.structs.replace(one, head=head) for one in signed]
    return [one for one in found if one.is_good and one.number < _MOST_SIGNED and len(one.shown) <= len(one.signer)]


def read_heads(keys: Connection) -> list[SignedHead]:
    """Read the signed heads, without those whose signature is wrong. The signer may be anybody."""
    rows = keys.execute(select(roster_head))
    return [one for row in rows if (one := SignedHead(**row._mapping)).is_good]  # noqa: SLF001 - public


def missing(keys: Connection, known: Iterable[SignedHead], state: RosterState) -> list[SignedHead]:
    """Return those of the heads that officers of the roster signed, unless the key store has newer ones of theirs."""
    stored = {one.member: one.number for one in read_heads(keys) if one.is_by_officer(state)}
    return [one for one in known if one.is_by_officer(state) and one.number > stored.get(one.member, 0)]


def restore(unit: UnitOfWork, known: Iterable[SignedHead], state: RosterState) -> None:
    """Store the `missing` ones of these heads."""
    for one in missing(unit.keys, known, state):
        unit.upsert(roster_head, [msgspec.structs.asdict(one)])


def refuse(state: RosterState, heads: Iterable[SignedHead]) -> list[RosterHead]:
    """Refuse each reader who contradicts a head that the roster lacks; return these heads.

    A head that officers of two desks signed counts against every reader that it does not list. A head that one officer
    signed counts against readers whom no head of a desk lists in another signed head, and a head's against their own
    desk. A signer who is no officer counts only as a head whom an officer's lost head lists: anybody can make up keys.
    """
    readers, heads_of_desks = _readers(state), _heads_of_desks(state)
    signed = [one for one in heads if one.desk != PROBE_DESK]  # whoever runs the service is its head
    deciding = [one for one in signed if one.member in heads_of_desks and one.is_by_officer(state)]
    absent = [one for one in signed if not one.remembered.is_in(state)]
    by_officers = [one for one in absent if one.is_by_officer(state)]
    known = frozenset[bytes]().union(*(one.remembered.listed for one in by_officers))
    counted = [one for one in absent if one in by_officers or _tag("head", *one.member, one.signer) in known]
    lost = []
    for one in counted:
        head = one.remembered.with_tags_of(by.remembered for by in signed)
        shared = any(by.desk != one.desk and by.bare == one.bare for by in counted)  # officers of two desks signed it
        judges = _judges(one.member, head, heads_of_desks, shared=shared)
        judging = [by for by in deciding if by.member in judges]
        agreed = [by for by in judging if head.hash in by.given_up.split()]
        is_enough = len(agreed) >= max(min(2, len(judges)), 1 + shared)
        is_enough = is_enough and (not shared or one.desk in {by.desk for by in agreed})
        if is_enough or (one in agreed and _ALONE in head.listed):
            continue
        lost.append(one.remembered)
        vouched = [by.remembered.listed for by in judging if not (shared or by == one or by in absent)]
        unlisted = {name for name, tags in readers.items() if head.listed.isdisjoint(tags)}
        doubted = {name for name in unlisted if frozenset[bytes]().union(*vouched).isdisjoint(readers[name])}
        own = {one.desk} if one in deciding else set()
        own |= {to for to, destination in state.destinations.items() if destination.desk in own}
        state.closed = True
        state.lacks_heads |= bool(doubted) or shared
        state.refused |= doubted | (own & unlisted)
    return lost


def sign_head(
    unit: UnitOfWork, own: SignedHead, identity: str, head: RosterHead, *, shown: str = "", given_up: Iterable[str] = ()
) -> SignedHead:
    """Sign a head as an officer, in place of the one that they signed before."""
    names = " ".join(sorted({*own.given_up.split(), *given_up}))
    changed = {"number": own.number + 1, "head": str(head), "shown": shown or own.shown, "given_up": names}
    unsigned = msgspec.structs.replace(own, **changed)
    signed = msgspec.structs.replace(unsigned, signature=officer_key(identity).sign(unsigned.signed_bytes))
    unit.upsert(roster_head, [msgspec.structs.asdict(signed)])
    return signed


def own_head(keys: Connection, desk: str, officer: str, identity: str) -> SignedHead:
    """Return the head that an officer signed last. It is empty if another key signed the stored one."""
    row = keys.execute(select(roster_head).where(roster_head.c.desk == desk, roster_head.c.officer == officer)).first()
    empty = SignedHead(desk=desk, officer=officer, signer=officer_signer(identity), number=0, head="")
    found = SignedHead(**row._mapping) if row else empty  # noqa: SLF001 - public
    return found if found.signer == empty.signer and found.is_good else empty


def _judges(by: Member, head: RosterHead, heads: Mapping[Member, bytes], *, shared: bool) -> Collection[Member]:
    """Return the heads of desks who may outvote or give up a lost head that an officer signed.

    They are the heads of desks that the lost head lists, since the roster that lacks it may list anybody. If it lists
    nobody else who signs in, and one officer alone signed it, it may be made up: then all heads of desks may.
    """
    listed = {member for member, tag in heads.items() if tag in head.listed}
    others = (member for member in listed if member != by and member[1] != RECOVERY)
    return listed if any(others) or (shared and head.listed) else heads.keys()


def _heads_of_desks(state: RosterState) -> dict[Member, bytes]:
    return {
        (name, one.name): _tag("head", name, one.name, one.signer)
        for name, listed in state.desks.items()
        for one in listed.officers.values()
        if one.role == "head" and name != PROBE_DESK
    }


def _readers(state: RosterState) -> dict[str, list[bytes]]:
    """Return the tags of each reader, computed from everything that the roster lists about it.

    A desk has one tag for each former key, each of which proved the next; the last tag is that of its present key.
    """
    tags = {
        name: [
            _tag("desk", msgspec.structs.replace(one.desk, recipient=recipient), verifier)
            for recipient, verifier in (*one.former, (one.desk.recipient, one.verifier))
        ]
        for name, one in state.desks.items()
    }
    return tags | {one.to: [_tag("destination", one)] for one in state.destinations.values() if one.recipient}


def _tag(kind: str, *what: object) -> bytes:
    return hashlib.sha256(_STATEMENT + msgspec.json.encode((kind, *what))).digest()[:_TAG]


_ALONE = _tag("alone")
"""Tag of a roster with only one head of a desk, who alone can give up a lost head."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(RosterHead).decode
_decode_note = msgspec.msgpack.Decoder(list[SignedHead]).decode
