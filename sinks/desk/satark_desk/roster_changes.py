"""Changes of who may read.

One officer proposes a change, others sign it in their own sessions, then an officer carries it out.

Data that a change needs besides signatures (wrapped keys of a new officer, copies of a desk's new key) is stored beside
the proposal. The desk's key is sealed to a new officer only when an officer of the desk carries out the change.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from satark.api import CaseworkError, KeyChanged, Redacted, recipient_of
from satark.casework import (
    ActKind,
    Body,
    DeskAdded,
    DestinationSet,
    Entry,
    KeyChange,
    KeyGiven,
    Needed,
    NotAllowed,
    OfficerSet,
    Proposal,
    Services,
    UnitOfWork,
    Withdrawn,
    add_desk,
    append_withdrawal,
    change_key,
    check_desk,
    describe,
    fingerprint,
    finish_key_change,
    lock_desk,
    new_code,
    read_state,
    renew_tips,
)
from satark_desk import wordings
from satark_desk.desk_keys import UnlockedDesk, open_desk_key, seal_desk_key
from satark_desk.roster_memory import note_of, recall
from satark_desk.tables import known_browser, officer, recovery, second_factor
from satark_files.decoding import DECODING_ERRORS

_is_id = re.compile("[0-9a-f]{32}").fullmatch


class RosterAttachment(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """The data that is stored beside a proposal until the change is carried out."""

    officer: Mapping[str, Any] = {}
    """Columns of the row of a new officer or of one with a new key, without the column of the desk's key."""
    desk_key: bytes = b""
    """The key of a new desk, sealed to its first officer."""
    copies: Mapping[str, bytes] = {}
    """A desk's new key, sealed to each officer who stays."""


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """The result of proposing a change."""

    id: str
    missing: str
    """Whose signatures the change still needs, as the end of a sentence; empty if none are missing."""
    done: bool
    """Whether the change is carried out. If not, and no signature is missing, it waits until an officer of the desk
    signs in.
    """
    fingerprint: str
    """The fingerprint of the keys in it, which whoever signs it is shown; empty: there are none."""
    code: str = ""
    """The code of a proposed desk, which whoever signs it must be told."""


def submit(
    services: Services,
    by: UnlockedDesk,
    body: DestinationSet | KeyChange | KeyGiven | OfficerSet,
    with_: RosterAttachment,
    code: str = "",
    *,
    base: str = "",
) -> Submitted:
    """Propose a change, signed by this officer; carry it out if no other signature is needed.

    `code`: the code of a new key, as this officer typed it; `base`: head of the roster from which `with_` was made.

    Raises:
        NotAllowed: the roster does not allow the change, whoever signs.
    """
    own = by.desk.name, by.officer
    entry = Entry(body=body, by=own, base=base or services.read_keys(read_state).head).signed_with(
        own, by.own_identity, code
    )
    services.read_keys(lambda c: Proposal(entry=entry).missing(read_state(c)))
    _record(services, by, "roster_proposed", body)
    return _store(services, by, entry, with_)


def submit_unsigned(services: Services, body: DeskAdded, with_: RosterAttachment) -> Submitted:
    """Propose a desk, which nobody has signed yet, with a new code.

    Raises:
        NotAllowed: the roster does not allow the change, whoever signs.
    """
    code = new_code()
    entry = Entry(body=body.with_code(code), base=services.read_keys(read_state).head)
    return msgspec.structs.replace(_store(services, None, entry, with_), code=code)


