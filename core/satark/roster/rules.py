"""Rules of the roster: which entries are allowed, and whose signatures an entry needs.

One principle is behind them: nobody gets to read a desk's tips without the signature of a head of that desk, and no
head alone gives anybody access. The head and the second signer are two persons with a key each, as far as the roster
has two such (`RosterState.are_linked`). In the founding no signature is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from satark.api.routing import DESTINATION, CaseworkError
from satark.roster.entries import (
    PROBE_DESK,
    RECOVERY,
    RENEWED,
    Body,
    Change,
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
    RosterOfficer,
    Withdrawn,
    is_good,
    is_proved,
)
from satark.roster.state import ListedDesk, RosterState

DESK_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MOST_RENEWED = 2**16
"""Most tips whose renewed keys one entry holds. No desk has so many."""
_AREA = re.compile(r"(?:[a-z0-9][a-z0-9-]{0,39})?")
"""A code of the geography, which the roster's rules can't read; empty: everywhere."""
MAX_NAME = 40
"""Most characters of an officer's name."""
_MAX_TITLE = 80
"""Most characters of a desk's title."""


class NotAllowed(CaseworkError):  # noqa: N818 - it reads as what it says
    """The roster does not allow an entry; the message says why."""


class Unsigned(NotAllowed):
    """An entry needs further signatures; the message names the missing signers."""


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """The signatures that an entry needs: a head's of each of `heads`, and besides a head one of `seconds`."""

    heads: tuple[str, ...]
    """Names of the desks of which a head must sign."""
    seconds: tuple[Member, ...] = ()
    """One of these must sign; empty: a head is enough, since there is nobody else or nobody gets to read more."""

    def without(self, state: RosterState, signers: Iterable[Member]) -> Needed:
        """Return the signatures that are missing once these members have signed: first heads, then one of `seconds`."""
        signed = set(signers)
        heads = tuple(desk for desk in self.heads if not signed & set(state.heads_of(desk)))
        signing_heads = signed & self._every_head(state)
        fitting = [one for one in self.seconds if any(self._are_two(state, head, one) for head in signing_heads)]
        if heads or not self.seconds or signed.intersection(fitting):
            return Needed(heads=heads)
        return Needed(heads=(), seconds=tuple(fitting or (one for one in self.seconds if one not in signed)))

    def missing(self, state: RosterState, signers: Iterable[Member]) -> str:
        """Return whose signatures are still missing, as the end of a sentence; empty: none."""
        left = self.without(state, signers)
        if left.heads:
            return " and ".join(f"a head of desk {desk}" for desk in left.heads)
        names = [f"{officer or 'its officers'} (desk {desk})" for desk, officer in left.seconds]
        return f"one more officer: {', '.join(names)}" if names else ""

    def _every_head(self, state: RosterState) -> set[Member]:
        return {head for desk in self.heads for head in state.heads_of(desk)}

    def _are_two(self, state: RosterState, head: Member, second: Member) -> bool:
        """Return whether both are two persons. If the roster has no two persons, two officers are enough."""
        if head == second:
            return False
        every = ((one, other) for one in self._every_head(state) for other in self.seconds)
        return not state.are_linked(head, second) or all(state.are_linked(*pair) for pair in every)


def needed(state: RosterState, body: Body) -> Needed:
    """Return whose signatures an entry needs once the roster is closed."""
    match body:
        case DeskAdded():
            return Needed(heads=_sharing(state, body), seconds=_everybody(state))
        case OfficerSet() | KeyGiven():
            return Needed(heads=(body.desk,), seconds=_seconds(state, body.desk, body.officer.name))
        case DestinationSet():
            desks = {body.desk, state.destinations.get(body.to, body).desk}
            if "" not in desks:
                return Needed(heads=tuple(sorted(desks & state.desks.keys())), seconds=_seconds(state, body.desk))
            every = tuple(sorted(one.desk.name for one in state.offices()))
            return Needed(heads=every, seconds=_everybody(state))
        case KeyChange():
            if not state.desks[body.desk].officers:
                return Needed(heads=_confirming(state, state.desks[body.desk]))
            is_head = body.removed in state.desks[body.desk].heads
            return Needed(heads=(body.desk,), seconds=_seconds(state, body.desk, body.removed) if is_head else ())
        case _:
            return Needed(heads=())


