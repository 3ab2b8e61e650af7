"""Authors of messages between desks: who wrote a message, who signed it, and whether it counts.

Whoever writes to the databases can add messages to a thread: the key that they are sealed to is public. So a tipster's
message counts only if it is signed with the key that was drawn for their tip, which the receipt's code opens. A desk's
message counts only if the officer whom it names signed it with their own key, and their desk has the tip. If this
machine's roster does not list a desk's officers, as for a remote office, the desk's own key signs. For a destination
that reads tips the tip's key signs, since the roster lists no other. If the desk has the tip, the tip's newest key
signs too: without that, the tipster and a desk with only a release can't tell who has the tip. An officer's name, time
and signature are sealed to desks alone: no receipt opens them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from satark.api.observability import Redacted
from satark.api.routing import Desk
from satark.api.sealing import CantOpen, open_as, seal
from satark.api.tip import CaseStep, Checkpoint, Envelope, Evidence, Message
from satark.identity import time_buckets
from satark.identity.signatures import is_signed, signing_key
from satark.roster.entries import DESK_USE, is_statement_signed, officer_signer, sign_statement
from satark.roster.state import RosterState
from satark.routing.releases import Access, hash_of_release
from satark.routing.renewals import first_verifier, is_present, renewed_at, verifiers_by
from satark.routing.sent import TIP_USE, TIPSTER_USE, first_key, hash_of_sent, is_as_sent
from satark.store import threads
from satark.store.unit_of_work import UnitOfWork

Told = TypeVar("Told", Message, Evidence)
_DOMAIN = b"satark/1/message\0"
_PADDED = 384
"""Size in bytes to which names and times are padded before sealing. The longest name needs less."""
_SIGNATURE = 64
"""Bytes of a signature."""
TOLD = _HASH = 16
"""Bytes of the hash of a thread, and of the hash of a desk's message to the tipster."""