def approve(services: Services, by: UnlockedDesk, id_: str, code: str = "") -> Submitted:
    """Sign a proposal, and carry it out if no signature is missing.

    `code`: the code of a new key or desk, as this officer typed it.

    Raises:
        CaseworkError: there is no proposal with this id, or the geography lacks a new desk's area.
        NotAllowed: this officer may not sign, or the roster changed meanwhile.
    """
    proposal = services.read(lambda c: Proposal.find(c, id_))
    if isinstance(proposal.entry.body, DeskAdded):
        check_desk(proposal.entry.body.desk, services.geography)
    check_code(proposal.entry, code)
    own = by.desk.name, by.officer
    if proposal.entry.by == own and own not in proposal.entry.signers:
        raise NotAllowed("this names you as who proposed it, and you did not: withdraw it")
    entry = proposal.entry.signed_with(own, by.own_identity, code)
    signed = msgspec.structs.replace(proposal, entry=entry)
    services.read_keys(lambda c: signed.missing(read_state(c)))
    _record(services, by, "roster_approved", entry.body)
    return add_signature(services, by, signed)


def check_code(entry: Entry, code: str) -> None:
    """Refuse to sign for a new desk without its code. Its proposal carries no signature, so a row may be forged.

    Raises:
        NotAllowed: this is not the code of what the desk's author proposed.
    """
    if isinstance(entry.body, DeskAdded) and not entry.body.has_code(code):
        raise NotAllowed("this is not the code of the desk that was proposed: ask whoever proposed it", reason="desk")


def add_signature(services: Services, by: UnlockedDesk | None, signed: Proposal) -> Submitted:
    """Store a proposal with a further signature, and carry it out if none is missing.

    Raises:
        NotAllowed: the signature is invalid, or the roster changed meanwhile.
    """
    return _advance(services, by, signed, signed.store_signatures)


def complete(services: Services, by: UnlockedDesk) -> bool:
    """Carry out the fully signed changes that wait for an officer of this desk; return whether there were any."""
    state = services.read_keys(read_state)
    waiting = [one for one in services.read(Proposal.all) if _desk_of(one) == by.desk.name]
    # One at a time: after a change of the desk's key `by` must be unlocked again.
    return any(_carry_out(services, by, one) for one in waiting if one.still_needed(state) == Needed(heads=()))


def reject(services: Services, by: UnlockedDesk, id_: str) -> None:
    """Withdraw a proposal that this officer made or, as a head, one that officers of their desk sign.

    Raises:
        CaseworkError: there is none of this id. If somebody put its row back, it would be withdrawn all the same.
        NotAllowed: this officer may not withdraw it.
    """
    try:
        proposal = services.read(lambda c: Proposal.find(c, id_))
    except CaseworkError:
        if _is_id(id_):  # whoever deleted its row may put it back
            services.write_now(lambda unit: append_withdrawal(unit, id_, (by.desk.name, by.officer), by.own_identity))
            _record(services, by, "roster_withdrawn", Withdrawn(proposal=id_))
        raise
    services.write_now(lambda unit: proposal.withdraw(unit, (by.desk.name, by.officer), by.own_identity))
    services.read_keys(services.roster.check)  # this machine's copy follows
    _record(services, by, "roster_withdrawn", proposal.entry.body)


def attachment_of(proposal: Proposal) -> RosterAttachment:
    """Return the data that is stored beside a proposal.

    Raises:
        NotAllowed: the data was altered.
    """
    try:
        return _decode(proposal.attachment or _encode(RosterAttachment()))
    except DECODING_ERRORS:
        raise NotAllowed("what belongs to the proposal was altered: propose it again", reason="changed") from None


def _record(services: Services, by: UnlockedDesk, kind: ActKind, body: Body) -> None:
    """Record an officer's act about a change in the audit log, signed with the key from before the change."""
    by.casework(services).trail.record(kind, detail=describe(body))


def _store(services: Services, by: UnlockedDesk | None, entry: Entry, with_: RosterAttachment) -> Submitted:
    proposal = Proposal(entry=entry, attachment=_encode(with_))
    return _advance(services, by, proposal, proposal.store)


def _advance(
    services: Services, by: UnlockedDesk | None, proposal: Proposal, store: Callable[[UnitOfWork], None]
) -> Submitted:
    missing = services.read_keys(lambda c: proposal.missing(read_state(c)))
    services.write_now(store)
    done = not missing and _carry_out(services, by, proposal)
    services.read_keys(services.roster.check)  # this machine's copy follows
    return Submitted(id=proposal.id, missing=missing, done=done, fingerprint=fingerprint(proposal.entry.body))


