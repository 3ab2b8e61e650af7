"""Proposals: entries of the roster that still need a signature, each with what is stored once it is signed."""

from __future__ import annotations

import hashlib

import msgspec
from sqlalchemy import Connection, delete, select, update

from satark.api.routing import CaseworkError
from satark.roster import chain, rules
from satark.roster.entries import Entry
from satark.roster.rules import Needed, NotAllowed, Unsigned
from satark.roster.state import RosterState
from satark.store.tables import roster_proposal as table
from satark.store.unit_of_work import UnitOfWork


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed entry."""

    id: str
    """First 16 hex digits of the SHA-256 of what the entry's signatures cover."""
    entry: Entry
    attachment: bytes
    """What is stored once the entry is signed. No signature covers the attachment: it is checked against the entry."""

    def __repr__(self) -> str:
        return f"Proposal({self.id})"

    @classmethod
    def of(cls, entry: Entry, attachment: bytes = b"") -> Proposal:
        """Return the proposal of an entry, which may have all signatures already."""
        return cls(id=hashlib.sha256(entry.signed_bytes).hexdigest()[:16], entry=entry, attachment=attachment)

    @staticmethod
    def all(connection: Connection) -> list[Proposal]:
        """Return every proposal."""
        rows = connection.execute(select(table).order_by(table.c.day, table.c.id))
        return [Proposal(id=row.id, entry=Entry.decode(row.entry), attachment=row.attachment) for row in rows]

    @staticmethod
    def find(connection: Connection, id_: str) -> Proposal:
        """Return a proposal.

        Raises:
            CaseworkError: there is none of this id.
        """
        row = connection.execute(select(table).where(table.c.id == id_)).one_or_none()
        if row is None:
            raise CaseworkError(
                "there is no such proposal: it was carried out, withdrawn, or never made", reason="gone"
            )
        return Proposal(id=row.id, entry=Entry.decode(row.entry), attachment=row.attachment)

    def missing(self, state: RosterState) -> str:
        """Return whose signatures it still needs, as the end of a sentence; empty: none.

        Raises:
            NotAllowed: the roster does not allow it, whoever signs.
        """
        try:
            rules.check(state, self.entry)
        except Unsigned:
            return rules.needed(state, self.entry.body).missing(state, self.entry.signers)
        return ""

    def still_needed(self, state: RosterState) -> Needed | None:
        """Return whose signatures it still needs; None if the roster does not allow it any more."""
        try:
            self.missing(state)
        except NotAllowed:
            return None
        needed = rules.needed(state, self.entry.body) if state.closed else Needed(heads=())
        return needed.without(state, self.entry.signers)

    def store(self, unit: UnitOfWork) -> None:
        """Store it, in the place of an earlier one of the same entry.

        Raises:
            NotAllowed: the roster would not allow it, whoever signs.
        """
        self.missing(chain.read_state(unit.keys))
        self.withdraw(unit)
        row = {"id": self.id, "entry": self.entry.encode(), "attachment": self.attachment, "day": unit.day}
        unit.insert(table, [row])

    def store_signatures(self, unit: UnitOfWork) -> None:
        """Store the signatures of a proposal that is stored already."""
        unit.main.execute(update(table).where(table.c.id == self.id).values(entry=self.entry.encode()))

    def withdraw(self, unit: UnitOfWork) -> None:
        """Delete the proposal."""
        unit.main.execute(delete(table).where(table.c.id == self.id))

    def carry_out(self, unit: UnitOfWork) -> None:
        """Add the entry to the roster, and delete the proposal.

        Raises:
            NotAllowed: it needs further signatures, or is not allowed any more.
        """
        chain.append(unit, self.entry)
        self.withdraw(unit)
