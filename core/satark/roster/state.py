"""State of the roster: who may read, computed from its entries."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TypeAlias

import msgspec

from satark.api.routing import LEVELS, Desk
from satark.roster.entries import (
    HALF,
    PROBE_DESK,
    RECOVERY,
    RENEWED,
    Body,
    Closed,
    DeskAdded,
    DestinationSet,
    Entry,
    HostNoted,
    KeyChange,
    KeyGiven,
    KeysRenewed,
    Member,
    OfficerSet,
    OwnKey,
    Renewal,
    RosterOfficer,
    Withdrawn,
)
from satark_files.decoding import DECODING_ERRORS

Line: TypeAlias = tuple[tuple[str, bytes, int], ...]
"""Renewals of a tip's key, in order: the desk, what it said of the tip, and the position of the newest entry by then.
"""
_RANK = {level: rank for rank, level in enumerate(LEVELS)}


class ListedDesk(msgspec.Struct, frozen=True, kw_only=True):
    desk: Desk
    verifier: str
    officers: dict[str, RosterOfficer]
    """Name → officer, in the order in which they were added."""
    appointed_by: dict[str, frozenset[Member]]
    """Officer → all who proposed them or signed for a new key of theirs, and those who appointed these.

    Whoever signed for a desk appointed its first officer, or the desk itself (an empty name) if it has no officers.
    Nobody appointed officers of the founding: the ceremony did.
    """
    dependent: frozenset[str] = frozenset()
    """Officers whose key one person alone may have made: after a loss, or without signatures of two persons."""
    former: tuple[tuple[str, str], ...] = ()
    """Recipients and verifiers of the desk's former keys, the oldest first. Each key proved the next."""

    @property
    def heads(self) -> list[str]:
        return [one.name for one in self.officers.values() if one.role == "head"]

    @property
    def rank(self) -> int:
        """The rank of the desk's level, 0 for an outpost."""
        return _RANK[self.desk.level]


