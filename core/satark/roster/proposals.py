"""Proposals: entries of the roster that still need a signature, each with what is stored once it is signed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, delete, select, update

from satark.api.routing import CaseworkError
from satark.roster import chain, rules
from satark.roster.entries import Entry, decode_entry, encode_entry
from satark.roster.rules import Needed, NotAllowed, Unsigned
from satark.store.tables import roster_proposal as table

if TYPE_CHECKING:
    from satark.roster.state import RosterState
    from satark.store.unit_of_work import UnitOfWork


class NoSuchProposal(CaseworkError):  # noqa: N818 - it reads as what it says
    """There is no such proposal, or no longer."""

    def __init__(self) -> None:
        super().__init__("there is no such proposal: it was carried out, withdrawn, or never made", reason="gone")


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed entry."""

    id: str
    """16 hex digits, of what its signatures cover."""
    entry: Entry
    attachment: bytes
    """What is stored once it is signed. No signature covers it: it is checked against the entry."""

    def __repr__(self) -> str:
        return f"Proposal({self.id})"


def proposal_id(entry: Entry) -> str:
    """Return the id of an entry's proposal."""
    return hashlib.sha256(entry.signed_bytes).hexdigest()[:16]


def propose(unit: UnitOfWork, entry: Entry, attachment: bytes = b"") -> Proposal:
    """Store a proposal, which may have all signatures already.

    Raises:
        NotAllowed: the roster would not allow it, whoever signs.
    """
    check_proposal(chain.read_state(unit.keys), entry)
    proposal = Proposal(id=proposal_id(entry), entry=entry, attachment=attachment)
    unit.main.execute(delete(table).where(table.c.id == proposal.id))
    row = {"id": proposal.id, "entry": encode_entry(entry), "attachment": attachment, "day": unit.day}
    unit.insert(table, [row])
    return proposal


def check_proposal(state: RosterState, entry: Entry) -> str:
    """Return whose signatures a proposal still needs, as the end of a sentence; empty: none.

    Raises:
        NotAllowed: the roster does not allow it, whoever signs.
    """
    try:
        rules.check(state, entry)
    except Unsigned:
        signers = [(one.desk, one.officer) for one in entry.signatures]
        return rules.needed(state, entry.body).missing(state, signers)
    return ""


def missing_signatures(state: RosterState, entry: Entry) -> str:
    """Return whose signatures a proposal still needs; or, if the roster does not allow it any more, why."""
    try:
        return check_proposal(state, entry)
    except NotAllowed as error:
        return f"to be withdrawn ({error})"


def still_needed(state: RosterState, entry: Entry) -> Needed | None:
    """Return whose signatures a proposal still needs; None if the roster does not allow it any more."""
    try:
        check_proposal(state, entry)
    except NotAllowed:
        return None
    signers = [(one.desk, one.officer) for one in entry.signatures]
    return rules.needed(state, entry.body).without(state, signers) if state.closed else Needed(heads=())


def all_proposals(connection: Connection) -> list[Proposal]:
    """Return every proposal."""
    rows = connection.execute(select(table).order_by(table.c.day, table.c.id))
    return [Proposal(id=row.id, entry=decode_entry(row.entry), attachment=row.attachment) for row in rows]


def find_proposal(connection: Connection, id_: str) -> Proposal:
    """Return a proposal.

    Raises:
        NoSuchProposal: there is none of this id.
    """
    row = connection.execute(select(table).where(table.c.id == id_)).one_or_none()
    if row is None:
        raise NoSuchProposal
    return Proposal(id=row.id, entry=decode_entry(row.entry), attachment=row.attachment)


def store_signed(unit: UnitOfWork, proposal: Proposal) -> None:
    """Store a proposal's further signature."""
    unit.main.execute(update(table).where(table.c.id == proposal.id).values(entry=encode_entry(proposal.entry)))


def withdraw(unit: UnitOfWork, id_: str) -> None:
    """Delete a proposal."""
    unit.main.execute(delete(table).where(table.c.id == id_))


def carry_out(unit: UnitOfWork, proposal: Proposal) -> None:
    """Add a signed proposal to the roster, unless a crash left it there already, and delete it.

    Raises:
        NotAllowed: it needs further signatures, or is not allowed any more.
    """
    if not chain.is_listed(unit, proposal.entry):
        chain.append(unit, proposal.entry)
    withdraw(unit, proposal.id)


__all__ = [
    "NoSuchProposal",
    "NotAllowed",
    "Proposal",
    "all_proposals",
    "carry_out",
    "check_proposal",
    "find_proposal",
    "missing_signatures",
    "proposal_id",
    "propose",
    "still_needed",
    "store_signed",
    "withdraw",
]
