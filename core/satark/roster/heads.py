"""Heads of the roster that officers signed: what contradicts one of them gets no tip.

Each officer signs the roster's head when they sign in. The signed head lies in the key store; the officer's browser and
the officer's copy of the desk's key remember the same head, out of reach of whoever runs the service. A roster that
lacks a signed head was cut off, rewritten or restored from an older backup. Until the heads of desks whom that signed
head lists have given it up, tips are sealed only to the desks and destinations that it lists.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select

from satark.identity.signatures import is_signed
from satark.roster.entries import officer_key, officer_signer
from satark.store.tables import roster_head
from satark_files.decoding import DECODING_ERRORS

if TYPE_CHECKING:
    from satark.roster.state import RosterState
    from satark.store.unit_of_work import UnitOfWork

_STATEMENT = b"satark/1/roster-head\0"
_TAG = 16


class RosterHead(msgspec.Struct, frozen=True):
    """A head of the roster, and who read and who decided by then, as an officer's browser keeps it."""

    position: int
    hash: str
    digest: str = ""
    """SHA-256 (hex) of `tags`, by which they are found again where there is no room for them."""
    tags: bytes = b""
    """Tags of the desks, destinations and heads of desks, 16 bytes each. Empty: they are not known, so nobody is."""

    @classmethod
    def of(cls, state: RosterState) -> RosterHead:
        """Return the head of a roster."""
        heads = {
            _tag("head", listed.desk.name, one.name, one.signer)
            for listed in state.desks.values()
            for one in listed.officers.values()
            if one.role == "head"
        }
        readers = {tags[-1] for tags in _readers(state).values()}
        tags = b"".join(sorted(readers | heads | ({_ALONE} if len(heads) == 1 else set())))
        return cls(state.position, state.head, hashlib.sha256(tags).hexdigest(), tags)

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
        """The tags."""
        return frozenset(self.tags[at : at + _TAG] for at in range(0, len(self.tags), _TAG))

    def is_in(self, state: RosterState) -> bool:
        """Return whether a roster contains this head."""
        return state.positions.get(self.hash) == self.position

    def with_tags_of(self, others: Iterable[RosterHead]) -> RosterHead:
        """Return this head with the tags that its digest is of, if it lacks them and one of the others has them."""
        tags = (one.tags for one in others if not self.tags and hashlib.sha256(one.tags).hexdigest() == self.digest)
        return msgspec.structs.replace(self, tags=next(tags, self.tags))


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """The head that an officer signed last."""

    desk: str
    officer: str
    signer: str
    """Public key (hex) of the officer."""
    number: int
    """How often they have signed."""
    head: str
    """A `RosterHead`: the newest, or one that the officer remembers and the roster lacks."""
    shown: str = ""
    """Hash of the newest entry that the officer was shown."""
    given_up: str = ""
    """Hashes of heads that the officer no longer insists on, separated by spaces."""
    signature: bytes = b""

    @property
    def remembered(self) -> RosterHead:
        """The signed head."""
        return RosterHead.read(self.head) or RosterHead(0, "")

    @property
    def is_good(self) -> bool:
        """Whether the officer with this public key signed it."""
        return is_signed(self.signer, self.signature, self.signed_bytes)

    def is_by_officer(self, state: RosterState) -> bool:
        """Return whether whoever signed it is an officer by the roster."""
        officer = state.officer(self.desk, self.officer)
        return officer is not None and officer.signer == self.signer

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return _STATEMENT + msgspec.json.encode(msgspec.structs.astuple(self)[:-1])

    def may_decide(self, head: RosterHead) -> bool:
        """Return whether a head lists this officer as a head of a desk."""
        return _tag("head", self.desk, self.officer, self.signer) in head.listed


def read_heads(keys: Connection) -> list[SignedHead]:
    """Read the signed heads, without those whose signature is wrong. Anybody may have signed them."""
    rows = keys.execute(select(roster_head))
    return [one for row in rows if (one := SignedHead(**row._mapping)).is_good]  # noqa: SLF001 - public


def lost_heads(heads: Iterable[SignedHead], state: RosterState) -> list[RosterHead]:
    """Return the heads that a roster lacks and that nobody may give up alone or has given up."""
    every = list(heads)
    missing = [one for one in every if not one.remembered.is_in(state)]
    return [one.remembered for one in missing if not _is_given_up(one, every)]


def refuse(state: RosterState, lost: Iterable[RosterHead]) -> None:
    """Let a roster that lacks heads list no reader whom one of these heads does not list."""
    for head in lost:
        state.closed = state.lacks_heads = True
        state.refused |= {name for name, tags in _readers(state).items() if head.listed.isdisjoint(tags)}


def sign_head(
    unit: UnitOfWork, own: SignedHead, identity: str, head: RosterHead, *, shown: str = "", given_up: Iterable[str] = ()
) -> None:
    """Sign a head as an officer, in the place of what they signed before."""
    names = {*own.given_up.split(), *given_up}
    unsigned = msgspec.structs.replace(
        own,
        number=own.number + 1,
        head=str(head),
        shown=shown or own.shown,
        given_up=" ".join(sorted(names)),
    )
    signature = officer_key(identity).sign(unsigned.signed_bytes)
    unit.upsert(roster_head, [{**msgspec.structs.asdict(unsigned), "signature": signature}])


def own_head(keys: Connection, desk: str, officer: str, identity: str) -> SignedHead:
    """Return what an officer signed last, or an empty one: what has another key's signature counts as nothing."""
    row = keys.execute(select(roster_head).where(roster_head.c.desk == desk, roster_head.c.officer == officer)).first()
    empty = SignedHead(desk=desk, officer=officer, signer=officer_signer(identity), number=0, head="")
    found = SignedHead(**row._mapping) if row else empty  # noqa: SLF001 - public
    return found if found.signer == empty.signer and found.is_good else empty


def _is_given_up(one: SignedHead, every: Iterable[SignedHead]) -> bool:
    """Return whether a head of the officer's desk and another head gave up what the officer remembers.

    Only officers count whom the lost head lists itself: the roster that lacks it may list anybody.
    """
    head = one.remembered
    agreed = {(by.desk, by.officer) for by in every if head.hash in by.given_up.split() and by.may_decide(head)}
    return one.desk in {desk for desk, _ in agreed} and len(agreed) >= (1 if _ALONE in head.listed else 2)


def _readers(state: RosterState) -> dict[str, list[bytes]]:
    """Return the tags of each reader, over all that the roster says of it.

    A desk's are those with its former keys too, each of which proved the next; the last one is that of its present key.
    """
    tags = {
        name: [
            _tag("desk", msgspec.structs.replace(one.desk, recipient=recipient), verifier)
            for recipient, verifier in (*state.proved_by.get(name, ()), (one.desk.recipient, one.verifier))
        ]
        for name, one in state.desks.items()
    }
    return tags | {one.to: [_tag("destination", one)] for one in state.destinations.values() if one.recipient}


def _tag(kind: str, *what: object) -> bytes:
    return hashlib.sha256(_STATEMENT + msgspec.json.encode((kind, *what))).digest()[:_TAG]


_ALONE = _tag("alone")
"""Tag that says that there is one head of a desk, who gives up a head alone."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(RosterHead).decode