class RosterState:
    """The state that a roster's entries result in. Only `chain` changes it."""

    def __init__(self) -> None:
        self.desks: dict[str, ListedDesk] = {}
        self.destinations: dict[str, DestinationSet] = {}
        self.closed = False
        self.position = 0
        """The number of entries."""
        self.head = ""
        """Hash (hex) of the newest entry; empty: there is none."""
        self.positions: dict[str, int] = {"": 0}
        """Hash of an entry → its position, 1 upwards."""
        self.changed_at: dict[str, int] = {}
        """Desk → position of the newest entry about that desk."""
        self.lacks_heads = False
        """Whether the entries lack a head that an officer signed."""
        self.refused = set[str]()
        """Desks and destinations to which nothing is sealed, since a lost head does not list them."""
        self.signers = set[str]()
        """Public keys (hex) of all who are or were officers."""

        self.signing_keys: dict[str, dict[str, dict[str, int]]] = {}
        """Desk or destination → officer ("": itself) → each key of theirs → position of the entry that ended it."""

        self.renewed: dict[bytes, Line] = {}
        """Name of a tip → the renewals of its key that are entries, as before 0.2.0."""
        self._claims: tuple[dict[bytes, list[Renewal]], dict[bytes, Line]] = {}, {}
        """Name of a tip → the renewals that desks seem to have made, and those that they made."""
        self.rekeyed: dict[str, int] = {}
        """Desk → position of the newest change of its key, or of an officer's lost key: its tips get new keys.

        A desk in a remote office renews no tips, and is left out.
        """
        self.own_keys: dict[str, int] = {}
        """Desk → position of the newest own key that one of its officers took or was given."""
        self.former_keys: dict[Member, dict[str, int]] = {}
        """Officer → each key that they replaced → last position in the audit log at which that key may sign acts."""
        self.known_keys = set[str]()
        """Desks whose key may be known to whoever made it, or has an officer's or destination's replaced key.

        A head's next sign-in changes it.
        """
        self.new_desks = set[str]()
        """Those of `known_keys` that were added after the founding, with their first key: nothing is sealed to it."""
        self.withdrawn: dict[str, list[tuple[Member, bool]]] = {}
        """Id of a proposal → the officer who withdrew it, and whether they were a head then."""
        self.noted: dict[str, str] = {}
        """At an office: desk ("": the founding's pairing) → head of the host's roster that the desk noted last."""
        self.unlisted: list[int] = []
        """Positions of entries that no page lists."""

    def rank(self, desk: str) -> int:
        """Return the rank of a desk's level, 0 for an outpost; -1 if the desk is not listed."""
        return self.desks[desk].rank if desk in self.desks else -1

    @property
    def closed_to_tips(self) -> set[str]:
        """The desks and destinations to which nothing is sealed: refused ones, and new desks with their first key."""
        return self.refused | self.new_desks

    def desk_recipients(self) -> dict[str, str]:
        """Return the recipients of the desks to which tips may be sealed, by name."""
        return {name: one.desk.recipient for name, one in self.desks.items() if name not in self.closed_to_tips}

    def destination_recipients(self) -> dict[str, str]:
        """Return the recipients of the destinations to which tips may be sealed, by name."""
        return {
            one.to: one.recipient for one in self.destinations.values() if one.recipient and one.to not in self.refused
        }

    def reads_with(self, to: str, desk: str) -> bool:
        """Return whether a destination reads the tips of a desk ("": those of every desk)."""
        listed = self.destinations.get(to)
        return listed is not None and bool(listed.recipient) and listed.desk in {"", desk}

    def officer(self, desk: str, name: str) -> RosterOfficer | None:
        """Return an officer; None if the roster lists no such officer of this desk."""
        listed = self.desks.get(desk)
        return listed.officers.get(name) if listed else None

    def signer_of(self, member: Member) -> str:
        """Return the public key (hex) that a member signs with; empty if they may not sign."""
        desk, name = member
        if not name:
            listed = self.desks.get(desk)
            return listed.verifier if listed and not listed.officers else ""
        officer = self.officer(desk, name)
        return officer.signer if officer and officer.role != "auditor" else ""

    def heads_of(self, desk: str) -> list[Member]:
        """Return the members who sign for a desk: its heads, or the desk itself if it has no officers."""
        listed = self.desks.get(desk)
        if listed is None:
            return []
        if not listed.officers:
            return [(desk, "")] if listed.verifier else []
        return [(desk, name) for name in listed.heads]

    def offices(self) -> Iterator[ListedDesk]:
        """Yield the desks for which somebody signs, except the desk of synthetic tips."""
        yield from (one for name, one in self.desks.items() if name != PROBE_DESK and self.heads_of(name))

    def members(self) -> Iterator[Member]:
        """Yield every member who may sign."""
        for name, listed in self.desks.items():
            yield from ((name, one.name) for one in listed.officers.values() if one.role != "auditor")
            if not listed.officers and listed.verifier:
                yield name, ""

    def may_act_as_two(self, first: Member, second: Member) -> bool:
        """Return whether these two may do an act for two officers: they are two persons with two keys in the roster.

        Nobody may while a head is lacking: the officers may be forged.
        """
        have_keys = all(one[1] not in {"", RECOVERY} and self.signer_of(one) for one in (first, second))
        return have_keys and not self.lacks_heads and not self.are_linked(first, second)

    def are_linked(self, first: Member, second: Member) -> bool:
        """Return whether one person may know the keys of both.

        One of the two appointed the other or signed for a new key of theirs, directly or through others; or somebody
        did so for both, and one of the two is in `ListedDesk.dependent`. Each head of a desk may have opened its safe,
        and so may have the key of `RECOVERY`.
        """
        one, other = self._appointers(first), self._appointers(second)
        if first == second or first in other or second in one or second in self._persons(first):
            return True
        return (self._is_dependent(first) or self._is_dependent(second)) and not one.isdisjoint(other)

    def _appointers(self, member: Member) -> frozenset[Member]:
        listed = self.desks.get(member[0])
        return listed.appointed_by.get(member[1], frozenset()) if listed else frozenset()

    def _is_dependent(self, member: Member) -> bool:
        listed = self.desks.get(member[0])
        return listed is not None and member[1] in listed.dependent

    def claim(self, renewals: Iterable[bytes]) -> None:
        """Use these encoded renewals of tips' keys, in the order in which this machine got them."""
        claimed: dict[bytes, list[Renewal]] = {}
        for encoded in renewals:
            with suppress(*DECODING_ERRORS):  # whoever writes rows wrote it
                one = Renewal.decode(encoded)
                claimed.setdefault(one.said[:HALF], []).append(one)
        self._claims = claimed, {}

    def renewals(self, tip: bytes) -> Line:
        """Return the renewals of a tip's key that its desks signed, by the tip's name.

        A key that a desk no longer has signs none, also if it names an older entry: the desk's next renewal is later.
        """
        claimed, checked = self._claims
        if tip not in checked:
            found = list(self.renewed.get(tip, ()))
            for one in claimed.get(tip, ()):
                at, keys = self.positions.get(one.base, -1), self.signing_keys.get(one.desk, {}).get("", {})
                is_in_order = at >= (found[-1][2] if found else 0) and len(one.said) >= RENEWED
                if is_in_order and any(one.is_by(key) for key, end in keys.items() if not end or at < end):
                    found.append((one.desk, one.said, at))
            checked[tip] = tuple(found)
        return checked[tip]

    def apply(self, entry: Entry, hash_: str) -> None:
        """Apply an entry that `rules.check` accepted."""
        self.skip(hash_)
        self._follow(entry.body, entry)

    def skip(self, hash_: str) -> None:
        """Count a forged entry without applying it."""
        self.position += 1
        self.head = hash_
        self.positions[hash_] = self.position
        self._claims = self._claims[0], {}

    def _follow(self, body: Body, entry: Entry) -> None:
        match body:
            case DeskAdded():
                self._add_desk(body, entry)
            case KeyChange():
                self._change_key(body)
            case OfficerSet():
                self._set_officer(body, entry)
            case KeyGiven():
                self._put_officer(body, entry.signers, is_dependent=True)
                self.changed_at[body.desk] = self.position
                if body.officer.role != "auditor":
                    self.rekeyed[body.desk] = self.position
                    self._replace_own_key(body.desk)
            case OwnKey():
                self._take_own_key(body)
            case DestinationSet():
                self._replace_destination(body)
                self._put_key(body.to, "", body.verifier)
                self.changed_at[body.desk] = self.position
            case KeysRenewed() | HostNoted() | Withdrawn():
                self._note(body, entry.by)
                self.unlisted.append(self.position)
            case Closed():
                self.closed = True
                self.known_keys |= self._with_officers()  # whoever founded a desk made its key
                self.destinations |= {one.to: one for one in body.destinations}
                self.signing_keys |= {one.to: {"": {one.verifier: 0}} for one in body.destinations}

    def _with_officers(self) -> set[str]:
        return {name for name, listed in self.desks.items() if listed.officers and name != PROBE_DESK}

    def _replace_destination(self, body: DestinationSet) -> None:
        """Record a destination's key and desk. With its former ones it reads a tip until the desks' keys change."""
        former = self.destinations.get(body.to)
        self.destinations[body.to] = body
        keeps = former and former.recipient == body.recipient and self.reads_with(body.to, former.desk)
        if former and former.recipient and not keeps:
            self.known_keys |= {former.desk} if former.desk else self._with_officers()

    def _note(self, body: KeysRenewed | HostNoted | Withdrawn, by: Member) -> None:
        match body:
            case KeysRenewed():
                self._renew(body)
            case HostNoted():
                self.noted.pop("", None)  # a desk notes no head that contradicts it
                self.noted[body.desk] = body.head
            case Withdrawn():
                self.withdrawn.setdefault(body.proposal, []).append((by, by in self.heads_of(by[0])))

    def _renew(self, body: KeysRenewed) -> None:
        for one in (body.tips[at : at + RENEWED] for at in range(0, len(body.tips), RENEWED)):
            self.renewed[one[:HALF]] = (*self.renewed.get(one[:HALF], ()), (body.desk, one, self.position))

    def _take_own_key(self, body: OwnKey) -> None:
        """Record that the replaced key's owner knows the desk's key. Proposals stay; that key's signatures are void."""
        member = body.desk, body.officer.name
        former = self.desks[body.desk].officers[body.officer.name].signer
        self.former_keys.setdefault(member, {})[former] = body.log
        self._put_officer(body, [], is_dependent=False)
        self._replace_own_key(body.desk)

    def _replace_own_key(self, desk: str) -> None:
        """Record that an officer has another key: the former one, which somebody may have, opens the desk's key."""
        self.own_keys[desk] = self.position
        self.known_keys.add(desk)

    def outranks(self, desk: str, other: str) -> bool:
        """Return whether a desk's renewal of a tip's key may replace another desk's."""
        return desk == other or self.rank(desk) > self.rank(other)

    def _add_desk(self, body: DeskAdded, entry: Entry) -> None:
        officers = {one.name: one for one in body.officers}
        self.signers |= {one.signer for one in body.officers}
        appointed = dict.fromkeys(officers or ("",), self._with_appointers(entry.signers)) if self.closed else {}
        self.desks[body.desk.name] = ListedDesk(
            desk=body.desk,
            verifier=body.verifier,
            officers=officers,
            appointed_by=appointed,
            dependent=frozenset(appointed),
        )
        if self.closed and body.desk.name in self._with_officers():  # none of its signers made its key
            self.known_keys.add(body.desk.name)
            self.new_desks.add(body.desk.name)
        self.changed_at[body.desk.name] = self.position
        self.signing_keys[body.desk.name] = {"": {body.verifier: 0}}
        for one in body.officers:
            self._put_key(body.desk.name, one.name, "" if one.role == "auditor" else one.signer)

    def _change_key(self, body: KeyChange) -> None:
        listed = self.desks[body.desk]
        former = *listed.former, (listed.desk.recipient, listed.verifier)
        officers = {name: one for name, one in listed.officers.items() if name != body.removed}
        if body.auditor:
            officers[body.removed] = msgspec.structs.replace(listed.officers[body.removed], role="auditor", rights=())
        desk = msgspec.structs.replace(listed.desk, recipient=body.recipient)
        self.desks[body.desk] = msgspec.structs.replace(
            listed, desk=desk, verifier=body.verifier, officers=officers, former=former
        )
        self.changed_at[body.desk] = self.position
        self._put_key(body.desk, "", body.verifier)
        self.known_keys.discard(body.desk)
        self.new_desks.discard(body.desk)
        if listed.officers:
            self.rekeyed[body.desk] = self.position
        if body.removed:
            self._put_key(body.desk, body.removed)

    def _set_officer(self, body: OfficerSet, entry: Entry) -> None:
        signers = entry.signers
        is_new = self.closed and body.officer.name not in self.desks[body.desk].officers
        are_two = not all(self.are_linked(one, other) for one in signers for other in signers)
        self._put_officer(body, [entry.by] if is_new else [], is_dependent=is_new and not are_two)
        self.changed_at[body.desk] = self.position

    def _put_officer(
        self, body: OfficerSet | KeyGiven | OwnKey, appointers: Iterable[Member], *, is_dependent: bool
    ) -> None:
        listed, name = self.desks[body.desk], body.officer.name
        self.signers.add(body.officer.signer)
        before = listed.appointed_by.get(name, frozenset())
        self.desks[body.desk] = msgspec.structs.replace(
            listed,
            officers={**listed.officers, name: body.officer},
            appointed_by={**listed.appointed_by, name: before | self._with_appointers(appointers)},
            dependent=listed.dependent | {name} if is_dependent else listed.dependent,
        )
        self._put_key(body.desk, name, "" if body.officer.role == "auditor" else body.officer.signer)

    def _put_key(self, desk: str, name: str, new: str = "") -> None:
        keys = self.signing_keys.setdefault(desk, {}).setdefault(name, {})
        keys |= {key: end or self.position for key, end in keys.items()} | ({new: 0} if new else {})

    def _with_appointers(self, members: Iterable[Member]) -> frozenset[Member]:
        return frozenset(
            one for member in members for one in (member, *self._persons(member), *self._appointers(member))
        )

    def _persons(self, member: Member) -> list[Member]:
        """Return the heads of a desk if one of the two is `RECOVERY`, whose key each head may have; else nobody."""
        heads = self.heads_of(member[0])
        return heads if member[1] == RECOVERY else [one for one in heads if one[1] == RECOVERY and member in heads]
