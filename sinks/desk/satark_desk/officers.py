"""Officers: create desks and officers, unlock a desk with a passphrase, and change the passphrase or a desk's key."""

from collections.abc import Sequence
from typing import Any, Final, get_args

import msgspec
from sqlalchemy import Connection, select

from satark.api import CaseworkError, Desk, KeyChanged, Level, Redacted, new_identity, recipient_of
from satark.casework import (
    RECOVERY,
    DeskAdded,
    KeyChange,
    NotAllowed,
    OfficerSet,
    Right,
    Role,
    RosterOfficer,
    RosterState,
    Services,
    UnitOfWork,
    add_desk,
    check_desk,
    desk_verifier,
    ensure_audit_key,
    may_hear_voices,
    officer_signer,
    read_state,
)
from satark_desk.desk_keys import UnlockedDesk, key_context, new_officer_key, open_desk_key, seal_desk_key
from satark_desk.passphrases import WrappedKey, check_passphrase, unwrap, unwrap_nothing
from satark_desk.roster_changes import RosterAttachment, Submitted, complete, finish_change, submit, submit_unsigned
from satark_desk.roster_memory import recall
from satark_desk.sign_in_acts import record_failure, record_sign_in
from satark_desk.tables import officer

_MOST_CHANGES: Final = 20
"""Most changes that one sign-in makes: whoever spoils each of them keeps nobody from signing in."""


class WrongPassphrase(CaseworkError):  # noqa: N818 - it reads as what it says
    """Desk, officer or passphrase is wrong; which of them is not revealed."""

    def __init__(self) -> None:
        super().__init__("desk, officer or passphrase is wrong")


class KeyLost(CaseworkError):  # noqa: N818
    """The officer's copy of the desk's key, or the officer's key, differs from the one in the roster."""

    def __init__(self) -> None:
        super().__init__("this officer has no copy of the desk's present key: was an older backup restored?")


class NewDesk(Redacted, frozen=True, kw_only=True):
    """A desk to create, with its first officer."""

    name: str
    title: str
    level: Level
    area: str
    officer: str
    passphrase: str
    temporary: bool = False
    """Whether somebody else than the officer set the passphrase."""
    recovery: str = ""
    """Passphrase of a second head with the name `RECOVERY`, to be kept in a safe; empty: no such head."""


class NewOfficer(Redacted, frozen=True, kw_only=True):
    """An officer to add to a desk."""

    name: str
    passphrase: str
    role: Role = "officer"
    rights: tuple[Right, ...] = ()
    temporary: bool = False
    """Whether somebody else than the officer set the passphrase."""


def make_desk(services: Services, new: NewDesk) -> Submitted | None:
    """Create a desk with a new key and a head as its first officer; once the roster is sealed, propose the desk.

    The head may open originals. At the desk of a district or above, the head may also hear tipsters' voices.

    Returns:
        The proposal; None if the desk was created at once.

    Raises:
        CaseworkError: the name is invalid or exists already.
        WeakPassphrase: the passphrase is too easy to guess.
    """
    recipient, identity = new_identity()
    desk = Desk(name=new.name, title=new.title, level=new.level, area=new.area, recipient=recipient)
    check_desk(desk, services.geography)
    if new.recovery and new.officer == RECOVERY:
        raise CaseworkError(f"`{RECOVERY}` is the head whose passphrase lies in a safe: give the officer another name")
    check_passphrase(new.passphrase, (new.name, new.title, new.officer), services.geography)
    head, row = _head(new, new.officer, new.passphrase, identity)
    if services.read_keys(read_state).closed:
        if new.recovery:
            raise CaseworkError(
                "the roster is sealed: add a second head with `satark officer add` once the desk is there"
            )
        body = DeskAdded(desk=desk, verifier=desk_verifier(identity), officers=(head,))
        key = row.pop("desk_key")
        return submit_unsigned(services, body, RosterAttachment(officer=row, desk_key=key))
    heads = [(head, row)]
    if new.recovery:
        heads.append(_head(new, RECOVERY, new.recovery, identity))  # whoever takes it from the safe sets another

    def write(unit: UnitOfWork) -> None:
        add_desk(unit, desk, verifier=desk_verifier(identity), officers=tuple(listed for listed, _ in heads))
        ensure_audit_key(unit, services, new.name, identity)
        unit.insert(officer, [stored for _, stored in heads])

    services.write_now(write)
    return None


def _head(new: NewDesk, name: str, passphrase: str, identity: str) -> tuple[RosterOfficer, dict[str, Any]]:
    own, columns = new_officer_key(new.name, name, passphrase)
    rights: tuple[Right, ...] = ("listen", "release") if may_hear_voices(new.level) else ("release",)
    listed = _listed(name, own, "head", rights, temporary=new.temporary or name == RECOVERY)
    key = seal_desk_key(new.name, name, identity, listed.recipient)
    return listed, {"desk": new.name, "name": name, "temporary": listed.temporary, **columns, "desk_key": key}


def officers_of(connection: Connection, desk: str) -> list[str]:
    """Return the names of a desk's officers."""
    query = select(officer.c.name).where(officer.c.desk == desk).order_by(officer.c.name)
    return list(connection.execute(query).scalars())