class Author(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """The officer who wrote a message, and when."""

    name: str = ""
    at: int = 0
    """When the officer wrote it, Unix seconds. For a tipster's urgent message: the minute; for others: 0."""
    signature: bytes = b""
    """Signature by the officer's own key; empty: the officer has no key."""
    signer: str = ""
    """Public key (hex) of the officer whose signature was checked. Empty: a desk or destination signed."""


class Writer(Redacted, frozen=True, kw_only=True):
    """Who writes messages: an officer of a desk, or a destination."""

    name: str
    identity: str
    """The newest key of the desk, or the destination's."""
    own_identity: str = ""
    """The officer's own key."""

    @property
    def signer(self) -> str:
        """The public half (hex) of the officer's own key; empty: the officer has no key."""
        return officer_signer(self.own_identity) if self.own_identity else ""

    def signed(self, message: Message, envelope: Envelope, seq: int, now: int, recipients: list[str]) -> Message:
        """Return a message signed, with its author sealed to the desks' keys.

        `seq`: the message's position in the thread; 0 at an office, since only the host knows positions.
        """
        own = sign_statement(_statement(message, envelope.tip, seq, self.name, now), self.own_identity)
        author = Author(name=self.name, at=now, signature=own if self.own_identity else b"")
        message = replace(message, officer=seal(author, *recipients, padded=_PADDED))
        statement = _statement(message, envelope.tip, seq)
        signature = signing_key(self.identity.split()[0], DESK_USE).sign(statement)
        if not envelope.tip_recipient:  # who has the tip's newest key has the tip
            signature += signing_key(envelope.identity.split()[0], TIP_USE).sign(statement)
        return replace(message, signature=signature)


class Signers:
    """The keys that officers and desks may sign messages with, by the rosters that this machine knows."""

    def __init__(self, own: RosterState, host: RosterState | None = None) -> None:
        """`host`: at an office, the host's roster."""
        self._own, self.host, self.tips = own, host, host or own
        """The roster that contains the keys of tips."""

    def of(self, envelope: Envelope) -> Signers:
        """Return the signers for a tip. Only a tip that names another roster's head makes this machine an office."""
        return Signers(self._own) if self._own.positions.get(envelope.roster) else self

    @property
    def head(self) -> tuple[str, ...]:
        """The heads of both rosters: a value that was stored for other heads is outdated."""
        return tuple(one.head for one in (self._own, self.host) if one)

    @property
    def desks(self) -> list[Desk]:
        """Every desk, by name. Everything reads this, so that no row of a database decides who gets what.

        An office's own desks have the title, level and area that the host's roster gives them.
        """
        found = {name: replace(one.desk, via="host") for name, one in (self.host.desks if self.host else {}).items()}
        for name, one in self._own.desks.items():
            told = found.get(name, one.desk)
            found[name] = replace(one.desk, title=told.title, level=told.level, area=told.area)
        return [found[name] for name in sorted(found)]

    @property
    def sealable(self) -> list[Desk]:
        """The desks to seal to: without those of `RosterState.closed_to_tips`."""
        closed = self._own.closed_to_tips | (self.host.closed_to_tips if self.host else set())
        return [one for one in self.desks if one.name not in closed]

    def keys(self, desk: str, message: Message, heads: Iterable[str] = ()) -> Mapping[str, list[str]]:
        """Return the keys that may have signed a message of a desk, by its officers' names; the desk's own under "".

        A key that the roster no longer lists counts only in a message that names a head from when it was listed. No
        earlier message may name a later head. `heads`: the heads that the messages before this one name.
        """
        state = self._own if desk in self._own.signing_keys or self.host is None else self.host
        named = any(head in state.positions for head in message.roster)
        at = _position(state, (*message.roster, *heads))
        return {
            name: [key for key, end in keys.items() if not end or (named and at < end)]
            for name, keys in state.signing_keys.get(desk, {}).items()
        }

    def may_write(self, message: Message, access: Access, name: str = "") -> bool:
        """Return whether a desk, or destination `name`, may write this message. No desk withdraws from a higher one."""
        if access.may_write_as_destination(message, name):
            return any(self.keys(name, message).get("", ()))
        step = message.case
        if step and step.kind == "withdrawn" and self.tips.rank(step.to) > self.tips.rank(message.desk):
            return False
        return access.may_write(message)

    def destinations_of(self, step: CaseStep) -> tuple[str, ...]:
        """Return the destinations of a direction that a roster lists for the desk."""
        listed = {one.to: one.desk for state in (self.host, self._own) if state for one in state.destinations.values()}
        return tuple(one for one in step.destinations if listed.get(one) == step.to)

    def know(self, envelope: Envelope) -> bool:
        """Return whether the roster (at an office: the host's) lists no newer key of a tip."""
        return is_as_sent(envelope) if envelope.tip_recipient else is_present(self.tips, envelope)

    def list_holders(self, envelope: Envelope) -> bool:
        """Return whether a tip was sealed only to desks and destinations of a known roster.

        The tipster's key signs the roster's head. So if an attacker swaps the roster for a night and puts the real one
        back, the tips of that night still name the false one.
        """
        known = (one for one in (self._own, self.host) if one)
        readers = {*envelope.holders}.union(*envelope.holders.values()) - {""}  # destinations that belong to no desk
        return any(envelope.roster in one.positions and readers <= one.signing_keys.keys() for one in known)

    def outdate(self, reader: ThreadReader) -> bool:
        """Return whether a desk that has a tip changed its own key, and nobody has renewed the tip's key since."""
        if reader.envelope.tip_recipient:
            return False
        envelope, holders, changed = reader.envelope, reader.access.holders, self.tips.rekeyed
        renewed = renewed_at(self.tips, first_verifier(envelope.identity), envelope.roster, holders)
        return any(changed.get(one, 0) > max(renewed, reader.given.get(one, 0)) for one in holders)

    def may_release(self, step: CaseStep, by: str, envelope: Envelope) -> bool:
        """Return whether an envelope with a release is the one that a desk above or beside the envelope's gave."""
        is_above = by != step.to and self.tips.rank(by) >= self.tips.rank(step.to)
        is_this = step.release is not None and step.release.envelope == hash_of_release(envelope)
        return step.to == envelope.desk and is_above and is_this and is_as_sent(envelope)

    def had_key(self, message: Message, envelope: Envelope, places: tuple[int, ...], heads: Iterable[str]) -> bool:
        """Return whether the tip's key that was the newest when a message was written signed the message.

        `heads`: those that the messages before this one name. They tell nothing about an office, which may write late.
        """
        named = message.roster if 0 in places else (*message.roster, *heads)
        seq = 0 if 0 in places else places[0]
        at = _position(self.tips, named)
        newest = verifiers_by(self.tips, first_key(envelope)[1], at, message.desk, seq)
        return is_by(newest, message, envelope.tip, places)

    def positions(self, seq: int, keys: Mapping[str, list[str]]) -> tuple[int, ...]:
        """Return the positions that a message's signature may name. An office does not know its messages' positions."""
        return (seq, 0) if self.host or keys.keys() <= {""} else (seq,)


class ThreadReader:
    """Reads a tip's thread in order: who wrote each message, who has the tip by then, and whether it was altered."""

    def __init__(self, envelope: Envelope, signers: Signers) -> None:
        self.envelope = envelope
        self.last = 0  # `seq` of the last message, and the hash of the thread up to it
        self.thread = _hash(envelope.identity.rpartition("\n")[2].encode(), hash_of_sent(envelope))
        self._threads = {self.thread: 0}
        self._access = Access(envelope)
        self._seen, self._heads = set[bytes](), set[str]()
        self._differs = not envelope.tip_recipient and not signers.list_holders(envelope)
        self.told = b""
        """Hashes of the messages that desks wrote to the tipster."""
        self.released = ""  # of a release, the roster's head when it was given
        self.given = dict.fromkeys(envelope.holders, 0)
        """Desk that was given the tip's key → the position of the roster's head by then; 0: when the tip was sent."""
        signers, points = signers.of(envelope), envelope.points
        trusted = [n for n, one in enumerate(points) if signers.tips.outranks(one.desk, envelope.desk)]
        first = trusted[-1] if trusted and signers.know(envelope) else None
        self._trusted = None if first is None else points[first]
        self._left, self._passed = list(points[first or 0 :]), 0  # those not yet reached, and the last one's `seq`
        self._is_given = not envelope.tip_recipient

    @property
    def access(self) -> Access:
        """The desks that have the tip after the messages that were read."""
        given = self._access
        for point in self._left:
            given = self._after(given, point)
        return given

    @property
    def altered(self) -> bool:
        """Whether the thread lacks or changes messages that a desk signed for, or had when it renewed the tip's key.

        A desk with a release sees only a part of the thread. For it: whether no desk above gave it this release.
        """
        if self.envelope.tip_recipient:
            return not self._is_given
        return self._differs or any(self._threads.get(one.thread) != one.seq for one in self.envelope.points)

    def has(self, thread: bytes) -> bool:
        """Return whether the messages read so far begin with the thread of this hash."""
        return thread in self._threads

    def open(
        self, seq: int, sealed: bytes, signers: Signers, *, pending: bool = False
    ) -> tuple[Message, Author | None]:
        """Open the next message; return it with its author, as `read` does.

        `pending`: at an office, whether the message still waits for the host and has no place in a thread.

        Raises:
            CantOpen: the message does not open.
        """
        if not pending:
            self.last, self.thread = seq, _hash(self.thread, seq.to_bytes(8), sealed)
            self._threads[self.thread] = seq
        message = open_as(Message, sealed, self.envelope.identity)
        author = self.read(seq, message, signers)
        if message.sender == "tipster" and self.envelope.points and not self._left:
            with suppress(CantOpen):
                return open_as(Message, sealed, self.envelope.identity.split()[0]), author
            self._differs = True  # it was sealed to a key that was taken back
        return message, author

    def read(self, seq: int, message: Message, signers: Signers) -> Author | None:
        """Return the author of the next message; None: nobody who may write signed it, so it does not count."""
        signers = signers.of(self.envelope)
        while self._left and seq > self._left[0].seq:
            point = self._left.pop(0)
            self._access, self._passed = self._after(self._access, point), point.seq
            self._heads.update(point.roster)
        if message.sender == "tipster":
            return self._tipster(message) if is_by_tipster(message, self.envelope, seq) else None
        author = self._signed_author(seq, message, signers)
        token = ((author.signer and author.signature) or message.officer) if author else b""
        if author is None or token in self._seen:  # a copy
            return None
        self._seen.add(token)
        self._heads.update(message.roster)
        if message.thread and message.desk in self._access.holders:  # a release's key gives no such hash
            self._differs |= message.thread not in self._threads
        step = message.case
        if step and step.kind in {"directed", "shared"} and self._threads.get(message.thread, 0) < self._passed:
            return None  # from before the key was renewed: it may have been moved here, after the tip was taken back
        if step:
            self._follow(message, step, signers)
        if not message.internal:
            self.told += told_hash(message, self.envelope.tip, seq)
        return author

    def _follow(self, message: Message, step: CaseStep, signers: Signers) -> None:
        self._is_given |= signers.may_release(step, message.desk, self.envelope)
        if step.kind == "withdrawn":
            self.given.pop(step.to, None)
        elif step.kind == "directed" and not step.release:
            self.given.setdefault(step.to, _position(signers.tips, message.roster))
        elif step.release and step.to == self.envelope.desk:
            self.released = next((one for one in message.roster if one in signers.tips.positions), "")
        self._access.follow(replace(message, case=replace(step, destinations=signers.destinations_of(step))))

    def _tipster(self, message: Message) -> Author:
        if message.flags:
            with suppress(CantOpen):  # from before tipsters' messages had a minute
                return open_as(Author, message.officer, self.envelope.identity)
        return Author()

    def _after(self, access: Access, point: Checkpoint) -> Access:
        """Return the access after a checkpoint: its own, or the present one without desks that it may exclude."""
        return Access(self.envelope, point=point) if point is self._trusted else access.narrowed(point)

    def read_new(self, messages: Iterable[tuple[int, bytes]], signers: Signers) -> None:
        """Read sealed messages only to learn who has the tip."""
        for seq, sealed in messages:
            with suppress(CantOpen):  # damaged: the desk's page says so
                self.open(seq, sealed, signers)

    def _signed_author(self, seq: int, message: Message, signers: Signers) -> Author | None:
        try:
            author = open_as(Author, message.officer, self.envelope.identity)
        except CantOpen:
            return None
        if not signers.may_write(message, self._access, author.name):
            return None
        is_destination = self._access.may_write_as_destination(message, author.name)
        keys = signers.keys(author.name if is_destination else message.desk, message, self._heads)
        places = signers.positions(seq, keys)
        is_others = self.envelope.tip_recipient and message.desk != self.envelope.desk
        if is_others and not signers.had_key(message, self.envelope, places, self._heads):
            return None
        if keys.keys() <= {""}:
            # One key signs for all officers of another office, so whoever has it could give any name.
            if not is_destination and message.desk != self.envelope.desk:
                author = replace(author, name="")
            return author if is_by(keys.get("", []), message, self.envelope.tip, places) else None
        own = replace(message, officer=b"")
        statements = [_statement(own, self.envelope.tip, one, author.name, author.at) for one in places]
        known = keys.get(author.name, ()) if author.name else ()
        good = (key for key in known for one in statements if is_statement_signed(key, author.signature, one))
        signer = next(good, "")
        return replace(author, signer=signer) if signer else None


def post_as_tipster(unit: UnitOfWork, tip: str, message: Message, key: str, *recipients: str) -> None:
    """Sign a tipster's message, and append it to their tip's thread. `key`: as in `Session.tipster_key`.

    The minute of a danger is sealed to the tip's key, the first of the recipients. No receipt opens it.
    """
    author = Author(at=unit.now // 60 * 60 if message.flags else 0)
    message = replace(
        message,
        sender="tipster",
        officer=seal(author, recipients[0], padded=_PADDED),
        band=message.band or time_buckets.band(unit.now),
    )
    threads.post(unit, tip, signed_by_tipster(message, tip, threads.next_seq(unit, tip), key), *recipients)


def signed_by_tipster(told: Told, tip: str, seq: int, key: str) -> Told:
    """Return a tipster's message signed for its position in the thread, or a file's record signed for position 0."""
    return replace(told, signature=signing_key(key, TIPSTER_USE).sign(_statement(told, tip, seq)))


def is_by_tipster(message: Message, envelope: Envelope, seq: int) -> bool:
    """Return whether the tip's own tipster signed a message for this position in the thread."""
    return message.sender == "tipster" and is_by([envelope.tipster_verifier], message, envelope.tip, (seq,))


def is_by(verifiers: Iterable[str], message: Told, tip: str, places: tuple[int, ...]) -> bool:
    """Return whether one of these public keys (hex) signed a message for one of these positions in a tip's thread."""
    statements = [_statement(message, tip, one) for one in places]
    signatures = [message.signature[:_SIGNATURE], message.signature[_SIGNATURE:]]
    return any(is_signed(key, by, one) for key in verifiers for by in signatures for one in statements)


def told_hash(message: Message, tip: str, seq: int) -> bytes:
    """Return the hash of a desk's message to the tipster and its position in the thread."""
    return _hash(_statement(message, tip, seq), message.signature)


def _statement(message: Told, tip: str, seq: int, *author: str | int) -> bytes:
    return _DOMAIN + _encode((tip, seq, replace(message, signature=b""), *author))


def _position(state: RosterState, heads: Iterable[str]) -> int:
    return max((state.positions.get(head, 0) for head in heads), default=0)


def _hash(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()[:_HASH]


_encode = msgspec.json.Encoder(order="deterministic").encode
