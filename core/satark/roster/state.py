"""State of the roster: who may read, by what its entries say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from satark.api.routing import LEVELS, Desk
from satark.roster.entries import Body, Closed, DeskAdded, DestinationSet, Entry, KeyChange, OfficerSet, RosterOfficer

Member: TypeAlias = tuple[str, str]
"""(desk, officer); with an empty officer the desk itself, as a remote office signs."""

_RANK = {level: rank for rank, level in enumerate(LEVELS)}


class ListedDesk(msgspec.Struct, frozen=True, kw_only=True):
    """A desk as the roster lists it."""

    desk: Desk
    verifier: str
    officers: dict[str, RosterOfficer]
    """By name, in the order in which they were added."""
    appointed_by: dict[str, Member]
    """Officer → who proposed them. Officers of the founding are not listed: the ceremony appointed them."""

    @property
    def heads(self) -> list[str]:
        """The names of its heads."""
        return [one.name for one in self.officers.values() if one.role == "head"]

    @property
    def rank(self) -> int:
        """The rank of its level, 0 for an outpost."""
        return _RANK[self.desk.level]


class RosterState:
    """What follows from a roster's entries. Read-only for everybody but `chain`."""

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
        """Desk → position of the newest entry about it."""
        self.key_changed_at: dict[str, int] = {}
        """Desk → position of its newest key change; a desk whose key never changed is not listed."""
        self.lacks_heads = False
        """Whether the entries lack a head that an officer signed."""
        self.refused = set[str]()
        """Desks and destinations to which nothing is sealed, since a head that is lacking does not list them."""

        self.proved_by: dict[str, list[tuple[str, str]]] = {}
        """Desk → recipients and verifiers of its former keys, each of which proved the next, the oldest first."""

    def desk_recipients(self) -> dict[str, str]:
        """Return the recipients of the desks to which tips may be sealed, by name."""
        return {name: one.desk.recipient for name, one in self.desks.items() if name not in self.refused}

    def destination_recipients(self) -> dict[str, str]:
        """Return the recipients of the destinations to which tips may be sealed, by name."""
        return {
            one.to: one.recipient for one in self.destinations.values() if one.recipient and one.to not in self.refused
        }

    def officer(self, desk: str, name: str) -> RosterOfficer | None:
        """Return an officer; None if the roster lists none of this name at this desk."""
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
        """Return who signs for a desk: its heads, or the desk's own key if the desk has no officers."""
        listed = self.desks.get(desk)
        if listed is None:
            return []
        if not listed.officers:
            return [(desk, "")] if listed.verifier else []
        return [(desk, name) for name in listed.heads]

    def members(self) -> Iterator[Member]:
        """Yield everybody who may sign."""
        for name, listed in self.desks.items():
            yield from ((name, one.name) for one in listed.officers.values() if one.role != "auditor")
            if not listed.officers and listed.verifier:
                yield name, ""

    def did_appoint(self, first: Member, second: Member) -> bool:
        """Return whether the first officer appointed the second, directly or through those whom they appointed."""
        seen = set[Member]()
        while second not in seen:
            seen.add(second)
            listed = self.desks.get(second[0])
            appointer = listed.appointed_by.get(second[1]) if listed else None
            if appointer is None:
                return False
            if appointer == first:
                return True
            second = appointer
        return False

    def apply(self, entry: Entry, hash_: str) -> None:
        """Apply an entry that `rules.check` accepted."""
        self.skip(hash_)
        self._follow(entry.body, entry)

    def skip(self, hash_: str) -> None:
        """Count a forged entry, without applying it."""
        self.position += 1
        self.head = hash_
        self.positions[hash_] = self.position

    def _follow(self, body: Body, entry: Entry) -> None:
        match body:
            case DeskAdded():
                officers = {one.name: one for one in body.officers}
                self.desks[body.desk.name] = ListedDesk(
                    desk=body.desk, verifier=body.verifier, officers=officers, appointed_by={}
                )
                self.changed_at[body.desk.name] = self.position
            case KeyChange():
                self._change_key(body)
            case OfficerSet():
                self._set_officer(body, entry)
            case DestinationSet():
                self.destinations[body.to] = body
                self.changed_at[body.desk] = self.position
            case Closed():
                self.closed = True
                self.destinations |= {one.to: one for one in body.destinations}

    def _change_key(self, body: KeyChange) -> None:
        listed = self.desks[body.desk]
        former = (listed.desk.recipient, listed.verifier)
        self.proved_by[body.desk] = [*self.proved_by.get(body.desk, ()), former] if body.proof else []
        officers = {name: one for name, one in listed.officers.items() if name != body.removed}
        desk = msgspec.structs.replace(listed.desk, recipient=body.recipient)
        self.desks[body.desk] = msgspec.structs.replace(listed, desk=desk, verifier=body.verifier, officers=officers)
        self.changed_at[body.desk] = self.key_changed_at[body.desk] = self.position

    def _set_officer(self, body: OfficerSet, entry: Entry) -> None:
        listed, name = self.desks[body.desk], body.officer.name
        appointed = dict(listed.appointed_by)
        if self.closed and name not in listed.officers and entry.signatures:
            appointed[name] = (entry.signatures[0].desk, entry.signatures[0].officer)
        officers = {**listed.officers, name: body.officer}
        self.desks[body.desk] = msgspec.structs.replace(listed, officers=officers, appointed_by=appointed)
        self.changed_at[body.desk] = self.position
