"""Laws of signed heads: no rewritten roster passes while one desk's officers remember, and no officer alone stops tips.

Ceremonies, forgeries and notes are drawn. Nothing is stored: heads are signed and judged in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from satark.api.routing import Level
from satark.api.sealing import new_identity
from satark.roster import heads
from satark.roster.chain import verify
from satark.roster.entries import (
    Closed,
    DeskAdded,
    DestinationSet,
    Entry,
    KeyChange,
    Member,
    RosterOfficer,
    desk_verifier,
    officer_signer,
)
from satark.roster.heads import RosterHead, SignedHead, read_note, refuse, sign_head
from satark.roster.state import RosterState
from satark.store.unit_of_work import UnitOfWork
from support.roster import RosterBook

pytestmark = pytest.mark.slow("hundreds of ceremonies")

LEVELS: tuple[Level, ...] = ("station", "district", "range", "state")
ATTACKER = new_identity()
SPIES: dict[Member, str] = {(name, "x"): new_identity()[1] for name in ("watch", "watch-2")}


class Ceremony:
    """A sealed roster with two to four desks, and what its officers signed."""

    def __init__(self, desks: list[tuple[Level, bool]], changed: list[int]) -> None:
        self.book = RosterBook()
        for number, (level, has_clerk) in enumerate(desks):
            name = f"desk-{number}"
            officers = [self.book.officer(name, "head", "head")]
            officers += [self.book.officer(name, "clerk")] if has_clerk else []
            self.book.follow(self.book.desk(name, level, "", *officers))
        self.book.follow(Closed())
        self.former: list[tuple[str, str]] = []
        for number in changed:
            self.change_key(f"desk-{number % len(desks)}")

    def change_key(self, desk: str) -> None:
        """Change a desk's key, as its head does, with a proof by the key before."""
        old, (_, new) = self.book.identities[desk, ""], new_identity()
        self.book.follow(KeyChange.of(desk, old, new), (desk, "head"))
        self.former.append((desk, old))
        self.book.identities[desk, ""] = new

    @property
    def officers(self) -> list[Member]:
        """Everybody who signs in."""
        return [one for one in self.book.identities if one[1]]

    def signed(self, members: Iterable[Member], head: RosterHead | None = None) -> list[SignedHead]:
        """Return what officers signed: the present head, or this one."""
        return [signed(self.book.identities, one, head or RosterHead.of(self.book.state)) for one in members]


class Rows:
    """The rows that a transaction writes."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def upsert(self, _table: object, rows: list[dict[str, Any]]) -> None:
        """Keep them."""
        self.rows += rows


def signed(
    identities: Mapping[Member, str], member: Member, head: RosterHead, given_up: Iterable[str] = ()
) -> SignedHead:
    identity = identities[member]
    own = SignedHead(desk=member[0], officer=member[1], signer=officer_signer(identity), number=0, head="")
    return sign_head(cast("UnitOfWork", Rows()), own, identity, head, given_up=given_up)


ceremonies = st.builds(
    Ceremony,
    st.lists(st.tuples(st.sampled_from(LEVELS), st.booleans()), min_size=2, max_size=4),
    st.lists(st.integers(0, 3), max_size=2),
)
Forgery = Callable[[Ceremony, list[Entry], int], list[Entry]]


def own_desk(name: str) -> Entry:
    book = RosterBook()
    head = RosterOfficer(name="x", recipient=ATTACKER[0], signer=officer_signer(SPIES[name, "x"]), role="head")
    added = book.desk(name, "range", "", head)
    desk = msgspec.structs.replace(added.desk, recipient=ATTACKER[0])
    return Entry(body=msgspec.structs.replace(added, desk=desk, verifier=desk_verifier(ATTACKER[1])))


def cut(_: Ceremony, entries: list[Entry], at: int) -> list[Entry]:
    return entries[: at % len(entries)]


def add_a_desk(_: Ceremony, entries: list[Entry], at: int) -> list[Entry]:
    return [*entries[: (place := at % len(entries))], own_desk("watch"), *entries[place:]]


def open_the_founding_and_add_a_desk(_: Ceremony, entries: list[Entry], at: int) -> list[Entry]:
    return [*(one for one in entries if not isinstance(one.body, Closed)), own_desk("watch")]


def add_a_destination(_: Ceremony, entries: list[Entry], at: int) -> list[Entry]:
    mole = DestinationSet(to="email:mole", desk="desk-0", recipient=ATTACKER[0])
    return [one if not isinstance(one.body, Closed) else Entry(body=Closed(destinations=(mole,))) for one in entries]


def replace_a_key(_: Ceremony, entries: list[Entry], at: int) -> list[Entry]:
    return [with_own_key(one, f"desk-{at % 4}") for one in entries]


def add_a_desk_twice(_: Ceremony, entries: list[Entry], at: int) -> list[Entry]:
    """First as it was, with all its key changes, then with the attacker's key: its former keys are known."""
    name = f"desk-{at % 4}"
    founding = [one for one in entries if not isinstance(one.body, Closed)]
    again = [
        with_own_key(one, name) for one in entries if isinstance(one.body, DeskAdded) and one.body.desk.name == name
    ]
    return [*(msgspec.structs.replace(one, signatures=()) for one in founding), *again, Entry(body=Closed())]