def check(state: RosterState, entry: Entry) -> None:
    """Check that an entry may follow in this state.

    Raises:
        Unsigned: the entry needs further signatures. NotAllowed: it is not allowed, whoever signs it.
    """
    if isinstance(entry.body, KeysRenewed | HostNoted):
        _check_by_desk(state, entry, entry.body)
        return
    if isinstance(entry.body, OwnKey | Withdrawn):
        _check_by_officer(state, entry, entry.body)
        return
    _check_content(state, entry.body)
    withdrawn = state.withdrawn.get(entry.id, ()) if state.withdrawn else ()
    if any(may_withdraw(state, entry, by, is_head=is_head) for by, is_head in withdrawn):
        raise NotAllowed("this was withdrawn: propose it again", reason="changed")
    signers = _good_signers(state, entry)
    if isinstance(entry.body, KeyChange):
        _check_key_change(state, entry, entry.body, signers)
    if isinstance(entry.body, KeyGiven):
        _check_signers_of_key(entry, entry.body, signers)
    if not state.closed or isinstance(entry.body, Closed):
        return
    wanted = needed(state, entry.body)
    _check_proposer(state, entry, wanted, signers)
    if missing := wanted.missing(state, signers):
        raise Unsigned(f"this needs the signature of {missing}")
    if not isinstance(entry.body, KeyChange):
        _check_base(state, entry, wanted.heads)


def may_withdraw(state: RosterState, entry: Entry, by: Member, *, is_head: bool) -> bool:
    """Return whether an officer may withdraw a proposal: its author, or a head of a desk whose officers sign it.

    `is_head`: whether the officer was a head then. Nobody stops their own removal.
    """
    is_own_removal = isinstance(entry.body, KeyChange) and by == (entry.body.desk, entry.body.removed)
    if by == entry.by or not is_head or is_own_removal:
        return by == entry.by
    wanted = needed(state, entry.body)
    return by[0] in {*wanted.heads, *(desk for desk, _ in wanted.seconds)}


def _check_content(state: RosterState, body: Change) -> None:
    match body:
        case DeskAdded():
            _check_desk(state, body)
        case OfficerSet():
            _check_officer(state, body.desk, body.officer)
            _check_role(_listed(state, body.desk), body.officer)
        case KeyGiven():
            _check_officer(state, body.desk, body.officer)
            _check_new_key(_listed(state, body.desk), body.officer)
        case DestinationSet():
            _check_destination(body)
            if body.desk:
                _listed(state, body.desk)
        case KeyChange():
            _check_removal(_listed(state, body.desk), body.removed, needs_name=body.auditor)
        case Closed():
            if state.closed:
                raise NotAllowed("the roster is sealed already")
            for one in body.destinations:
                _check_destination(one)


def _check_by_desk(state: RosterState, entry: Entry, body: KeysRenewed | HostNoted) -> None:
    if isinstance(body, HostNoted):
        if not (state.closed or body.desk):
            return
    elif not 0 < len(body.tips) <= RENEWED * _MOST_RENEWED or len(body.tips) % RENEWED:
        raise NotAllowed("an entry of renewed keys has a wrong size")
    if entry.base != state.head:  # an older entry, added again, would take the newer ones back
        raise NotAllowed("the roster changed meanwhile: try again", reason="changed")
    verifier = _listed(state, body.desk).verifier
    if [one.desk for one in entry.signatures if is_good(one, verifier, entry)] != [body.desk]:
        raise NotAllowed("the desk's present key did not sign this")


def _check_by_officer(state: RosterState, entry: Entry, body: OwnKey | Withdrawn) -> None:
    officer = state.officer(*entry.by)
    if isinstance(body, OwnKey):
        _check_officer(state, body.desk, body.officer)
        _check_new_key(_listed(state, body.desk), body.officer)
        if entry.by != (body.desk, body.officer.name) or body.officer.signer in state.signers:
            raise NotAllowed("an officer takes a key of their own, which nobody had before")
    elif officer is None or officer.role == "auditor":
        raise NotAllowed("an officer withdraws a proposal")
    if officer is None or entry.signers != [entry.by] or not is_good(entry.signatures[0], officer.signer, entry):
        raise NotAllowed("the officer's present key did not sign this")


def _check_destination(body: DestinationSet) -> None:
    if not DESTINATION.fullmatch(body.to):
        raise NotAllowed("a destination is named as in the settings, <sink>:<name>, and never as a desk")