def _desk_of(proposal: Proposal) -> str:
    body = proposal.entry.body
    return body.desk if isinstance(body, OfficerSet | KeyChange | KeyGiven) else ""


def _carry_out(services: Services, by: UnlockedDesk | None, proposal: Proposal) -> bool:
    """Carry out a signed proposal. Return False if that needs the desk's key and `by` is no officer of its desk.

    Return False too if the roster was rewritten or lacks heads that officers signed: its content may be forged.
    """
    state = services.roster_state()
    if state.lacks_heads or _desk_of(proposal) in state.refused or services.read_keys(services.roster.is_rewritten):
        return False
    body, with_ = proposal.entry.body, attachment_of(proposal)
    own = by if by and by.identity and by.desk.name == _desk_of(proposal) else None
    before = state.officer(body.desk, body.officer.name) if isinstance(body, OfficerSet) else None
    has_none = with_.officer or (before and before.role == "auditor")
    gives_key = isinstance(body, OfficerSet | KeyGiven) and body.officer.role != "auditor" and has_none
    if own is None and (gives_key or with_.copies):  # an office has the copies of its new key
        return False
    if own and (isinstance(body, KeyChange) or (isinstance(body, KeyGiven) and gives_key)):
        _change_key(services, own, proposal, with_)
    else:
        services.write_now(lambda unit: _write(services, unit, own, proposal, with_))
    if by:
        recall(services, by)  # signs the change at once, so that nobody takes it back unseen
    return True


def _write(
    services: Services, unit: UnitOfWork, by: UnlockedDesk | None, proposal: Proposal, with_: RosterAttachment
) -> None:
    body = proposal.entry.body
    if not isinstance(body, DeskAdded):
        proposal.carry_out(unit)
        if isinstance(body, OfficerSet | KeyGiven) and with_.officer:
            _write_officer(unit, services, by.identity if by else "", body, with_.officer)
        elif by:  # who was an auditor gets a copy
            store_copies(unit, services, by, by.identity)
        return
    proposal.delete(unit)
    add_desk(unit, body.desk, entry=proposal.entry)
    unit.insert(officer, [{**with_.officer, "desk_key": with_.desk_key}] if body.officers else [])


def _write_officer(
    unit: UnitOfWork, services: Services, identity: str, body: OfficerSet | KeyGiven, row: Mapping[str, Any]
) -> None:
    name, recipient = body.officer.name, body.officer.recipient
    # The rows may be forged for this moment: then the roster that this machine knows does not have the entry.
    state = services.roster_state(unit)
    if state.officer(body.desk, name) != body.officer or row.get("recipient") != recipient:
        raise NotAllowed("what belongs to the proposal was altered: propose it again", reason="changed")
    is_auditor = body.officer.role == "auditor"
    key = b"" if is_auditor else seal_desk_key(body.desk, name, identity, recipient)
    _delete_officer(unit, body.desk, name)
    unit.insert(officer, [{**row, "desk": body.desk, "name": name, "desk_key": key}])