def unlock(services: Services, desk: str, name: str, passphrase: str, noted: str = "") -> UnlockedDesk:
    """Unlock a desk with one officer's passphrase.

    An attempt takes equally long whatever is wrong. Unlocking compares the roster with the heads that the officer
    remembers (`noted`: the browser's note), then carries out the fully signed changes that wait for an officer of the
    desk. If somebody else may have the desk's key (`RosterState.known_keys`), a head's unlocking changes it.

    Raises:
        WrongPassphrase: desk, officer or passphrase is wrong.
        KeyLost: the passphrase is right, but the officer's copy of the desk's key is an old one.
    """
    unlocked = _unlock(services, desk, name, passphrase, noted)
    for _ in range(_MOST_CHANGES):
        if not unlocked.identity or not _change(services, unlocked):
            break
        fresh = _open(services, unlocked.desk.name, unlocked.officer, unlocked.own_identity)
        if fresh is None:
            raise WrongPassphrase
        unlocked = fresh
    return unlocked


def _change(services: Services, by: UnlockedDesk) -> bool:
    """Carry out a change that waits, or change a known key; return whether the desk must be opened anew."""
    try:
        return complete(services, by) or _change_known_key(services, by)
    except KeyChanged:  # another head was quicker
        return True
    except NotAllowed as error:
        if error.reason not in {"changed", "key"}:
            raise
        return True  # an officer took another key meanwhile, or another head was quicker: once more


def _change_known_key(services: Services, by: UnlockedDesk) -> bool:
    state = services.roster_state()
    if not changes_known_key(state, by):
        return False
    if state.lacks_heads or by.desk.name in state.refused or services.read_keys(services.roster.is_rewritten):
        return False  # their pages say so, and the next sign-in tries again
    return rotate(services, by).done


def changes_known_key(state: RosterState, by: UnlockedDesk) -> bool:
    """Return whether somebody else may know the desk's key, and this officer's sign-in changes it."""
    return by.desk.name in state.known_keys and by.role == "head" and not by.temporary


def unlock_any(services: Services, desk: str, passphrase: str) -> UnlockedDesk:
    """Unlock a desk for a command with the passphrase of any of its officers; the audit log gets the sign-in.

    Raises:
        WrongPassphrase: no officer has this passphrase, or there is no such desk.
    """
    names = services.read(lambda c: officers_of(c, desk)) or [""]
    for name in names:
        try:
            unlocked = unlock(services, desk, name, passphrase)
        except WrongPassphrase:
            continue
        record_sign_in(services, unlocked)
        return unlocked
    record_failure(services, desk, "")
    raise WrongPassphrase


def still_valid(services: Services, unlocked: UnlockedDesk) -> bool:
    """Return whether the officer's key, role and rights, and the desk's key, are unchanged since the unlocking."""
    state = services.roster_state()
    listed = state.officer(unlocked.desk.name, unlocked.officer)
    if listed is None or listed.recipient != recipient_of(unlocked.own_identity):
        return False
    if (listed.role, listed.rights) != (unlocked.role, unlocked.rights):
        return False
    recipient = state.desks[unlocked.desk.name].desk.recipient
    return not unlocked.identity or recipient == recipient_of(unlocked.identity)


def listeners_of(services: Services, desk: str) -> list[str]:
    """Return the names of a desk's officers who may hear tipsters' voices."""
    listed = services.roster_state().desks.get(desk)
    return sorted(one.name for one in listed.officers.values() if "listen" in one.rights) if listed else []


def add_officer(services: Services, by: UnlockedDesk, new: NewOfficer) -> Submitted:
    """Add an officer to a desk; once the roster is sealed, this needs further signatures.

    Raises:
        CaseworkError: the name is invalid or exists already, or `by` may not give the right to listen.
        WeakPassphrase: the passphrase is too easy to guess.
    """
    check_passphrase(new.passphrase, (by.desk.name, by.desk.title, new.name), services.geography)
    state = services.roster_state()
    if state.officer(by.desk.name, new.name):
        raise CaseworkError("the desk has an officer of that name already", reason="taken")
    _check_rights(by, new.role, new.rights)
    own, columns = new_officer_key(by.desk.name, new.name, new.passphrase)
    listed = _listed(new.name, own, new.role, new.rights, temporary=new.temporary)
    body = OfficerSet(desk=by.desk.name, officer=listed)
    row = {"desk": by.desk.name, "name": new.name, "temporary": new.temporary, **columns}
    return submit(services, by, body, RosterAttachment(officer=row))


def set_role(services: Services, by: UnlockedDesk, name: str, role: Role, rights: Sequence[Right]) -> Submitted:
    """Change an officer's role and rights; once the roster is sealed, this needs further signatures.

    Raises:
        CaseworkError: there is no such officer, or the roster does not allow it.
    """
    listed = services.roster_state().officer(by.desk.name, name)
    if listed is None:
        raise CaseworkError("the desk has no officer of that name", reason="nobody")
    chosen = tuple(right for right in get_args(Right) if right in rights)
    _check_rights(by, role, chosen)
    if role == "auditor" != listed.role:  # they must open nothing new
        return rotate(services, by, without=name, auditor=True)
    changed = msgspec.structs.replace(listed, role=role, rights=chosen)
    return submit(services, by, OfficerSet(desk=by.desk.name, officer=changed), RosterAttachment())