def _check_desk(state: RosterState, body: DeskAdded) -> None:
    if body.desk.name in state.desks:
        raise NotAllowed("the roster has a desk of that name already")
    if not DESK_NAME.fullmatch(body.desk.name):
        raise NotAllowed("a desk's name is up to 40 lower-case letters, digits, - and _")
    if not _is_plain(body.desk.title, _MAX_TITLE):
        raise NotAllowed(f"a desk's title has 1 to {_MAX_TITLE} printable characters, and no two spaces in a row")
    if not _AREA.fullmatch(body.desk.area):
        raise NotAllowed("a desk's area is a code of the geography, or empty")
    if body.desk.name == PROBE_DESK and body.desk.level != "outpost":
        raise NotAllowed("the desk of synthetic tips is no office: give it the level outpost")
    if body.officers and not any(one.role == "head" for one in body.officers):
        raise NotAllowed("the first officer of a desk is its head")
    if state.closed and len(body.officers) > 1:
        raise NotAllowed("a new desk begins with one officer")
    for officer in body.officers:
        _check_officer(state, body.desk.name, officer)


def _check_role(listed: ListedDesk, officer: RosterOfficer) -> None:
    if listed.heads == [officer.name] and officer.role != "head":
        raise NotAllowed("the last head of a desk stays its head", reason="last_head")
    before = listed.officers.get(officer.name)
    if before and before.fingerprint != officer.fingerprint:
        raise NotAllowed("an officer's key and role are not changed at once")
    if before and before.role != "auditor" == officer.role:
        raise NotAllowed("when an officer becomes an auditor, the desk's key changes")


def _check_new_key(listed: ListedDesk, officer: RosterOfficer) -> None:
    before = listed.officers.get(officer.name)
    if before is None:
        raise NotAllowed("the desk has no officer of that name", reason="nobody")
    if (before.role, before.rights) != (officer.role, officer.rights):
        raise NotAllowed("an officer's key and role are not changed at once")


def _check_removal(listed: ListedDesk, removed: str, *, needs_name: bool) -> None:
    if (removed or needs_name) and removed not in listed.officers:
        raise NotAllowed("the desk has no officer of that name", reason="nobody")
    if removed and listed.heads == [removed]:
        raise NotAllowed("the last head of a desk can't be removed", reason="last_head")


def _check_officer(state: RosterState, desk: str, officer: RosterOfficer) -> None:
    name = officer.name
    if not _is_plain(name, MAX_NAME):
        raise NotAllowed(f"an officer's name has 1 to {MAX_NAME} printable characters", reason="name")
    for other, listed in state.desks.items():
        for one in listed.officers.values():
            if one.signer == officer.signer and (other, one.name) != (desk, name):
                raise NotAllowed("another officer has this key")


def _is_plain(text: str, most: int) -> bool:
    """Return whether a text has no line break, no mark that hides or turns text, and no blanks that push words away."""
    return 0 < len(text) <= most and text.isprintable() and " ".join(text.split()) == text


def _check_key_change(state: RosterState, entry: Entry, body: KeyChange, signers: list[Member]) -> None:
    listed = _listed(state, body.desk)
    if body.replaces != listed.desk.recipient:
        raise NotAllowed("the desk's key was changed meanwhile: sign in again", reason="key")
    if state.positions.get(entry.base, 0) < state.own_keys.get(body.desk, 0):  # copies of it are sealed to a former key
        raise NotAllowed("the roster changed since this was proposed: propose it again", reason="changed")
    if not is_proved(body, listed.verifier):
        raise NotAllowed("the key before did not sign this one")
    if body.removed and (body.desk, body.removed) in signers:
        raise NotAllowed("an officer must be removed by another officer of the desk", reason="oneself")


def _check_proposer(state: RosterState, entry: Entry, wanted: Needed, signers: list[Member]) -> None:
    """Refuse what nobody proposed whose signature counts: others sign a key that they can't read, on that word.

    An operator proposes a desk, and an office its own key: no officer has a part in these keys.
    """
    body = entry.body
    if isinstance(body, DeskAdded) or (isinstance(body, KeyChange) and not state.desks[body.desk].officers):
        return
    if entry.by not in signers:
        raise NotAllowed("whoever proposes a change signs it")
    if entry.by[0] not in wanted.heads and entry.by not in wanted.seconds:
        raise NotAllowed("an officer of a desk that signs proposes a change")


def _check_signers_of_key(entry: Entry, body: KeyGiven, signers: list[Member]) -> None:
    if (body.desk, body.officer.name) in signers:
        raise NotAllowed("another officer must sign for an officer's new key", reason="own_key")
    if not all(entry.is_code_shown(one) for one in entry.signatures):
        raise NotAllowed("whoever signs for a new key types its code, which its officer tells", reason="code")


