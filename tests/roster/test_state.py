"""What follows from the entries of a roster."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.sealing import new_identity
from satark.roster.entries import Closed, DestinationSet, KeyChange, OfficerSet
from support.roster import RosterBook

DIG, SP, CLERK = ("dig", "rao"), ("sp", "khan"), ("sp", "clerk")


@pytest.fixture
def book() -> RosterBook:
    return RosterBook.sealed()


def test_the_state_says_who_may_sign_and_who_are_the_heads_of_a_desk(book: RosterBook) -> None:
    state = book.state
    assert list(state.members()) == [DIG, SP, CLERK, ("sp-jaunpur", "iyer"), ("lanka", "so"), ("cell", "")]
    assert state.heads_of("sp") == [SP]
    assert state.heads_of("cell") == [("cell", "")]
    assert state.heads_of("nowhere") == []
    assert state.signer_of(SP) == state.desks["sp"].officers["khan"].signer
    assert state.signer_of(("cell", "")) == state.desks["cell"].verifier != ""
    for nobody in (("sp", "watcher"), ("sp", ""), ("sp", "x"), ("nowhere", ""), ("nowhere", "x")):
        assert state.signer_of(nobody) == ""
    assert state.officer("sp", "clerk") == state.desks["sp"].officers["clerk"]
    assert state.officer("nowhere", "clerk") is None
    assert [state.desks[name].rank for name in ("lanka", "sp", "dig")] == [1, 3, 4]


def test_a_desk_without_officers_and_key_signs_nothing(book: RosterBook) -> None:
    young = RosterBook()
    young.follow(msgspec.structs.replace(young.desk("x", "district", ""), verifier=""))
    assert young.state.heads_of("x") == []
    assert list(young.state.members()) == []


def test_appointments_count_through_other_officers_and_not_from_the_founding(book: RosterBook) -> None:
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), CLERK, SP)
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "newer")), ("sp", "new"), SP)
    state = book.state
    assert state.desks["sp"].appointed_by == {"new": CLERK, "newer": ("sp", "new")}
    assert state.did_appoint(CLERK, ("sp", "new"))
    assert state.did_appoint(CLERK, ("sp", "newer"))
    assert not state.did_appoint(SP, ("sp", "new"))
    assert not state.did_appoint(SP, CLERK)
    assert not state.did_appoint(("sp", "new"), CLERK)
    assert not state.did_appoint(SP, ("nowhere", "x"))
    changed = msgspec.structs.replace(state.desks["sp"].officers["new"], role="auditor")
    book.follow(OfficerSet(desk="sp", officer=changed), SP, CLERK)
    assert book.state.desks["sp"].appointed_by["new"] == CLERK


def test_following_a_circle_of_appointments_ends(book: RosterBook) -> None:
    listed = book.state.desks["sp"]
    circle = {"khan": CLERK, "clerk": SP}
    book.state.desks["sp"] = msgspec.structs.replace(listed, appointed_by=circle)
    assert not book.state.did_appoint(DIG, SP)
    assert book.state.did_appoint(CLERK, CLERK)


def test_each_entry_has_a_position_and_each_desk_the_position_of_its_newest_entry(book: RosterBook) -> None:
    state = book.state
    assert (state.position, state.closed, len(state.head)) == (6, True, 64)
    assert state.positions[state.head] == 6
    assert state.changed_at == {"dig": 1, "sp": 2, "sp-jaunpur": 3, "lanka": 4, "cell": 5}
    assert state.key_changed_at == {}
    old, (_, new) = book.identities["sp", ""], new_identity()
    book.follow(KeyChange.of("sp", old, new, removed="watcher"), SP, CLERK)
    assert (state.changed_at["sp"], state.key_changed_at) == (7, {"sp": 7})
    assert list(state.desks["sp"].officers) == ["khan", "clerk"]
    state.skip("ab" * 32)
    assert (state.position, state.head, state.positions["ab" * 32]) == (8, "ab" * 32, 8)


def test_the_destinations_are_those_of_the_founding_and_those_set_since(book: RosterBook) -> None:
    young = RosterBook()
    young.follow(young.desk("sp", "district", "", young.officer("sp", "khan", "head")))
    first = DestinationSet(to="email:a", desk="sp", recipient="one")
    young.follow(Closed(destinations=(first,)))
    assert young.state.destinations == {"email:a": first}
    second = DestinationSet(to="email:a", desk="sp", recipient="two")
    young.follow(second, SP)
    assert young.state.destinations == {"email:a": second}
    assert young.state.changed_at["sp"] == 3
