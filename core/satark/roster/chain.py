"""The chain of the roster's entries in the key store: each row's hash covers all rows before it.

A proposal is an entry that still needs a signature, with the values to store once it is signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec
from sqlalchemy import Connection, Engine, delete, func, select, update

from satark.api.routing import CaseworkError
from satark.roster import heads, rules
from satark.roster.entries import Closed, DestinationSet, Entry, Member, Withdrawn
from satark.roster.rules import Needed, NotAllowed, Unsigned
from satark.roster.state import RosterState
from satark.store.tables import renewal, roster, roster_head
from satark.store.tables import roster_proposal as table
from satark.store.unit_of_work import UnitOfWork
from satark_files.decoding import DECODING_ERRORS

_DOMAIN = b"satark/1/roster-chain\0"
_NEWEST = select(roster.c.position, roster.c.hash).order_by(roster.c.position.desc()).limit(1)
_SIGNED = select(func.sum(roster_head.c.number))
_LAST_RENEWAL = select(renewal.c.position, renewal.c.entry).order_by(renewal.c.position.desc()).limit(1)
_MEMORY = "satark_roster_memory"


class ChainRow(msgspec.Struct, frozen=True):
    position: int
    entry: bytes
    hash: bytes


class VerifiedChain(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of a chain up to the last that counts, the state that they result in, and the chain's problems."""

    state: RosterState
    entries: tuple[Entry | None, ...]
    """The entries, in order; None for one that can't be read. No machine keeps those behind the last that counts."""
    problems: tuple[str, ...]
    """Sentences, each about one entry that can't be read or is not allowed; such an entry has no effect."""


def chain_hash(before: str, entry: bytes) -> str:
    """Return the hash (hex) of an entry that follows the entry of the hash `before`."""
    return hashlib.sha256(_DOMAIN + bytes.fromhex(before) + entry).hexdigest()


def verify(encoded: Iterable[bytes]) -> VerifiedChain:
    """Apply entries from the first on. An entry that can't be read or is not allowed has no effect, and is reported."""
    every = tuple(encoded)
    state, entries, problems, good = RosterState(), [], [], 0
    for one in every:
        hash_, entry = chain_hash(state.head, one), None
        try:
            entry = Entry.decode(one)
            rules.check(state, entry)
            state.apply(entry, hash_)
            good = state.position
        except DECODING_ERRORS:
            problems.append(f"entry {state.position + 1} of the roster can't be read")
            state.skip(hash_)
        except NotAllowed as error:
            problems.append(f"entry {state.position + 1} of the roster is forged or not allowed: {error}")
            state.skip(hash_)
        entries.append(entry)
    if good < len(every):
        state = verify(every[:good]).state
    return VerifiedChain(state=state, entries=tuple(entries[:good]), problems=tuple(problems))


def read_rows(keys: Connection) -> list[ChainRow]:
    """Read all rows, in order, from the key store."""
    query = select(roster.c.position, roster.c.entry, roster.c.hash).order_by(roster.c.position)
    return [ChainRow(*row) for row in keys.execute(query)]


def newest(keys: Connection) -> tuple[object, ...]:
    """Return a value that changes with the rows, those of renewals too, and with each head that an officer signs."""
    last = keys.execute(_LAST_RENEWAL).one_or_none()  # whole: a deleted one's position is given again
    return (*(keys.execute(_NEWEST).one_or_none() or ()), keys.execute(_SIGNED).scalar(), last and tuple(last))


def read_renewals(keys: Connection) -> list[bytes]:
    """Read all renewals of tips' keys, encoded and in order, from the key store."""
    return list(keys.execute(select(renewal.c.entry).order_by(renewal.c.position)).scalars())


def add_renewals(unit: UnitOfWork, renewals: Sequence[bytes]) -> None:
    """Store encoded renewals of tips' keys that are not stored yet. Then this machine knows them, whatever its rows."""
    lock(unit)
    known = set(unit.keys.execute(select(renewal.c.entry).where(renewal.c.entry.in_(renewals))).scalars())
    first = (unit.keys.execute(_LAST_RENEWAL).scalar() or 0) + 1
    new = [one for one in renewals if one not in known]
    unit.upsert(renewal, [{"position": at, "entry": one} for at, one in enumerate(new, first)])
    if memory := _memory_of(unit):
        unit.run_after(lambda: memory.remember(new))


