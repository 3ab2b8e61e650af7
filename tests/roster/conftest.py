"""Fixtures: desks and officers with their keys, and a chain that is built without a database."""

from __future__ import annotations

import pytest

from satark.api.routing import Desk, Level
from satark.api.sealing import new_identity
from satark.roster.chain import chain_hash, verify
from satark.roster.entries import (
    Body,
    Closed,
    DeskAdded,
    Entry,
    OfficerSet,
    Right,
    Role,
    RosterOfficer,
    desk_verifier,
    officer_signer,
)
from satark.roster.rules import check
from satark.roster.state import RosterState


class Ledger:
    """A roster in memory, with everybody's keys."""

    def __init__(self) -> None:
        self.encoded: list[bytes] = []
        self.officers: dict[tuple[str, str], str] = {}
        self.desks: dict[str, str] = {}

    @property
    def state(self) -> RosterState:
        """The state that follows from the entries so far."""
        return verify(self.encoded).state

    @property
    def problems(self) -> tuple[str, ...]:
        """The errors of the entries so far."""
        return verify(self.encoded).problems

    def officer(self, desk: str, name: str, role: Role = "officer", rights: tuple[Right, ...] = ()) -> RosterOfficer:
        """Make an officer with a new key."""
        recipient, self.officers[desk, name] = new_identity()
        signer = officer_signer(self.officers[desk, name])
        return RosterOfficer(name=name, recipient=recipient, signer=signer, role=role, rights=rights)

    def desk(self, name: str, level: Level, area: str = "", heads: tuple[str, ...] = ("head",)) -> DeskAdded:
        """Make a desk with a new key and these heads."""
        recipient, self.desks[name] = new_identity()
        officers = tuple(self.officer(name, head, "head") for head in heads)
        desk = Desk(name=name, title=name, level=level, area=area, recipient=recipient)
        return DeskAdded(desk=desk, verifier=desk_verifier(self.desks[name]), officers=officers)

    def entry(self, body: Body, *signers: tuple[str, str], base: str | None = None) -> Entry:
        """Make an entry, signed by these (desk, officer); an empty officer stands for the desk's own key."""
        by = signers[0] if signers else ("", "")
        entry = Entry(body=body, by=by, base=self.state.head if base is None else base)
        for desk, name in signers:
            entry = entry.signed_with((desk, name), self.officers[desk, name] if name else self.desks[desk])
        return entry

    def add(self, body: Body, *signers: tuple[str, str]) -> None:
        """Add an entry.

        Raises:
            NotAllowed: the roster does not allow it.
        """
        entry = self.entry(body, *signers)
        check(self.state, entry)
        self.encoded.append(entry.encode())

    def close(self) -> None:
        """End the founding."""
        self.add(Closed())


@pytest.fixture
def empty_ledger() -> Ledger:
    """A roster without entries."""
    return Ledger()


@pytest.fixture
def ledger(empty_ledger: Ledger) -> Ledger:
    """The desks `sp` (head and clerk) and `dig` (one head), sealed."""
    made = empty_ledger
    made.add(made.desk("sp", "district"))
    made.add(made.desk("dig", "range"))
    made.add(OfficerSet(desk="sp", officer=made.officer("sp", "clerk")))
    made.close()
    return made


class Book:
    """A roster in memory, with everybody's keys; it applies entries without checking who signed them."""

    def __init__(self) -> None:
        self.state = RosterState()
        self.entries: list[bytes] = []
        self.identities: dict[tuple[str, str], str] = {}
        """Officers' identities by (desk, name), and desks' identities by (desk, "")."""

    def officer(self, desk: str, name: str, role: Role = "officer", rights: tuple[Right, ...] = ()) -> RosterOfficer:
        """Make an officer with a new key."""
        recipient, own = new_identity()
        self.identities[desk, name] = own
        return RosterOfficer(name=name, recipient=recipient, signer=officer_signer(own), role=role, rights=rights)

    def desk(self, name: str, level: Level, area: str, *officers: RosterOfficer) -> DeskAdded:
        """Make a desk with a new key and these officers."""
        recipient, identity = new_identity()
        self.identities[name, ""] = identity
        desk = Desk(name=name, title=name, level=level, area=area, recipient=recipient)
        return DeskAdded(desk=desk, verifier=desk_verifier(identity), officers=officers)

    def signed(self, body: Body, *signers: tuple[str, str], base: str | None = None) -> Entry:
        """Make an entry, signed by these."""
        by = signers[0] if signers else ("", "")
        entry = Entry(body=body, by=by, base=self.state.head if base is None else base)
        for member in signers:
            entry = entry.signed_with(member, self.identities[member])
        return entry

    def follow(self, body: Body, *signers: tuple[str, str]) -> None:
        """Add an entry and apply it, without checking its signatures."""
        encoded = self.signed(body, *signers).encode()
        self.entries.append(encoded)
        self.state.apply(Entry.decode(encoded), chain_hash(self.state.head, encoded))


@pytest.fixture
def book() -> Book:
    """Six entries: the desks of a DIG, two SPs, a station, a cell in an office of its own; sealed."""
    made = Book()
    made.follow(made.desk("dig", "range", "", made.officer("dig", "rao", "head")))
    sp = [made.officer("sp", "khan", "head"), made.officer("sp", "clerk"), made.officer("sp", "watcher", "auditor")]
    made.follow(made.desk("sp", "district", "varanasi", *sp))
    made.follow(made.desk("sp-jaunpur", "district", "jaunpur", made.officer("sp-jaunpur", "iyer", "head")))
    made.follow(made.desk("lanka", "station", "lanka", made.officer("lanka", "so", "head")))
    made.follow(made.desk("cell", "circle", ""))
    made.follow(Closed())
    return made