def remove_officer(services: Services, by: UnlockedDesk, name: str) -> Submitted:
    """Remove an officer, and change the desk's key, so that a copy of the old key opens nothing new.

    Raises:
        CaseworkError: there is no such officer, or the officer is `by` or the desk's last head.
    """
    if name == by.officer:
        raise CaseworkError("an officer must be removed by another officer of the desk", reason="oneself")
    if services.roster_state().officer(by.desk.name, name) is None:
        raise CaseworkError("the desk has no officer of that name", reason="nobody")
    return rotate(services, by, without=name)


def rotate(services: Services, by: UnlockedDesk, *, without: str = "", auditor: bool = False) -> Submitted:
    """Change a desk's key.

    Each tip of the desk gets a new key too, sealed to all who have the tip. Officers keep their passphrases.

    Args:
        services: the store.
        by: the desk, unlocked.
        without: the name of an officer to remove.
        auditor: whether this officer stays as an auditor.

    Raises:
        CaseworkError: the key has changed since the desk was unlocked, or the roster does not allow it.
    """
    _, identity = new_identity()
    state = services.roster_state()
    listed = state.desks[by.desk.name]
    if listed.desk.recipient != recipient_of(by.identity):
        raise KeyChanged
    body = KeyChange.of(by.desk.name, by.identity, identity, removed=without, auditor=auditor)
    copies = {
        one.name: seal_desk_key(by.desk.name, one.name, identity, one.recipient)
        for one in listed.officers.values()
        if one.role != "auditor" and one.name != without
    }
    return submit(services, by, body, RosterAttachment(copies=copies), base=state.head)


def _unlock(services: Services, desk: str, name: str, passphrase: str, noted: str) -> UnlockedDesk:
    query = select(officer).where(officer.c.desk == desk, officer.c.name == name)
    row = services.read(lambda c: c.execute(query).one_or_none())
    if row is None:
        unwrap_nothing(passphrase)
        raise WrongPassphrase
    own = unwrap(msgspec.convert(row, WrappedKey, from_attributes=True), passphrase, key_context(desk, name))
    if own is None:
        raise WrongPassphrase
    opened = _open(services, desk, name, own, noted)
    if opened is None:
        raise WrongPassphrase
    return opened


def _open(services: Services, desk: str, name: str, keys: str, noted: str = "") -> UnlockedDesk | None:
    """Open a desk with an officer's own key. Take role and rights from the roster: the officer's row may be altered.

    `keys`: a line for the new key, and one for the previous key, which the roster may still list.
    """
    state = services.roster_state()
    listed = state.officer(desk, name)
    query = select(officer.c.desk_key, officer.c.temporary).where(officer.c.desk == desk, officer.c.name == name)
    row = services.read(lambda c: c.execute(query).one_or_none())
    own = next((one for one in keys.split() if listed and listed.recipient == recipient_of(one)), "")
    if row is None or listed is None or not own:
        return None
    if listed.signer != officer_signer(own):
        raise KeyLost
    key = open_desk_key(row.desk_key, desk, name, own) if listed.role != "auditor" else None
    if key is None and listed.role != "auditor":
        return None
    unlocked = UnlockedDesk(
        services.desk(desk), name, "", listed.role, listed.rights, own, row.temporary or listed.temporary
    )
    recall(services, unlocked, noted)
    identity = _present_identity(services, unlocked, key.identity) if key else ""
    if identity:
        services.note_host(desk, identity)
    return msgspec.structs.replace(unlocked, identity=identity)


def _present_identity(services: Services, by: UnlockedDesk, identities: str) -> str:
    """Return the desk's present private key. Finish a key change that a crash interrupted after its entry."""
    lines = identities.split()
    recipient = by.desk.recipient
    present = next((one for one in lines if recipient_of(one) == recipient), None)
    if present is None:
        raise KeyLost
    state = services.roster_state()
    if len(lines) > 1 and present == lines[0] and not state.lacks_heads and by.desk.name not in state.refused:
        finish_change(services, by, *lines)
    return present


def _listed(name: str, own: str, role: Role, rights: tuple[Right, ...], *, temporary: bool) -> RosterOfficer:
    listed = RosterOfficer(name=name, recipient=recipient_of(own), signer=officer_signer(own), role=role, rights=rights)
    return msgspec.structs.replace(listed, temporary=temporary)


def _check_rights(by: UnlockedDesk, role: Role, rights: Sequence[Right]) -> None:
    if role == "auditor" and rights:
        raise CaseworkError(
            "an auditor sees no content, so has no right to listen or to release originals", reason="auditor"
        )
    if "listen" in rights and not (by.may_listen and may_hear_voices(by.desk.level)):
        raise CaseworkError(
            "only an officer who may listen, at a district's desk or above, can give that permission", reason="listen"
        )
