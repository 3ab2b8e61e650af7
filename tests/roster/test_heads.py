"""Heads that officers signed: a desk that a lost head doesn't list gets no tip, until the desks' heads agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, update

from satark.api.routing import DestinationRule
from satark.api.sealing import new_identity
from satark.roster import chain
from satark.roster.chain import read_state
from satark.roster.entries import PROBE_DESK, Closed, DeskAdded, DestinationSet, Entry, KeyChange, OfficerSet
from satark.roster.heads import RosterHead, _readers, own_head, read_heads, sign_head
from satark.roster.roster import HEADS_NAME, write_copy
from satark.roster.rules import NotAllowed
from satark.roster.state import RosterState
from satark.routing.authors import Signers
from satark.services import Services
from satark.store.tables import roster, roster_head
from support.roster import RosterBook, trusting
from support.store import fresh_services

KHAN, RAO, CLERK = ("sp", "khan"), ("dig", "rao"), ("sp", "clerk")
RULE = DestinationRule(to="email:spy", desk="sp", recipient=new_identity()[0])


@pytest.fixture
def book() -> RosterBook:
    return RosterBook.sealed()


@pytest.fixture
def services(tmp_path: Path, book: RosterBook) -> Iterator[Services]:
    services = fresh_services(tmp_path / "data")
    store(services, book.entries)
    yield services
    services.close()


def store(services: Services, entries: list[bytes]) -> None:
    """Write a chain into the key store, as a person who writes to the database can."""
    before, rows = "", []
    for position, entry in enumerate(entries, 1):
        before = chain.chain_hash(before, entry)
        rows.append({"position": position, "entry": entry, "hash": bytes.fromhex(before)})
    services.write_now(lambda unit: unit.keys.execute(delete(roster)))
    services.write_now(lambda unit: unit.upsert(roster, rows))


def sign(
    services: Services, book: RosterBook, member: tuple[str, str], head: RosterHead | None = None, **how: str
) -> None:
    identity = book.identities[member]
    own = services.read_keys(lambda c: own_head(c, *member, identity))
    given_up = how.get("given_up", "").split()
    signed = head or RosterHead.of(services.read_keys(read_state))
    services.write_now(lambda unit: sign_head(unit, own, identity, signed, given_up=given_up))


def with_a_spy(book: RosterBook) -> list[bytes]:
    """Return the entries of the book, with a spy's desk and destination in the founding."""
    spy = Entry(body=book.desk("spy", "range", "", book.officer("spy", "x", "head"))).encode()
    closed = Closed(destinations=(DestinationSet(to=RULE.to, desk=RULE.desk, recipient=RULE.recipient),))
    return [*book.entries[:5], spy, Entry(body=closed).encode()]


def test_a_head_is_read_back_and_junk_is_none(book: RosterBook) -> None:
    head = RosterHead.of(book.state)
    assert RosterHead.read(str(head)) == head
    assert head.is_in(book.state)
    assert len(head.tags) == (5 + 4) * 16, "five desks; an office elsewhere has no head here"
    for junk in ("", "1", "x:y", "6:zz::", "é", str(head)[:-1], str(head) + "AAAA"):
        assert RosterHead.read(junk) is None


def test_tags_are_found_again_by_their_digest_and_no_others_are_taken(book: RosterBook) -> None:
    head = RosterHead.of(book.state)
    bare, forged = msgspec.structs.replace(head, tags=b""), msgspec.structs.replace(head, tags=bytes(16))
    assert bare.with_tags_of([bare, forged, head]) == head
    assert bare.with_tags_of([bare, forged]) == bare
    assert head.with_tags_of([forged]) == head
    assert head.listed == {head.tags[at : at + 16] for at in range(0, len(head.tags), 16)}
    assert bare.listed == frozenset()


def test_the_only_head_of_a_desk_withdraws_a_head_alone(tmp_path: Path) -> None:
    alone = RosterBook()
    alone.follow(alone.desk("sp", "district", "", alone.officer("sp", "khan", "head")))
    alone.follow(Closed())
    services = fresh_services(tmp_path / "data")
    store(services, alone.entries)
    sign(services, alone, KHAN)
    spy = Entry(body=alone.desk("spy", "range", "", alone.officer("spy", "x", "head"))).encode()
    store(services, [alone.entries[0], spy, alone.entries[1]])
    assert services.read_keys(read_state).refused == {"spy"}
    sign(services, alone, KHAN, RosterHead.of(alone.state), given_up=alone.state.head)
    assert services.read_keys(read_state).refused == set()
    services.close()


