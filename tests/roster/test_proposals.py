"""Proposals wait for signatures, are carried out once, and say what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from satark.roster import chain, proposals
from satark.roster.entries import Entry, OfficerSet, decode_entry
from satark.roster.proposals import NoSuchProposal, Proposal
from satark.roster.rules import Needed, NotAllowed, Unsigned
from satark.services import Services
from support.roster import RosterBook
from support.store import fresh_services

SP, CLERK, DIG = ("sp", "khan"), ("sp", "clerk"), ("dig", "rao")
MISSING = "one more officer: clerk (desk sp), rao (desk dig)"


@pytest.fixture
def book() -> RosterBook:
    return RosterBook.sealed()


@pytest.fixture
def services(tmp_path: Path, book: RosterBook) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    for encoded in book.entries:
        services.write_now(lambda unit, one=encoded: chain.append(unit, decode_entry(one)))  # type: ignore[misc]
    yield services
    services.close()


def body(book: RosterBook, name: str = "new") -> OfficerSet:
    return OfficerSet(desk="sp", officer=book.officer("sp", name))


def test_a_proposal_is_stored_until_it_is_signed_and_then_carried_out_once(
    services: Services, book: RosterBook
) -> None:
    entry = book.signed(body(book), SP)
    made = services.write_now(lambda unit: proposals.propose(unit, entry, b"wrapped key"))
    assert made.id == proposals.proposal_id(entry) == hashlib.sha256(entry.signed_bytes).hexdigest()[:16]
    assert services.read(lambda c: proposals.find_proposal(c, made.id)) == made
    assert made == Proposal(id=made.id, entry=entry, attachment=b"wrapped key")
    assert repr(made) == f"Proposal({made.id})"
    with pytest.raises(Unsigned):
        services.write_now(lambda unit: proposals.carry_out(unit, made))
    signed = msgspec.structs.replace(made, entry=book.signed(entry.body, SP, CLERK))
    services.write_now(lambda unit: proposals.store_signed(unit, signed))
    assert services.read(proposals.all_proposals) == [signed]
    services.write_now(lambda unit: proposals.carry_out(unit, signed))
    assert services.read(proposals.all_proposals) == []
    assert "new" in services.read_keys(chain.read_state).desks["sp"].officers
    services.write_now(lambda unit: proposals.propose(unit, book.signed(body(book, "other"), SP)))
    services.write_now(lambda unit: proposals.carry_out(unit, signed))
    assert services.read_keys(chain.newest)[0] == 7
    assert len(services.read(proposals.all_proposals)) == 1


def test_proposing_again_replaces_and_withdrawing_deletes(services: Services, book: RosterBook) -> None:
    what = body(book)
    first = services.write_now(lambda unit: proposals.propose(unit, book.signed(what, SP)))
    second = services.write_now(lambda unit: proposals.propose(unit, book.signed(what, CLERK), b"x"))
    assert first.id == second.id
    assert first.attachment == b""
    assert services.read(proposals.all_proposals) == [second]
    services.write_now(lambda unit: proposals.withdraw(unit, "0" * 16))
    assert services.read(proposals.all_proposals) == [second]
    services.write_now(lambda unit: proposals.withdraw(unit, second.id))
    with pytest.raises(
        NoSuchProposal, match=r"^there is no such proposal: it was carried out, withdrawn, or never made$"
    ):
        services.read(lambda c: proposals.find_proposal(c, second.id))


def test_what_nobody_may_do_is_not_even_proposed(services: Services, book: RosterBook) -> None:
    unknown = OfficerSet(desk="x", officer=book.officer("x", "y"))
    with pytest.raises(NotAllowed, match="lists no desk"):
        services.write_now(lambda unit: proposals.propose(unit, Entry(body=unknown)))
    assert services.read(proposals.all_proposals) == []


def test_a_proposal_says_whose_signature_it_still_needs(book: RosterBook) -> None:
    what = body(book)
    one, two = book.signed(what, SP), book.signed(what, SP, CLERK)
    assert proposals.check_proposal(book.state, one) == proposals.missing_signatures(book.state, one) == MISSING
    assert proposals.check_proposal(book.state, two) == ""
    assert proposals.still_needed(book.state, one) == Needed(heads=(), seconds=(CLERK, DIG))
    assert proposals.still_needed(book.state, two) == Needed(heads=())
    stale = book.signed(what, SP, CLERK, base="")
    why = "the roster changed since this was proposed: propose it again"
    assert proposals.missing_signatures(book.state, stale) == f"to be withdrawn ({why})"
    assert proposals.still_needed(book.state, stale) is None


def test_in_the_founding_nothing_is_missing(book: RosterBook) -> None:
    young = RosterBook()
    young.follow(young.desk("sp", "district", "", young.officer("sp", "khan", "head")))
    entry = young.signed(OfficerSet(desk="sp", officer=young.officer("sp", "new")))
    assert proposals.still_needed(young.state, entry) == Needed(heads=())