def change_a_key_with_a_removed_officers(ceremony: Ceremony, entries: list[Entry], at: int) -> list[Entry]:
    """Take back a desk's newest key, and prove another one with the key that a removed officer kept."""
    assume(ceremony.former)
    desk, old = ceremony.former[at % len(ceremony.former)]
    founding = [one for one in entries if isinstance(one.body, DeskAdded)]
    return [*founding, Entry(body=KeyChange.of(desk, old, ATTACKER[1])), Entry(body=Closed())]


def replace_officers(_: Ceremony, entries: list[Entry], at: int) -> list[Entry]:
    """Remove every officer who signed a head, except at one desk, and give a desk another key."""
    kept = f"desk-{at % 3}"
    return [with_other_officers(with_own_key(one, f"desk-{at % 4}"), kept) for one in entries]


FORGERIES = (
    cut,
    add_a_desk,
    open_the_founding_and_add_a_desk,
    add_a_destination,
    replace_a_key,
    add_a_desk_twice,
    change_a_key_with_a_removed_officers,
    replace_officers,
)


def with_own_key(entry: Entry, name: str) -> Entry:
    if not isinstance(entry.body, DeskAdded) or entry.body.desk.name != name:
        return entry
    desk = msgspec.structs.replace(entry.body.desk, recipient=ATTACKER[0])
    body = msgspec.structs.replace(entry.body, desk=desk, verifier=desk_verifier(ATTACKER[1]))
    return msgspec.structs.replace(entry, body=body)


def with_other_officers(entry: Entry, kept: str) -> Entry:
    if not isinstance(entry.body, DeskAdded) or entry.body.desk.name == kept:
        return entry
    book = RosterBook()
    others = tuple(book.officer(entry.body.desk.name, one.name, one.role) for one in entry.body.officers)
    return msgspec.structs.replace(entry, body=msgspec.structs.replace(entry.body, officers=others))


def readers(state: RosterState) -> set[str]:
    return {*state.desk_recipients().values(), *state.destination_recipients().values()}


@settings(max_examples=50, deadline=None)
@given(
    ceremony=ceremonies,
    forgery=st.sampled_from(FORGERIES),
    at=st.integers(0, 100),
    dishonest=st.integers(0, 3),
    agrees=st.booleans(),
)
def test_no_rewritten_roster_passes_while_the_heads_of_all_desks_but_one_remember(
    ceremony: Ceremony, forgery: Forgery, at: int, dishonest: int, *, agrees: bool
) -> None:
    genuine = ceremony.book.state
    entries = [Entry.decode(one) for one in ceremony.book.entries]
    forged = verify(one.encode() for one in forgery(ceremony, entries, at)).state
    assume(forged.head != genuine.head)
    traitor = f"desk-{dishonest}"
    honest = ceremony.signed(one for one in ceremony.officers if one[0] != traitor)
    assume(len({one.desk for one in honest}) > 1)
    assume(any(one.is_by_officer(forged) for one in honest))  # else nobody of them signs in, and an alarm names them
    traitors = [one for one in ceremony.officers if one[0] == traitor]
    given_up = [genuine.head] if agrees else []
    known = ceremony.book.identities | SPIES
    those = [signed(known, one, RosterHead.of(forged), given_up) for one in (*traitors, *SPIES)]
    refuse(forged, [*honest, *those])
    assert readers(forged) <= readers(genuine)
    assert forged.lacks_heads