class Memory(Protocol):
    """What a machine knows of the roster by itself: whoever deletes a row at its commit takes nothing back."""

    def remember_entry(self, position: int, entry: bytes) -> None:
        """Know an entry that was committed at this position."""

    def remember(self, renewals: Iterable[bytes]) -> None:
        """Know renewals of tips' keys that were committed."""


def with_memory(keys: Engine, memory: Memory) -> Engine:
    """Return the engine of the key store; from then on `memory` is told of what was committed."""
    return keys.execution_options(**{_MEMORY: memory})


def _memory_of(unit: UnitOfWork) -> Memory | None:
    found: Memory | None = unit.keys.get_execution_options().get(_MEMORY)
    return found


def row_problems(rows: Sequence[ChainRow]) -> list[str]:
    """Say which rows are missing or altered: their position or hash does not match the entries."""
    problems, before = [], ""
    for number, row in enumerate(rows, 1):
        before = chain_hash(before, row.entry)
        if row.position != number or row.hash.hex() != before:
            problems.append(f"row {row.position} of the roster was altered, or one before it is missing")
            break
    return problems


def lock(unit: UnitOfWork) -> None:
    """Prevent others from adding entries until the commit. Call this before locking tips."""
    unit.keys.execute(select(roster.c.position).where(roster.c.position == 1).with_for_update())


def append(unit: UnitOfWork, entry: Entry, *, known: bool = False) -> RosterState:
    """Add an entry in this transaction, unless it was added before a crash; return the resulting state.

    `known`: whether this machine's copy has the entry already. Such an entry may belong to a founding that is over.

    Raises:
        Unsigned: the entry needs further signatures. NotAllowed: the roster does not allow the entry, or its newest row
            counts for nothing.
    """
    lock(unit)
    state, encoded = _stored(unit.keys) if known else read_state(unit.keys), entry.encode()
    if any(row.entry == encoded for row in read_rows(unit.keys)):
        return state
    if _rejected(unit.keys):
        raise NotAllowed("somebody wrote a row into the roster, run: satark roster restore", reason="changed")
    rules.check(state, entry)
    hash_ = chain_hash(state.head, encoded)
    row = {"position": state.position + 1, "entry": encoded, "hash": bytes.fromhex(hash_)}
    if not unit.insert_new(roster, [row], "position"):
        raise NotAllowed("the roster changed meanwhile: try again", reason="changed")
    state.apply(entry, hash_)
    if memory := _memory_of(unit):
        at = state.position
        unit.run_after(lambda: memory.remember_entry(at, encoded))
    return state


def drop_rejected(unit: UnitOfWork) -> int:
    """Delete the newest rows that can't be read or are not allowed; return how many."""
    lock(unit)
    rejected = [row.position for row in _rejected(unit.keys)]
    unit.keys.execute(delete(roster).where(roster.c.position.in_(rejected)))
    return len(rejected)


def _rejected(keys: Connection) -> list[ChainRow]:
    """Return the rows behind the last that counts."""
    rows = read_rows(keys)
    return rows[len(verify(row.entry for row in rows).entries) :]


def close(unit: UnitOfWork, destinations: Iterable[DestinationSet]) -> None:
    """End the founding in this transaction, unless it has ended."""
    if not _stored(unit.keys).closed:
        with suppress(NotAllowed):  # another process was quicker
            append(unit, Entry(body=Closed(destinations=tuple(destinations))))


def read_state(keys: Connection) -> RosterState:
    """Return the state of the key store's rows, without this machine's copy. Use it for writing, not for sealing."""
    state = _stored(keys)
    heads.refuse(state, heads.read_heads(keys))
    return state


