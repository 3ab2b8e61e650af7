"""Proposals wait for signatures, are carried out once, and say which signatures are missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from satark.api.routing import CaseworkError
from satark.roster import chain
from satark.roster.chain import Proposal
from satark.roster.entries import Entry, OfficerSet, Withdrawn
from satark.roster.rules import Needed, NotAllowed, Unsigned
from satark.services import Services
from satark.store.tables import roster_proposal
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


def proposed(entry: Entry, attachment: bytes = b"") -> Proposal:
    return Proposal(entry=entry, attachment=attachment)


def test_a_proposal_is_stored_until_it_is_signed_and_then_carried_out_once(
    services: Services, book: RosterBook
) -> None:
    entry = book.signed(body(book), SP)
    made = Proposal(entry=entry, attachment=b"wrapped key")
    services.write_now(made.store)
    assert made.id == hashlib.sha256(entry.signed_bytes).hexdigest()[:32]
    assert services.read(lambda c: Proposal.find(c, made.id)) == made
    assert repr(made) == f"Proposal({made.id})"
    with pytest.raises(Unsigned):
        services.write_now(made.carry_out)
    signed = msgspec.structs.replace(made, entry=book.signed(entry.body, SP, CLERK))
    services.write_now(signed.store_signatures)
    assert services.read(Proposal.all) == [signed]
    services.write_now(signed.carry_out)
    assert services.read(Proposal.all) == []
    assert "new" in services.read_keys(chain.read_state).desks["sp"].officers
    services.write_now(proposed(book.signed(body(book, "other"), SP)).store)
    services.write_now(signed.carry_out)
    assert services.read_keys(chain.newest)[0] == 7
    assert len(services.read(Proposal.all)) == 1


def test_proposing_again_replaces_and_withdrawing_deletes(services: Services, book: RosterBook) -> None:
    what = body(book)
    first, second = proposed(book.signed(what, SP)), proposed(book.signed(what, SP, CLERK), b"x")
    services.write_now(first.store)
    services.write_now(second.store)
    assert first.id == second.id
    assert first.attachment == b""
    assert services.read(Proposal.all) == [second]
    services.write_now(proposed(book.signed(body(book, "other"), SP)).delete)
    assert services.read(Proposal.all) == [second]
    services.write_now(lambda unit: second.withdraw(unit, SP, book.identities[SP]))
    with pytest.raises(
        CaseworkError, match=r"^there is no such proposal: it was carried out, withdrawn, or never made$"
    ):
        services.read(lambda c: Proposal.find(c, second.id))


def test_a_row_in_which_another_entry_was_put_is_no_proposal(services: Services, book: RosterBook) -> None:
    shown, mole = proposed(book.signed(body(book), SP)), book.signed(body(book, "mole"), SP)
    services.write_now(shown.store)
    swapped = update(roster_proposal).values(entry=mole.encode())
    services.write_now(lambda unit: unit.main.execute(swapped))
    assert services.read(Proposal.all) == []
    with pytest.raises(CaseworkError, match=r"^there is no such proposal"):
        services.read(lambda c: Proposal.find(c, shown.id))


def test_a_withdrawn_proposal_that_is_put_back_is_allowed_no_more(services: Services, book: RosterBook) -> None:
    kept = proposed(book.signed(body(book), SP, CLERK))
    services.write_now(kept.store)
    services.write_now(lambda unit: kept.withdraw(unit, SP, book.identities[SP]))
    with pytest.raises(NotAllowed, match=r"^this was withdrawn: propose it again$"):
        services.write_now(kept.store)
    row = {"id": kept.id[:16], "entry": kept.entry.encode(), "attachment": b"", "day": 0}
    services.write_now(lambda unit: unit.insert(roster_proposal, [row]))
    state = services.read_keys(chain.read_state)
    assert [one.still_needed(state) for one in services.read(Proposal.all)] == [None]
    again = proposed(book.signed(body(book), SP, CLERK, base=state.head))
    services.write_now(again.carry_out)
    assert "new" in services.read_keys(chain.read_state).desks["sp"].officers


def test_a_withdrawal_counts_though_the_row_hid_the_signatures(services: Services, book: RosterBook) -> None:
    kept = proposed(book.signed(body(book), SP, CLERK))
    services.write_now(kept.store)
    bare = msgspec.structs.replace(kept.entry, signatures=()).encode()
    services.write_now(lambda unit: unit.main.execute(update(roster_proposal).values(entry=bare)))
    (shown,) = services.read(Proposal.all)
    services.write_now(lambda unit: shown.withdraw(unit, SP, book.identities[SP]))
    with pytest.raises(NotAllowed, match=r"^this was withdrawn: propose it again$"):
        services.write_now(kept.store)


def test_an_officer_who_is_no_head_withdraws_only_their_own_proposals(services: Services, book: RosterBook) -> None:
    what = body(book)
    others, own = proposed(book.signed(what, SP)), proposed(book.signed(body(book, "other"), CLERK))
    services.write_now(others.store)
    with pytest.raises(NotAllowed, match=r"^only a head of its desks"):
        services.write_now(lambda unit: others.withdraw(unit, CLERK, book.identities[CLERK]))
    veto = Entry(body=Withdrawn(proposal=others.id), by=CLERK, base=services.read_keys(chain.read_state).head)
    services.write_now(lambda unit: chain.append(unit, veto.signed_with(CLERK, book.identities[CLERK])))
    services.write_now(msgspec.structs.replace(others, entry=book.signed(what, SP, CLERK)).carry_out)
    services.write_now(own.store)
    services.write_now(lambda unit: own.withdraw(unit, CLERK, book.identities[CLERK]))
    assert services.read(Proposal.all) == []


def test_an_entry_that_nobody_may_make_can_not_be_proposed(services: Services, book: RosterBook) -> None:
    unknown = OfficerSet(desk="x", officer=book.officer("x", "y"))
    with pytest.raises(NotAllowed, match="lists no desk"):
        services.write_now(proposed(Entry(body=unknown)).store)
    assert services.read(Proposal.all) == []


def test_a_proposal_says_whose_signature_it_still_needs(book: RosterBook) -> None:
    what = body(book)
    one, two = book.signed(what, SP), book.signed(what, SP, CLERK)
    assert proposed(one).missing(book.state) == MISSING
    assert proposed(two).missing(book.state) == ""
    assert proposed(one).still_needed(book.state) == Needed(heads=(), seconds=(CLERK, DIG))
    assert proposed(two).still_needed(book.state) == Needed(heads=())
    stale = book.signed(what, SP, CLERK, base="")
    why = "the roster changed since this was proposed: propose it again"
    with pytest.raises(NotAllowed, match=why):
        proposed(stale).missing(book.state)
    assert proposed(stale).still_needed(book.state) is None


def test_in_the_founding_no_signature_is_missing(book: RosterBook) -> None:
    young = RosterBook()
    young.follow(young.desk("sp", "district", "", young.officer("sp", "khan", "head")))
    entry = young.signed(OfficerSet(desk="sp", officer=young.officer("sp", "new")))
    assert proposed(entry).still_needed(young.state) == Needed(heads=())
