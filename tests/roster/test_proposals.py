"""Proposals wait for signatures, are carried out once, and say what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from satark.api.routing import CaseworkError
from satark.roster import chain
from satark.roster.chain import Proposal
from satark.roster.entries import Entry, OfficerSet
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
        services.write_now(lambda unit, one=encoded: chain.append(unit, Entry.decode(one)))  # type: ignore[misc]
    yield services
    services.close()


def body(book: RosterBook, name: str = "new") -> OfficerSet:
    return OfficerSet(desk="sp", officer=book.officer("sp", name))


def test_a_proposal_is_stored_until_it_is_signed_and_then_carried_out_once(
    services: Services, book: RosterBook
) -> None:
    entry = book.signed(body(book), SP)
    made = Proposal.of(entry, b"wrapped key")
    services.write_now(made.store)
    assert made.id == hashlib.sha256(entry.signed_bytes).hexdigest()[:16]
    assert services.read(lambda c: Proposal.find(c, made.id)) == made
    assert made == Proposal(id=made.id, entry=entry, attachment=b"wrapped key")
    assert repr(made) == f"Proposal({made.id})"
    with pytest.raises(Unsigned):
        services.write_now(made.carry_out)
    signed = msgspec.structs.replace(made, entry=book.signed(entry.body, SP, CLERK))
    services.write_now(signed.store_signatures)
    assert services.read(Proposal.all) == [signed]
    services.write_now(signed.carry_out)
    assert services.read(Proposal.all) == []
    assert "new" in services.read_keys(chain.read_state).desks["sp"].officers
    services.write_now(Proposal.of(book.signed(body(book, "other"), SP)).store)
    services.write_now(signed.carry_out)
    assert services.read_keys(chain.newest)[0] == 7
    assert len(services.read(Proposal.all)) == 1


def test_proposing_again_replaces_and_withdrawing_deletes(services: Services, book: RosterBook) -> None:
    what = body(book)
    first, second = Proposal.of(book.signed(what, SP)), Proposal.of(book.signed(what, SP, CLERK), b"x")
    services.write_now(first.store)
    services.write_now(second.store)
    assert first.id == second.id
    assert first.attachment == b""
    assert services.read(Proposal.all) == [second]
    services.write_now(msgspec.structs.replace(second, id="0" * 16).withdraw)
    assert services.read(Proposal.all) == [second]
    services.write_now(second.withdraw)
    with pytest.raises(
        CaseworkError, match=r"^there is no such proposal: it was carried out, withdrawn, or never made$"
    ):
        services.read(lambda c: Proposal.find(c, second.id))


def test_an_entry_that_nobody_may_make_can_not_be_proposed(services: Services, book: RosterBook) -> None:
    unknown = OfficerSet(desk="x", officer=book.officer("x", "y"))
    with pytest.raises(NotAllowed, match="lists no desk"):
        services.write_now(Proposal.of(Entry(body=unknown)).store)
    assert services.read(Proposal.all) == []


def test_a_proposal_says_whose_signature_it_still_needs(book: RosterBook) -> None:
    what = body(book)
    one, two = book.signed(what, SP), book.signed(what, SP, CLERK)
    assert Proposal.of(one).missing(book.state) == MISSING
    assert Proposal.of(two).missing(book.state) == ""
    assert Proposal.of(one).still_needed(book.state) == Needed(heads=(), seconds=(CLERK, DIG))
    assert Proposal.of(two).still_needed(book.state) == Needed(heads=())
    stale = book.signed(what, SP, CLERK, base="")
    why = "the roster changed since this was proposed: propose it again"
    with pytest.raises(NotAllowed, match=why):
        Proposal.of(stale).missing(book.state)
    assert Proposal.of(stale).still_needed(book.state) is None


def test_in_the_founding_no_signature_is_missing(book: RosterBook) -> None:
    young = RosterBook()
    young.follow(young.desk("sp", "district", "", young.officer("sp", "khan", "head")))
    entry = young.signed(OfficerSet(desk="sp", officer=young.officer("sp", "new")))
    assert Proposal.of(entry).still_needed(young.state) == Needed(heads=())