def _change_key(services: Services, by: UnlockedDesk, proposal: Proposal, with_: RosterAttachment) -> None:
    """Change the desk's key, or an officer's after a loss: then only the desk's tips get new keys.

    Both keys are stored for every officer first: the new one must not be lost once the roster names it.
    """
    body, new = proposal.entry.body, by.identity
    removed = body.removed if isinstance(body, KeyChange) else ""
    if isinstance(body, KeyChange):
        copy = open_desk_key(with_.copies.get(by.officer, b""), body.desk, by.officer, by.own_identity)
        if copy is None:
            raise NotAllowed(
                "this officer has no copy of the new key: another officer of the desk must sign in", reason="copy"
            )
        new = copy.identity
    _finish_former_change(services, by)
    both = f"{new}\n{by.identity}"

    def prepare(unit: UnitOfWork) -> None:
        lock_desk(unit, by.desk.name)
        state = services.roster_state(unit)
        if state.desks[by.desk.name].desk.recipient != recipient_of(by.identity):
            raise KeyChanged
        store_copies(unit, services, by, both, without=removed)

    def write(unit: UnitOfWork) -> None:
        lock_desk(unit, by.desk.name)
        if _own_copy(unit.main, by) != both:
            raise NotAllowed("the desk's key was changed meanwhile: sign in again", reason="key")
        if isinstance(body, KeyGiven):
            proposal.carry_out(unit)
            _write_officer(unit, services, both, body, with_.officer)
            finish_key_change(unit, services, body.desk, new, new)
        elif isinstance(body, KeyChange):
            proposal.delete(unit)
            change_key(unit, services, proposal.entry, by.identity, new)
            wordings.renew(unit, body.desk, by.identity, new)
            if not body.auditor:
                _delete_officer(unit, body.desk, body.removed)

    services.write_now(prepare)
    services.write_now(write)
    _renew_tips(services, by, new, by.identity)


def _finish_former_change(services: Services, by: UnlockedDesk) -> None:
    """Finish an earlier change first, since the key from before it is dropped and tips may still need it."""
    copy = services.read(lambda c: _own_copy(c, by))
    if copy.startswith(f"{by.identity}\n"):
        finish_change(services, by, *copy.split())


def _own_copy(main: Connection, by: UnlockedDesk) -> str:
    """Return the officer's stored copy of the desk's key: the new and the previous key while it is being changed."""
    query = select(officer.c.desk_key).where(officer.c.desk == by.desk.name, officer.c.name == by.officer)
    key = open_desk_key(main.execute(query).scalar() or b"", by.desk.name, by.officer, by.own_identity)
    return key.identity if key else ""


def finish_change(services: Services, by: UnlockedDesk, new: str, old: str) -> None:
    """Finish a change of a desk's key that a crash interrupted after its entry in the roster."""

    def write(unit: UnitOfWork) -> None:
        finish_key_change(unit, services, by.desk.name, old, new)
        wordings.renew(unit, by.desk.name, old, new)

    services.write_now(write)
    _renew_tips(services, by, new, old)


def _renew_tips(services: Services, by: UnlockedDesk, new: str, old: str) -> None:
    renew_tips(services, by.desk.name, old, new)
    services.write_now(lambda unit: _drop_former_key(unit, services, by, new, old))


def _drop_former_key(unit: UnitOfWork, services: Services, by: UnlockedDesk, new: str, old: str) -> None:
    """Store the new key alone: only now nothing needs the old one. Leave the copies of a later change as they are."""
    lock_desk(unit, by.desk.name)
    if _own_copy(unit.main, by) == f"{new}\n{old}":
        store_copies(unit, services, by, new)


def store_copies(unit: UnitOfWork, services: Services, by: UnlockedDesk, identity: str, *, without: str = "") -> None:
    """Seal a desk's key to its officers in this machine's roster (not in their rows). Auditors lose it."""
    desk, note = by.desk.name, note_of(unit.keys, by)
    for one in services.roster_state(unit).desks[desk].officers.values():
        if one.name != without:
            key = b"" if one.role == "auditor" else seal_desk_key(desk, one.name, identity, one.recipient, note)
            this = officer.c.desk == desk, officer.c.name == one.name
            unit.main.execute(update(officer).where(*this).values(desk_key=key))


def _delete_officer(unit: UnitOfWork, desk: str, name: str) -> None:
    unit.main.execute(delete(officer).where(officer.c.desk == desk, officer.c.name == name))
    for table in (known_browser, second_factor, recovery):
        unit.main.execute(delete(table).where(table.c.desk == desk, table.c.officer == name))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(RosterAttachment).decode