def _check_base(state: RosterState, entry: Entry, desks: Iterable[str]) -> None:
    """Refuse a proposal from before one of these desks changed: its officers' old signatures might be reused."""
    position = state.positions.get(entry.base)
    if position is None or any(position < state.changed_at.get(desk, 0) for desk in desks):
        raise NotAllowed("the roster changed since this was proposed: propose it again", reason="changed")


def _good_signers(state: RosterState, entry: Entry) -> list[Member]:
    signers = []
    for one in entry.signatures:
        signer = state.signer_of((one.desk, one.officer))
        if isinstance(entry.body, DeskAdded) and entry.body.desk.name == one.desk:
            continue
        if not signer or not is_good(one, signer, entry):
            raise NotAllowed("a signature is not that of an officer whom the roster lists")
        signers.append((one.desk, one.officer))
    if len(set(signers)) != len(signers):
        raise NotAllowed("an officer signs once", reason="once")
    return signers


def _listed(state: RosterState, desk: str) -> ListedDesk:
    if desk not in state.desks:
        raise NotAllowed("the roster lists no desk of that name")
    return state.desks[desk]


def _sharing(state: RosterState, body: DeskAdded) -> tuple[str, ...]:
    """Return the names of the desks whose tips a new desk could read.

    These are the desks of its own level in the same area and all desks above it; the desks below it too, unless a desk
    of its level already reads all that the new desk would. A tip without a place goes to each of its level: the desks
    above sign for these; if there is none, all of its level. If there are none, they are the desks of the highest.
    """
    new = ListedDesk(desk=body.desk, verifier="", officers={}, appointed_by={})
    signing = list(state.offices())
    peers, above = ([one for one in signing if one.rank == new.rank], [one for one in signing if one.rank > new.rank])
    is_covered = any(one.desk.area in ("", new.desk.area) for one in peers)
    sharing = [one for one in peers if not above or _same_area(one, new)] + above
    sharing += [one for one in signing if one.rank < new.rank and not is_covered]
    highest = max((one.rank for one in signing), default=0)
    chosen = sharing or [one for one in signing if one.rank == highest]
    return tuple(sorted(one.desk.name for one in chosen))


def _confirming(state: RosterState, office: ListedDesk) -> tuple[str, ...]:
    """Return the desk whose head confirms an office's new key, which every clerk of the office could prove.

    It is the next desk above with officers, at best of the same area; otherwise the next below; otherwise none.
    """
    others = [one for one in state.offices() if one.heads]
    others.sort(key=lambda one: (one.rank <= office.rank, not _same_area(one, office), abs(one.rank - office.rank)))
    return tuple(one.desk.name for one in others[:1])


def _everybody(state: RosterState) -> tuple[Member, ...]:
    everybody = tuple(one for one in state.members() if one[0] != PROBE_DESK)
    people = _without_safes(everybody)
    return people if len(people) > 1 else everybody if len(everybody) > 1 else ()


def _without_safes(members: Iterable[Member]) -> tuple[Member, ...]:
    """Leave out each `RECOVERY`: whoever keeps the envelopes of two desks is one person."""
    return tuple(one for one in members if one[1] != RECOVERY)


def _same_area(one: ListedDesk, other: ListedDesk) -> bool:
    return not one.desk.area or not other.desk.area or one.desk.area == other.desk.area


def _seconds(state: RosterState, desk: str, subject: str = "") -> tuple[Member, ...]:
    """Return the members who may sign besides a head: officers of the desk, and heads of the desk above.

    If the desk's officers are one person, only heads of the desk above may; if there is no such desk, heads of others.
    `RECOVERY` may where there is nobody else.
    """
    listed, heads = state.desks[desk], state.heads_of(desk)
    every = [(desk, one.name) for one in listed.officers.values() if one.role != "auditor" and one.name != subject]
    own, above = _without_safes(every), _without_safes(_heads_above(state, listed))
    if not all(state.are_linked(head, one) for one in own for head in heads):
        return (*own, *above)
    others = (one.desk.name for one in state.offices() if one.desk.name != desk)
    elsewhere = above or _without_safes(head for other in others for head in state.heads_of(other))
    return elsewhere or (tuple(every) if any(one != head for one in every for head in heads) else ())


def _heads_above(state: RosterState, listed: ListedDesk) -> list[Member]:
    higher = [one for one in state.offices() if one.rank > listed.rank]
    nearest = min((one.rank for one in higher), default=0)
    return [head for one in higher if one.rank == nearest for head in state.heads_of(one.desk.name)]
