"""The state that follows from the entries of a roster."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.api.routing import Level
from satark.api.sealing import new_identity
from satark.roster.entries import (
    RENEWED,
    Closed,
    DestinationSet,
    KeyChange,
    KeysRenewed,
    Member,
    OfficerSet,
    Renewal,
)
from satark.roster.rules import NotAllowed
from support.roster import RosterBook

DIG, SP, CLERK, NEW, JAUNPUR = ("dig", "rao"), ("sp", "khan"), ("sp", "clerk"), ("sp", "new"), ("sp-jaunpur", "iyer")
CODE = "abcd-2345"


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


def test_an_officer_and_the_person_who_appointed_them_even_indirectly_do_not_act_as_two(book: RosterBook) -> None:
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), CLERK, SP)
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "newer")), NEW, SP)
    newer = ("sp", "newer")
    state = book.state
    assert state.desks["sp"].appointed_by["newer"] == {CLERK, NEW}
    for pair in ((CLERK, NEW), (CLERK, newer), (NEW, newer), (SP, SP)):
        assert state.are_linked(*pair)
        assert state.are_linked(*reversed(pair))
        assert not state.may_act_as_two(*pair)
    for pair in ((SP, NEW), (SP, newer), (SP, CLERK), (DIG, newer)):
        assert not state.are_linked(*pair)
        assert state.may_act_as_two(*pair)
    for unlisted in (("nowhere", "x"), ("cell", "x"), ("cell", ""), ("sp", "watcher")):
        assert not state.may_act_as_two(SP, unlisted)
    changed = msgspec.structs.replace(state.desks["sp"].officers["new"], role="head")
    book.follow(OfficerSet(desk="sp", officer=changed), SP, DIG)
    assert book.state.desks["sp"].appointed_by["new"] == {CLERK}


@pytest.mark.slow("keys of several officers")
def test_the_signer_of_an_officers_new_key_counts_as_one_person_with_that_officer(book: RosterBook) -> None:
    for name in ("new", "other"):
        book.follow(OfficerSet(desk="sp", officer=book.officer("sp", name)), CLERK, SP)
    assert not book.state.are_linked(SP, NEW)
    assert not book.state.are_linked(NEW, ("sp", "other")), "one person appointed both, and no key was renewed"
    book.follow(book.new_key("sp", "new", CODE), SP, DIG, code=CODE)
    state = book.state
    assert state.desks["sp"].appointed_by["new"] == {SP, DIG, CLERK}
    for linked in (SP, DIG, CLERK, ("sp", "other")):
        assert state.are_linked(NEW, linked)
    assert not state.are_linked(NEW, JAUNPUR)
    assert not state.are_linked(SP, ("sp", "other"))


def test_an_officer_who_is_removed_and_added_again_stays_linked(book: RosterBook) -> None:
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), SP, CLERK)
    old, (_, key) = book.identities["sp", ""], new_identity()
    book.follow(KeyChange.of("sp", old, key, removed="new"), SP)
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), CLERK, SP)
    assert book.state.are_linked(SP, NEW)
    assert book.state.are_linked(CLERK, NEW)


def test_the_head_of_a_new_desk_changes_nothing_together_with_heads_who_signed_for_the_desk(
    book: RosterBook,
) -> None:
    body = book.desk("watch", "district", "varanasi", book.officer("watch", "x", "head"))
    book.follow(body, DIG, SP)
    head = ("watch", "x")
    for signer in (DIG, SP):
        assert book.state.are_linked(signer, head)
        assert book.state.are_linked(head, signer)
    assert not book.state.are_linked(CLERK, head)
    for name in ("a", "b"):
        book.follow(OfficerSet(desk="watch", officer=book.officer("watch", name)), head, DIG)
    for pair in ((("watch", "a"), ("watch", "b")), (head, ("watch", "b")), (DIG, ("watch", "a")), (SP, ("watch", "a"))):
        assert not book.state.may_act_as_two(*pair), "whoever signed for the desk may have made each of these keys"


def test_a_desk_in_an_office_of_its_own_signs_nothing_together_with_a_signer_of_its_entry(book: RosterBook) -> None:
    book.follow(book.desk("mau", "district", "varanasi"), DIG, SP)
    assert book.state.are_linked(SP, ("mau", ""))
    assert not book.state.are_linked(CLERK, ("mau", ""))


class Impostor:
    """One person, who creates officers and desks with new keys. Other officers sign on request."""

    def __init__(self, book: RosterBook, member: Member) -> None:
        self.book, self.mine = book, [member]
        self.asked = False
        """Whether somebody else signed for an officer: once for an officer, and for every desk and role."""

    def add_officer(self, desk: str, name: str, by: int, routine: Member) -> None:
        """Add an officer, with the signature of somebody else if it takes that and is the first."""
        members = self._signing(by)
        body = OfficerSet(desk=desk, officer=self.book.officer(desk, name))
        if self._follows(body, *members):
            self.mine.append((desk, name))
        elif not self.asked and self._follows(body, *members, routine):
            self.asked = True
            self.mine.append((desk, name))

    def add_desk(self, name: str, level: Level, area: str, by: int) -> None:
        """Add a desk without a head, with every signature that the entry needs."""
        body = self.book.desk(name, level, area, self.book.officer(name, "e", "head"))
        if self._follows(body, *self._signing(by), *self.book.state.members()):
            self.mine.append((name, "e"))

    def promote(self, which: int, by: int) -> None:
        """Make one of their officers a head, as everybody else agrees to."""
        desk, name = self.mine[which % len(self.mine)]
        officer = msgspec.structs.replace(self.book.state.desks[desk].officers[name], role="head")
        self._follows(OfficerSet(desk=desk, officer=officer), *self._signing(by), *self.book.state.members())

    def _signing(self, by: int) -> list[Member]:
        first = by % len(self.mine)
        return [*self.mine[first:], *self.mine[:first]]

    def _follows(self, body: Any, *signers: Member) -> bool:
        try:
            self.book.follow(body, *dict.fromkeys(signers))
        except NotAllowed:
            return False
        return True


HONEST = (DIG, SP, CLERK, JAUNPUR, ("lanka", "so"))
SEALED = RosterBook.sealed()
NUMBER = st.integers(0, 9)


@st.composite
def ceremonies(draw: st.DrawFn) -> Impostor:
    person = Impostor(copy.deepcopy(SEALED), draw(st.sampled_from(HONEST)))
    for number in range(draw(st.integers(3, 8))):
        by, which, kind = draw(NUMBER), draw(NUMBER), draw(st.sampled_from(["officer", "officer", "desk", "role"]))
        if kind == "desk":
            level: Level = draw(st.sampled_from(["station", "district", "range"]))
            person.add_desk(f"n{number}", level, draw(st.sampled_from(["varanasi", "mau", "east"])), by)
        elif kind == "role":
            person.promote(which, by)
        else:
            desks = list(person.book.state.desks)[::-1]  # the newest more often
            desk = draw(st.sampled_from([*desks[:-5] * 3, *desks]))
            person.add_officer(desk, f"p{number}", by, draw(st.sampled_from(HONEST)))
    return person


@pytest.mark.slow("a property")
@settings(max_examples=30, deadline=None)
@given(person=ceremonies())
def test_one_person_never_acts_as_two_officers_with_one_signature_of_another_person(person: Impostor) -> None:
    for pair in itertools.combinations(person.mine, 2):
        assert not person.book.state.may_act_as_two(*pair)


def test_the_head_whose_passphrase_is_in_a_safe_stands_for_every_head_of_the_desk_and_appoints_no_second(
    book: RosterBook,
) -> None:
    safe = ("sp", "recovery")
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "recovery", "head")), SP, CLERK)
    assert book.state.are_linked(SP, safe)
    assert book.state.are_linked(safe, SP)
    assert not book.state.may_act_as_two(SP, safe)
    assert not book.state.are_linked(CLERK, safe), "a clerk and the head that is in the safe may give a head a new key"
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "x")), safe, CLERK)
    assert not book.state.may_act_as_two(SP, ("sp", "x"))


def test_each_entry_has_a_position_and_each_desk_the_position_of_its_newest_entry(book: RosterBook) -> None:
    state = book.state
    assert (state.position, state.closed, len(state.head)) == (6, True, 64)
    assert state.positions[state.head] == 6
    assert state.changed_at == {"dig": 1, "sp": 2, "sp-jaunpur": 3, "lanka": 4, "cell": 5}
    old, (_, new) = book.identities["sp", ""], new_identity()
    book.follow(KeyChange.of("sp", old, new, removed="watcher"), SP, CLERK)
    assert state.changed_at["sp"] == 7
    assert list(state.desks["sp"].officers) == ["khan", "clerk"]
    state.skip("ab" * 32)
    assert (state.position, state.head, state.positions["ab" * 32]) == (8, "ab" * 32, 8)


def test_all_renewals_of_a_tips_key_are_remembered_in_order_with_their_desk_and_place(book: RosterBook) -> None:
    for desk, value in (("sp", b"1"), ("dig", b"2"), ("sp", b"3")):
        tips = b"the-name" + value * (RENEWED - 8) + b"another0" + bytes(RENEWED - 8)
        book.follow(KeysRenewed(desk=desk, tips=tips), (desk, ""))
    of_tip = [(desk, said[8:9], position) for desk, said, position in book.state.renewed[b"the-name"]]
    assert of_tip == [("sp", b"1", 7), ("dig", b"2", 8), ("sp", b"3", 9)]
    assert book.state.unlisted == [7, 8, 9]
    assert book.state.changed_at["sp"] == 2


def test_no_renewal_counts_that_a_former_key_of_the_desk_signed_after_a_later_one(book: RosterBook) -> None:
    old, (_, new), before = book.identities["sp", ""], new_identity(), book.state.head
    book.follow(KeyChange.of("sp", old, new), SP)
    early, late = (Renewal(desk="sp", base=base, said=b"the-name" * 15) for base in (before, book.state.head))
    for claims, count in (
        ([early.signed(old)], 1),
        ([late.signed(old)], 0),
        ([late.signed(new), early.signed(old)], 1),
        ([early.signed(old), late.signed(new)], 2),
        ([late], 0),
        ([msgspec.structs.replace(late.signed(new), desk="dig")], 0),
        ([msgspec.structs.replace(late, base="ab" * 32).signed(new)], 0),
    ):
        book.state.claim([*(one.encode() for one in claims), b"no renewal"])
        assert len(book.state.renewals(b"the-name")) == count


def test_a_desks_renewal_replaces_only_its_own_place_and_those_of_desks_below(book: RosterBook) -> None:
    others = ("dig", "sp", "sp-jaunpur", "lanka")
    assert [one for one in others if book.state.outranks("dig", one)] == [*others]
    assert [one for one in others if book.state.outranks("sp", one)] == ["sp", "lanka"]
    assert [one for one in others if book.state.outranks("gone", one)] == []


def test_the_newest_change_of_a_desks_key_is_remembered_unless_its_office_renews_no_tip(book: RosterBook) -> None:
    for desk, *signers in (("sp", SP), ("cell", ("cell", ""), ("dig", "rao")), ("sp", SP)):
        old, (_, new) = book.identities[desk, ""], new_identity()
        book.follow(KeyChange.of(desk, old, new), *signers)
        book.identities[desk, ""] = new
    assert book.state.rekeyed == {"sp": 9}


def test_the_destinations_are_those_of_the_founding_and_later_ones(book: RosterBook) -> None:
    young = RosterBook()
    young.follow(young.desk("sp", "district", "", young.officer("sp", "khan", "head")))
    first = DestinationSet(to="email:a", desk="sp", recipient="one")
    young.follow(Closed(destinations=(first,)))
    assert young.state.destinations == {"email:a": first}
    second = DestinationSet(to="email:a", desk="sp", recipient="two")
    young.follow(second, SP)
    assert young.state.destinations == {"email:a": second}
    assert young.state.changed_at["sp"] == 3