def made_up(ceremony: Ceremony, by: Member, kind: str, tags: bytes) -> RosterHead:
    present = RosterHead.of(ceremony.book.state)
    match kind:
        case "without tags":
            return RosterHead(1, "ff" * 32)
        case "with others' hash":
            return msgspec.structs.replace(present, position=present.position + 1).listing(b"")
        case "with others' digest":
            return msgspec.structs.replace(present, position=present.position + 1)
        case "that lists another head":
            other = next(one for one in ceremony.officers if one[1] == "head" and one != by)
            return RosterHead(9, "ee" * 32).listing(RosterHead.of(founded_by(ceremony, other).state).tags)
        case "that lists one head":
            return RosterHead(9, "ee" * 32).listing(RosterHead.of(founded_by(ceremony, by).state).tags)
        case _:
            return RosterHead(99, "ab" * 32).listing(tags)


def founded_by(ceremony: Ceremony, member: Member) -> RosterBook:
    """Return a roster whose only officer is this one, as a head."""
    alone, own = RosterBook(), ceremony.book.state.desks[member[0]].officers[member[1]]
    alone.follow(alone.desk(member[0], "range", "", msgspec.structs.replace(own, role="head")))
    return alone


KINDS = (
    "that lists another head",
    "without tags",
    "with others' hash",
    "with others' digest",
    "that lists one head",
    "with any tags",
)


@settings(max_examples=50, deadline=None)
@given(ceremonies, st.sampled_from(KINDS), st.binary(max_size=64), st.integers(0, 100))
def test_a_head_that_one_officer_forged_stops_no_tip_to_another_desk_and_others_withdraw_it(
    ceremony: Ceremony, kind: str, tags: bytes, at: int
) -> None:
    state, officers = ceremony.book.state, ceremony.officers
    by = officers[at % len(officers)]
    before = readers(state)
    (note,) = ceremony.signed([by], made_up(ceremony, by, kind, tags))
    others = [one for one in officers if one != by]
    every = [*ceremony.signed(others), note]
    assert refuse(state, every) == [note.remembered], "the alarm shows"
    assert state.refused <= ({by[0]} if by[1] == "head" else set())
    assert readers(state) == before - {state.desks[name].desk.recipient for name in state.refused}
    assert not state.lacks_heads
    given_up = [note.remembered.hash]
    agreed = [
        signed(ceremony.book.identities, one, RosterHead.of(state), given_up) for one in others if one[1] == "head"
    ]
    if len(agreed) > 1:
        assert refuse(verify(ceremony.book.entries).state, [*agreed, note]) == []


@settings(max_examples=50, deadline=None)
@given(
    ceremony=ceremonies,
    strangers=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(KINDS)), max_size=5),
    list_each_other=st.booleans(),
)
def test_any_number_of_heads_made_up_by_keys_in_no_entry_stop_nothing(
    ceremony: Ceremony, strangers: list[tuple[int, str]], *, list_each_other: bool
) -> None:
    state, before = ceremony.book.state, readers(ceremony.book.state)
    keys = {(f"desk-{number}", f"x{number}"): new_identity()[1] for number, _ in strangers}
    tags = [heads._tag("head", *one, officer_signer(key)) for one, key in keys.items()]
    notes = [
        signed(keys, (f"desk-{number}", f"x{number}"), made_up(ceremony, ("desk-0", "head"), kind, b"".join(tags)))
        for number, kind in strangers
    ]
    notes += [signed(keys, one, RosterHead(9, "aa" * 32).listing(b"".join(tags))) for one in keys if list_each_other]
    assert refuse(state, [*ceremony.signed(ceremony.officers), *notes]) == []
    assert (readers(state), state.refused, state.lacks_heads) == (before, set(), False)


@settings(max_examples=30, deadline=None)
@given(ceremonies, st.integers(0, 100))
def test_a_note_says_what_its_officer_and_an_officer_of_another_desk_signed(ceremony: Ceremony, at: int) -> None:
    every = ceremony.signed(ceremony.officers)
    own = every[at % len(every)]
    mine, other = read_note(own.noted(every))
    assert (mine, other.desk != own.desk, other in every) == (own, True, True)
    (without_tags, _) = read_note(own.noted(every, 1000))
    assert without_tags.bare == own.bare
    assert own.noted(every, 10) == ""
    assert read_note(own.noted(every).replace(":", "A:", 1)) == []