def _stored(keys: Connection) -> RosterState:
    state = verify(row.entry for row in read_rows(keys)).state
    state.claim(read_renewals(keys))
    return state


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    entry: Entry
    attachment: bytes = b""
    """The values to store once the entry is signed. No signature covers them: they are checked against the entry."""

    def __repr__(self) -> str:
        return f"Proposal({self.id})"

    @property
    def id(self) -> str:
        """Id of the proposed entry. A signature by this id covers this entry and no other, whatever the row says."""
        return self.entry.id

    @property
    def row(self) -> str:
        return self.id[:16]

    @staticmethod
    def all(connection: Connection) -> list[Proposal]:
        """Return every proposal; a row whose entry was replaced counts as none."""
        rows = connection.execute(select(table).order_by(table.c.day, table.c.id))
        read = ((row.id, Proposal(entry=Entry.decode(row.entry), attachment=row.attachment)) for row in rows)
        return [proposal for row, proposal in read if row == proposal.row]

    @staticmethod
    def find(connection: Connection, id_: str) -> Proposal:
        """Return a proposal.

        Raises:
            CaseworkError: there is no proposal with this id.
        """
        for one in Proposal.all(connection):
            if one.id == id_:
                return one
        raise CaseworkError("there is no such proposal: it was carried out, withdrawn, or never made", reason="gone")

    def missing(self, state: RosterState) -> str:
        """Return whose signatures the proposal still needs, as the end of a sentence; empty: none.

        Raises:
            NotAllowed: the roster does not allow the entry, whoever signs.
        """
        try:
            rules.check(state, self.entry)
        except Unsigned:
            return rules.needed(state, self.entry.body).missing(state, self.entry.signers)
        return ""

    def still_needed(self, state: RosterState) -> Needed | None:
        """Return whose signatures the proposal still needs; None if the roster no longer allows the entry."""
        try:
            self.missing(state)
        except NotAllowed:
            return None
        needed = rules.needed(state, self.entry.body) if state.closed else Needed(heads=())
        return needed.without(state, self.entry.signers)

    def store(self, unit: UnitOfWork) -> None:
        """Store the proposal in place of an earlier one of the same entry.

        Raises:
            NotAllowed: the roster would not allow the entry, whoever signs.
        """
        self.missing(read_state(unit.keys))
        self.delete(unit)
        row = {"id": self.row, "entry": self.entry.encode(), "attachment": self.attachment, "day": unit.day}
        unit.insert(table, [row])

    def store_signatures(self, unit: UnitOfWork) -> None:
        unit.main.execute(update(table).where(table.c.id == self.row).values(entry=self.entry.encode()))

    def withdraw(self, unit: UnitOfWork, by: Member, identity: str) -> None:
        """Delete the proposal, and record in the roster that it was withdrawn, since its row may lack signatures.

        `identity`: the withdrawing officer's own identity.

        Raises:
            NotAllowed: this officer may not withdraw the proposal.
        """
        state = read_state(unit.keys)
        is_head, is_stale = by in state.heads_of(by[0]), self.still_needed(state) is None
        if not (is_head and is_stale) and not rules.may_withdraw(state, self.entry, by, is_head=is_head):
            raise NotAllowed("only a head of its desks, or who proposed it, withdraws a proposal", reason="withdraw")
        append_withdrawal(unit, self.id, by, identity)
        self.delete(unit)

    def delete(self, unit: UnitOfWork) -> None:
        unit.main.execute(delete(table).where(table.c.id == self.row))

    def carry_out(self, unit: UnitOfWork) -> None:
        """Add the entry to the roster, and delete the proposal.

        Raises:
            NotAllowed: the entry needs further signatures, or is no longer allowed.
        """
        append(unit, self.entry)
        self.delete(unit)


def append_withdrawal(unit: UnitOfWork, proposal: str, by: Member, identity: str) -> None:
    """Say in the roster that an officer withdrew a proposal, also one whose row somebody deleted to put it back later.

    It counts where `rules.may_withdraw` says so. `identity`: the officer's own.
    """
    entry = Entry(body=Withdrawn(proposal=proposal), by=by, base=read_state(unit.keys).head)
    append(unit, entry.signed_with(by, identity))