def test_a_desk_that_a_lost_signed_head_does_not_list_gets_no_tip(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    sign(services, book, KHAN)
    forged = with_a_spy(book)
    store(services, forged)
    kept = trusting(tmp_path / "roster.jsonl", services)
    checked = services.read_keys(kept.check)
    assert checked.state.refused == {"spy", RULE.to}
    assert kept.readable_rules(checked.state, [RULE]) == ()
    assert {one.name for one in Signers(checked.state).sealable} == {"sp", "dig", "sp-jaunpur", "lanka", "cell"}
    assert any(book.state.head in problem and "which an officer signed" in problem for problem in checked.problems)
    assert "spy" not in services.read_keys(read_state).desk_recipients()


def test_a_forged_desk_neither_outvotes_nor_withdraws_a_head_that_is_remembered(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    sign(services, book, KHAN)
    store(services, with_a_spy(book))
    sign(services, book, ("spy", "x"), given_up=book.state.head)
    checked = services.read_keys(trusting(tmp_path / "roster.jsonl", services).check)
    assert (checked.state.refused, checked.state.lacks_heads) == ({"spy", RULE.to}, True)


def rewritten(book: RosterBook, change: Callable[[Any], Any]) -> list[bytes]:
    """Return the entries of the book, each with its body changed."""
    entries = (Entry.decode(one) for one in book.entries)
    return [msgspec.structs.replace(one, body=change(one.body)).encode() for one in entries]


NEW = new_identity()[0]


@pytest.mark.parametrize(
    "change",
    [{"level": "range"}, {"area": ""}, {"via": "list"}, {"title": "x"}, {"recipient": NEW}, {"verifier": "00" * 32}],
    ids=lambda one: next(iter(one)),
)
def test_a_desk_is_new_whichever_of_its_fields_changed(
    services: Services, book: RosterBook, tmp_path: Path, change: dict[str, str]
) -> None:
    sign(services, book, KHAN)

    def forge(body: Any) -> Any:
        if not isinstance(body, DeskAdded) or body.desk.name != "lanka":
            return body
        of_desk = {name: value for name, value in change.items() if name != "verifier"}
        desk = msgspec.structs.replace(body.desk, **of_desk)
        return msgspec.structs.replace(body, desk=desk, verifier=change.get("verifier", body.verifier))

    store(services, rewritten(book, forge))
    assert services.read_keys(trusting(tmp_path / "roster.jsonl", services).check).state.refused == {"lanka"}


@pytest.mark.parametrize(("key", "value"), [("desk", "dig"), ("recipient", NEW)], ids=["desk", "recipient"])
def test_a_destination_is_new_whichever_of_its_fields_changed(
    services: Services, book: RosterBook, tmp_path: Path, key: str, value: str
) -> None:
    entry = book.follow(DestinationSet(to=RULE.to, desk="sp", recipient=RULE.recipient), KHAN, CLERK)
    services.write_now(lambda unit: chain.append(unit, entry))
    sign(services, book, KHAN)
    listed = DestinationSet(to=RULE.to, desk="sp", recipient=RULE.recipient)
    forged = Closed(destinations=(msgspec.structs.replace(listed, **{key: value}),))
    store(services, rewritten(book, lambda body: forged if isinstance(body, Closed) else body)[:-1])
    assert services.read_keys(trusting(tmp_path / "roster.jsonl", services).check).state.refused == {RULE.to}


def test_no_destination_and_no_desk_passes_for_the_other(services: Services, book: RosterBook, tmp_path: Path) -> None:
    sign(services, book, KHAN)
    dig = book.state.desks["dig"]
    forged = Closed(destinations=(DestinationSet(to="dig", desk=dig.desk.recipient, recipient=dig.verifier),))
    store(services, rewritten(book, lambda body: forged if isinstance(body, Closed) else body))
    checked = services.read_keys(trusting(tmp_path / "roster.jsonl", services).check)
    assert checked.state.destination_recipients() == {}
    assert any("never as a desk" in problem for problem in checked.problems)


@pytest.mark.parametrize("shared", [False, True])
def test_a_head_without_its_tags_counts_if_two_desks_signed_it_and_any_two_heads_withdraw_it(
    services: Services, book: RosterBook, tmp_path: Path, *, shared: bool
) -> None:
    head = RosterHead(99, "ab" * 32, "cd" * 32)
    sign(services, book, CLERK, head)
    for one in (KHAN, RAO):
        sign(services, book, one)

    def checked() -> RosterState:
        return services.read_keys(trusting(tmp_path / "roster.jsonl", services).check).state

    assert (checked().refused, checked().lacks_heads) == (set(), False)
    if shared:
        sign(services, book, ("lanka", "so"), head)
        assert checked().refused == {*book.state.desks}
        sign(services, book, ("lanka", "so"), head, given_up=head.hash)
    for one in (KHAN, RAO):
        sign(services, book, one, given_up=head.hash)
    assert services.read_keys(trusting(tmp_path / "roster.jsonl", services).check).lost == ()


def test_a_head_that_no_officer_of_the_roster_signed_has_no_effect_and_is_named(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    book.officer("dig", "nobody")
    sign(services, book, ("dig", "nobody"), RosterHead(9, "ab" * 32))
    checked = services.read_keys(trusting(tmp_path / "roster.jsonl", services).check)
    assert (checked.lost, checked.state.refused) == ((), set())
    assert not services.read_keys(read_state).lacks_heads
    assert [one for one in checked.problems if "nobody of dig signed a head" in one]


def test_the_desk_of_synthetic_tips_is_no_second_desk_that_signed_a_head(tmp_path: Path) -> None:
    book = RosterBook()
    book.follow(book.desk("dig", "range", "", book.officer("dig", "rao", "head")))
    book.follow(book.desk("sp", "district", "", book.officer("sp", "khan", "head"), book.officer("sp", "clerk")))
    book.follow(book.desk(PROBE_DESK, "outpost", "", book.officer(PROBE_DESK, "operator", "head")))
    book.follow(Closed())
    services = fresh_services(tmp_path / "data")
    store(services, book.entries)
    for member in (RAO, KHAN):
        sign(services, book, member)
    for member in (CLERK, (PROBE_DESK, "operator")):
        sign(services, book, member, RosterHead(99, "ab" * 32).listing(b""))
    checked = services.read_keys(trusting(tmp_path / "roster.jsonl", services).check)
    assert (checked.state.refused, checked.state.lacks_heads) == (set(), False)
    services.close()


def test_while_a_head_is_missing_no_two_officers_are_two(services: Services, book: RosterBook, tmp_path: Path) -> None:
    assert book.state.may_act_as_two(KHAN, CLERK)
    sign(services, book, KHAN)
    store(services, with_a_spy(book))
    assert not services.read_keys(trusting(tmp_path / "roster.jsonl", services).check).state.may_act_as_two(KHAN, CLERK)


def test_without_a_signed_head_a_forged_founding_is_followed(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    store(services, with_a_spy(book))
    assert services.read_keys(trusting(tmp_path / "roster.jsonl", services).check).state.refused == set()


def test_a_shortened_founding_accepts_no_reader_without_signatures(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    sign(services, book, KHAN)
    store(services, book.entries[:5])
    kept = trusting(tmp_path / "roster.jsonl", services)
    checked = services.read_keys(kept.check)
    assert checked.state.closed
    assert kept.readable_rules(checked.state, [RULE]) == ()
    spy = Entry(body=book.desk("spy", "range", "", book.officer("spy", "x", "head")))
    with pytest.raises(NotAllowed):
        services.write_now(lambda unit: chain.append(unit, spy))


def test_a_process_remembers_entries_and_heads_that_are_deleted(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    sign(services, book, KHAN)
    kept = trusting(tmp_path / "roster.jsonl", services)
    services.read_keys(kept.check)
    services.write_now(lambda unit: unit.keys.execute(delete(roster_head)))
    store(services, with_a_spy(book))
    write_copy(tmp_path / "roster.jsonl", [])
    checked = services.read_keys(kept.check)
    assert checked.state.desks.keys() == book.state.desks.keys()
    assert checked.problems


def test_a_head_with_another_keys_signature_counts_as_nothing(services: Services, book: RosterBook) -> None:
    sign(services, book, KHAN)
    services.write_now(lambda unit: unit.keys.execute(update(roster_head).values(head="9:00::")))
    assert services.read_keys(read_heads) == []
    assert services.read_keys(lambda c: own_head(c, *KHAN, book.identities[KHAN])).head == ""


def test_a_head_of_each_desk_that_signed_a_lost_head_withdraws_it(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    sign(services, book, CLERK)
    sign(services, book, ("sp-jaunpur", "iyer"), given_up=book.state.head)
    lost = book.state.head
    store(services, with_a_spy(book))
    here = RosterHead.of(services.read_keys(read_state))

    def refused() -> set[str]:
        (tmp_path / HEADS_NAME).unlink(missing_ok=True)  # a machine that remembers nothing
        return services.read_keys(trusting(tmp_path / "roster.jsonl", services).check).state.refused

    sign(services, book, ("spy", "x"), here, given_up=lost)
    sign(services, book, RAO, here, given_up=lost)
    assert refused() == {"spy", RULE.to}, "a head of the clerk's desk is missing"
    sign(services, book, KHAN, here, given_up=lost)
    assert refused() == set()
    services.write_now(lambda unit: unit.keys.execute(delete(roster_head).where(roster_head.c.officer == "rao")))
    assert refused() == set(), "two heads are enough"
    services.write_now(lambda unit: unit.keys.execute(delete(roster_head).where(roster_head.c.officer == "khan")))
    assert refused() == {"spy", RULE.to}


def test_a_machine_remembers_after_a_restart_the_heads_that_somebody_deletes(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    for one in (CLERK, RAO, KHAN):
        sign(services, book, one)
    services.read_keys(trusting(tmp_path / "roster.jsonl", services).check)
    ahead = RosterHead(99, "ff" * 32).listing(b"".join(_readers(book.state)["sp-jaunpur"]))
    sign(services, book, ("sp-jaunpur", "iyer"), ahead)
    services.write_now(lambda unit: unit.keys.execute(delete(roster_head).where(roster_head.c.desk != "sp-jaunpur")))
    restarted = trusting(tmp_path / "roster.jsonl", services)
    assert services.read_keys(restarted.check).state.refused <= {"sp-jaunpur"}
    (tmp_path / HEADS_NAME).unlink()
    forgetful = trusting(tmp_path / "roster.jsonl", services)
    assert {"sp", "dig"} <= services.read_keys(forgetful.check).state.refused


def test_a_machine_stores_heads_again_that_somebody_deletes_so_that_a_new_one_knows_them(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    for one in (CLERK, RAO, KHAN):
        sign(services, book, one)
    trusting(services.data_dir / "roster.jsonl", services)
    services.roster_state()
    before = services.read_keys(read_heads)
    services.write_now(lambda unit: unit.keys.execute(delete(roster_head)))
    ahead = RosterHead(99, "ff" * 32).listing(b"".join(_readers(book.state)["sp-jaunpur"]))
    sign(services, book, ("sp-jaunpur", "iyer"), ahead)
    services.restore_heads()
    assert {*before} < {*services.read_keys(read_heads)}
    new = trusting(tmp_path / "roster.jsonl", services)
    assert services.read_keys(new.check).state.refused <= {"sp-jaunpur"}


def test_a_changed_key_is_no_new_reader_since_the_key_before_proved_it(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    sign(services, book, KHAN)
    (lost,) = services.read_keys(read_heads)
    services.write_now(lambda unit: unit.keys.execute(delete(roster_head)))
    store(services, with_a_spy(book))
    change = KeyChange.of("sp", book.identities["sp", ""], new_identity()[1])
    entry = book.signed(change, KHAN, CLERK, base=services.read_keys(read_state).head)
    services.write_now(lambda unit: chain.append(unit, entry))
    services.write_now(lambda unit: unit.upsert(roster_head, [msgspec.structs.asdict(lost)]))
    refused = services.read_keys(trusting(tmp_path / "roster.jsonl", services).check).state.refused
    assert "sp" not in refused


def test_an_entry_that_follows_a_head_that_officers_signed_is_accepted(
    services: Services, book: RosterBook, tmp_path: Path
) -> None:
    sign(services, book, KHAN)
    entry = book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), KHAN, CLERK)
    services.write_now(lambda unit: chain.append(unit, entry))
    checked = services.read_keys(trusting(tmp_path / "roster.jsonl", services).check)
    assert (checked.lost, checked.problems) == ((), ())
