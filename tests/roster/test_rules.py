"""Rules of the roster: whose signatures an entry needs, and which entries are never allowed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.api.routing import Level
from satark.api.sealing import new_identity
from satark.roster.entries import (
    Closed,
    DestinationSet,
    Entry,
    KeyChange,
    OfficerSet,
    OwnKey,
    Signature,
    Withdrawn,
    desk_verifier,
)
from satark.roster.rules import NotAllowed, Unsigned, check, needed
from support.roster import RosterBook

SP, CLERK, DIG = ("sp", "head"), ("sp", "clerk"), ("dig", "head")
KHAN, RAO = ("sp", "khan"), ("dig", "rao")
ALL_HEADS = (KHAN, RAO, ("sp-jaunpur", "iyer"), ("lanka", "so"), ("cell", ""))


def key_change(ledger: Any, desk: str, removed: str = "", *, auditor: bool = False, proved: bool = True) -> KeyChange:
    _, identity = new_identity()
    old = ledger.desks[desk]
    change = KeyChange.of(desk, old, identity, removed=removed, auditor=auditor)
    return change if proved else msgspec.structs.replace(change, proof="")


@pytest.mark.parametrize("signers", [[SP, CLERK], [CLERK, SP], [SP, DIG]])
def test_a_head_and_one_more_officer_add_an_officer(ledger: Any, signers: list[tuple[str, str]]) -> None:
    ledger.add(OfficerSet(desk="sp", officer=ledger.officer("sp", "new")), *signers)
    assert "new" in ledger.state.desks["sp"].officers


@pytest.mark.parametrize("signers", [[], [SP], [CLERK], [DIG], [CLERK, DIG]])
def test_fewer_or_other_signers_do_not_add_an_officer(ledger: Any, signers: list[tuple[str, str]]) -> None:
    with pytest.raises(NotAllowed):
        ledger.add(OfficerSet(desk="sp", officer=ledger.officer("sp", "new")), *signers)


def test_a_desk_with_one_officer_needs_a_head_of_the_desk_above_and_the_highest_desk_a_head_of_another_desk(
    ledger: Any,
) -> None:
    ledger.add(ledger.desk("lanka", "station", "lanka"), SP, DIG)
    new = OfficerSet(desk="lanka", officer=ledger.officer("lanka", "new"))
    assert needed(ledger.state, new).seconds == (SP,)
    assert set(needed(ledger.state, OfficerSet(desk="dig", officer=ledger.officer("dig", "new"))).seconds) == {
        SP,
        ("lanka", "head"),
    }


def test_the_only_officer_of_the_only_desk_adds_an_officer_alone(empty_ledger: Any) -> None:
    empty_ledger.add(empty_ledger.desk("sp", "district"))
    empty_ledger.close()
    empty_ledger.add(OfficerSet(desk="sp", officer=empty_ledger.officer("sp", "new")), SP)
    with pytest.raises(Unsigned):
        empty_ledger.add(OfficerSet(desk="sp", officer=empty_ledger.officer("sp", "third")), SP)


@pytest.mark.parametrize(
    ("level", "area", "heads"),
    [
        ("range", "", ("dig",)),
        ("state", "", ("dig", "sp")),
        ("district", "", ("dig", "sp")),
        ("station", "lanka", ("dig", "sp")),
    ],
)
def test_a_new_desk_needs_a_head_of_every_desk_whose_tips_it_could_read(
    ledger: Any, level: Level, area: str, heads: tuple[str, ...]
) -> None:
    body = ledger.desk("new", level, area)
    assert needed(ledger.state, body).heads == heads
    with pytest.raises(Unsigned):
        ledger.add(body, *[head for head in (SP, DIG) if head[0] in heads][1:])
    ledger.add(body, SP, DIG)


@pytest.mark.parametrize(
    ("title", "area"),
    [
        ("", ""),
        ("SP\nVaranasi", ""),
        ("SP\u202eisanaraV", ""),
        ("SP\u00a0Varanasi", ""),
        ("SP  Varanasi", ""),
        ("SP ", ""),
        ("S" * 81, ""),
        ("SP", "the whole range"),
        ("SP", "a" * 41),
    ],
)
def test_a_desks_title_and_area_can_not_pass_for_other_lines_of_its_page(ledger: Any, title: str, area: str) -> None:
    body = ledger.desk("new", "district", "varanasi")
    wrong = msgspec.structs.replace(body.desk, title=title, area=area)
    with pytest.raises(NotAllowed):
        ledger.add(msgspec.structs.replace(body, desk=wrong), SP, DIG)
    right = msgspec.structs.replace(body.desk, title="थाना लंका · Lanka police station".ljust(80, "x"))
    ledger.add(msgspec.structs.replace(body, desk=right), SP, DIG)


def test_an_officers_name_has_no_run_of_blanks(ledger: Any) -> None:
    with pytest.raises(NotAllowed):
        ledger.add(OfficerSet(desk="sp", officer=ledger.officer("sp", "a  b")), SP, CLERK)


@pytest.mark.parametrize("to", ["email", "email:a b", "email:a\n", "email:" + "a" * 41, "E:a", ":a"])
def test_a_destination_has_a_name_as_in_the_settings(ledger: Any, to: str) -> None:
    with pytest.raises(NotAllowed):
        ledger.add(DestinationSet(to=to, desk="sp", recipient="age1x"), SP, CLERK)


def test_one_signature_never_adds_a_desk_if_there_are_several_officers(ledger: Any) -> None:
    with pytest.raises(Unsigned):
        ledger.add(ledger.desk("watch", "range"), DIG)


def test_a_desk_in_a_remote_office_signs_with_its_own_key(ledger: Any) -> None:
    ledger.add(ledger.desk("far", "range", heads=()), DIG, SP)
    body = ledger.desk("watch", "range")
    with pytest.raises(Unsigned):
        ledger.add(body, DIG, SP)
    with pytest.raises(Unsigned):
        ledger.add(body, DIG, ("far", ""))
    ledger.add(body, DIG, ("far", ""), CLERK)


@pytest.mark.parametrize(("signers", "proved", "error"), [
    ([SP], True, None),
    ([CLERK], True, Unsigned),
    ([DIG], True, NotAllowed),
    ([SP], False, NotAllowed),
    ([SP, CLERK], False, NotAllowed),
])  # fmt: skip
def test_a_head_changes_the_key_alone_and_only_if_the_former_key_signs_the_new_one(
    ledger: Any, signers: list[tuple[str, str]], *, proved: bool, error: type[Exception] | None
) -> None:
    change = key_change(ledger, "sp", proved=proved)
    if error:
        with pytest.raises(error):
            ledger.add(change, *signers)
    else:
        ledger.add(change, *signers)
        assert ledger.state.desks["sp"].desk.recipient == change.recipient


def test_a_key_that_somebody_else_made_is_refused(ledger: Any) -> None:
    recipient, identity = new_identity()
    change = KeyChange(
        desk="dig",
        replaces=ledger.state.desks["dig"].desk.recipient,
        recipient=recipient,
        verifier=desk_verifier(identity),
    ).proved_by(identity)
    for signers in ([SP], [SP, CLERK], [DIG]):
        with pytest.raises(NotAllowed):
            ledger.add(change, *signers)


def test_a_head_removes_an_officer_alone_and_needs_another_signer_to_remove_a_head(ledger: Any) -> None:
    ledger.add(OfficerSet(desk="sp", officer=ledger.officer("sp", "deputy", "head")), SP, CLERK)
    with pytest.raises(Unsigned):
        ledger.add(key_change(ledger, "sp", "head"), ("sp", "deputy"))
    with pytest.raises(NotAllowed):
        ledger.add(key_change(ledger, "sp", "head"), SP, ("sp", "deputy"))
    ledger.add(key_change(ledger, "sp", "head"), ("sp", "deputy"), CLERK)
    assert list(ledger.state.desks["sp"].officers) == ["clerk", "deputy"]


def test_the_last_head_is_neither_removed_nor_demoted(ledger: Any) -> None:
    with pytest.raises(NotAllowed, match="last head"):
        ledger.add(key_change(ledger, "sp", "head"), CLERK, DIG)
    head = ledger.state.desks["sp"].officers["head"]
    with pytest.raises(NotAllowed, match="last head"):
        ledger.add(OfficerSet(desk="sp", officer=msgspec.structs.replace(head, role="officer")), SP, CLERK)


def test_nobody_widens_their_own_rights_with_their_own_second_signature(ledger: Any) -> None:
    clerk = ledger.state.desks["sp"].officers["clerk"]
    wider = OfficerSet(desk="sp", officer=msgspec.structs.replace(clerk, rights=("release",)))
    with pytest.raises(Unsigned):
        ledger.add(wider, SP, CLERK)
    ledger.add(wider, SP, DIG)


def test_an_officer_becomes_an_auditor_only_with_a_new_key_of_the_desk(ledger: Any) -> None:
    clerk = ledger.state.desks["sp"].officers["clerk"]
    with pytest.raises(NotAllowed, match="key changes"):
        ledger.add(OfficerSet(desk="sp", officer=msgspec.structs.replace(clerk, role="auditor")), SP, DIG)
    with pytest.raises(NotAllowed, match="no officer"):
        ledger.add(key_change(ledger, "sp", auditor=True), SP, CLERK)
    ledger.add(key_change(ledger, "sp", "clerk", auditor=True), SP, DIG)
    state = ledger.state
    assert state.officer("sp", "clerk") == msgspec.structs.replace(clerk, role="auditor", rights=())
    assert state.signing_keys["sp"]["clerk"] == {clerk.signer: state.position}
    ledger.add(OfficerSet(desk="sp", officer=clerk), SP, DIG)
    assert ledger.state.signing_keys["sp"]["clerk"] == {clerk.signer: 0}


def test_an_auditor_does_not_sign(ledger: Any) -> None:
    ledger.add(OfficerSet(desk="dig", officer=ledger.officer("dig", "auditor", "auditor")), DIG, SP)
    with pytest.raises(NotAllowed):
        ledger.add(OfficerSet(desk="dig", officer=ledger.officer("dig", "new")), DIG, ("dig", "auditor"))


def test_a_forged_signature_and_one_for_another_entry_are_refused(ledger: Any) -> None:
    body = OfficerSet(desk="sp", officer=ledger.officer("sp", "new"))
    good = ledger.entry(body, SP, CLERK)
    other = ledger.entry(OfficerSet(desk="sp", officer=ledger.officer("sp", "other")))
    for signatures in (
        good.signatures,
        (Signature(desk="sp", officer="head", signature="00" * 64), good.signatures[1]),
        (Signature(desk="sp", officer="head", signature="no hex"), good.signatures[1]),
    ):
        with pytest.raises(NotAllowed):
            check(ledger.state, msgspec.structs.replace(other, signatures=signatures))


def test_a_proposal_from_before_a_change_of_the_desk_is_refused(ledger: Any) -> None:
    early = ledger.entry(OfficerSet(desk="sp", officer=ledger.officer("sp", "new")), SP, CLERK)
    ledger.add(OfficerSet(desk="sp", officer=ledger.officer("sp", "other")), SP, CLERK)
    with pytest.raises(NotAllowed, match="propose it again"):
        check(ledger.state, early)


@pytest.mark.parametrize("name", ["dig", "sp", "elsewhere"])
def test_a_destination_is_never_named_as_a_desk(ledger: Any, name: str) -> None:
    with pytest.raises(NotAllowed, match="never as a desk"):
        ledger.add(DestinationSet(to=name, desk="sp", recipient="age1x"), SP, CLERK)


def test_a_destination_with_access_needs_the_signatures_of_a_head_and_one_more_officer(ledger: Any) -> None:
    body = DestinationSet(to="email:room", desk="sp", recipient="age1x")
    with pytest.raises(Unsigned):
        ledger.add(body, SP)
    ledger.add(body, SP, CLERK)
    everybodys = DestinationSet(to="email:all", desk="", recipient="age1x")
    assert needed(ledger.state, everybodys).heads == ("dig", "sp")


@pytest.mark.parametrize("owner", ["dig", ""])
def test_a_destination_moves_to_another_desk_only_with_a_head_of_its_present_desk(ledger: Any, owner: str) -> None:
    ledger.add(DestinationSet(to="email:room", desk=owner, recipient="age1x"), DIG, SP)
    mine = DestinationSet(to="email:room", desk="sp", recipient="age1mine")
    with pytest.raises(Unsigned):
        ledger.add(mine, SP, CLERK)
    ledger.add(mine, SP, CLERK, DIG)


def test_a_founding_ends_with_no_destination_named_as_a_desk(empty_ledger: Any) -> None:
    empty_ledger.add(empty_ledger.desk("sp", "district"))
    with pytest.raises(NotAllowed, match="never as a desk"):
        empty_ledger.add(Closed(destinations=(DestinationSet(to="sp", desk="sp", recipient="age1x"),)))


def test_no_two_desks_have_names_that_look_alike(ledger: Any) -> None:
    for name in ("email:ops", "decoy/1", "", "x" * 41, "Sp"):
        with pytest.raises(NotAllowed, match="a desk's name is"):
            ledger.add(ledger.desk(name, "range"), DIG, SP)


def test_a_proposed_desk_or_destination_expires_when_a_desk_that_signs_for_it_changes(ledger: Any) -> None:
    signed = [
        ledger.entry(ledger.desk("new", "range"), DIG, SP),
        ledger.entry(DestinationSet(to="email:all", desk="", recipient="age1x"), DIG, SP),
    ]
    for entry in signed:
        check(ledger.state, entry)
    ledger.add(key_change(ledger, "dig"), DIG)
    for entry in signed:
        with pytest.raises(NotAllowed, match="propose it again"):
            check(ledger.state, entry)


def test_a_head_from_above_who_signed_for_a_desk_is_its_second_person_only_if_there_is_no_other(ledger: Any) -> None:
    ledger.add(ledger.desk("lanka", "station", "lanka"), SP, DIG)
    ledger.add(OfficerSet(desk="sp", officer=ledger.officer("sp", "second", "head")), CLERK, SP)
    munshi, so = OfficerSet(desk="lanka", officer=ledger.officer("lanka", "munshi")), ("lanka", "head")
    with pytest.raises(Unsigned):
        ledger.add(munshi, so, SP)
    ledger.add(munshi, so, ("sp", "second"))


def test_a_forged_entry_changes_nothing_and_is_reported(ledger: Any) -> None:
    before = ledger.state.desks.keys()
    ledger.encoded.append(Entry(body=ledger.desk("watch", "range"), base=ledger.state.head).encode())
    ledger.encoded.append(b"junk")
    assert ledger.state.desks.keys() == before
    assert len(ledger.problems) == 2
    ledger.add(OfficerSet(desk="sp", officer=ledger.officer("sp", "new")), SP, CLERK)
    assert "new" in ledger.state.desks["sp"].officers, "what is signed still counts"


def test_the_founding_ends_once(ledger: Any) -> None:
    with pytest.raises(NotAllowed):
        ledger.add(Closed())


CODE = "abcd-2345"


@pytest.fixture
def book() -> RosterBook:
    """The desks of a DIG, two SPs (one with a clerk), a station and an office, sealed."""
    return RosterBook.sealed()


@pytest.mark.slow("half a second of a processor")
def test_a_new_key_needs_a_head_and_another_officer_who_both_typed_its_code(book: RosterBook) -> None:
    body = book.new_key("sp", "clerk", CODE)
    for wrong in ("", "abcd-2346"):
        with pytest.raises(NotAllowed, match="types its code"):
            book.follow(body, KHAN, RAO, code=wrong)
    with pytest.raises(Unsigned):
        book.follow(body, KHAN, code=CODE)
    typed, untyped = book.signed(body, KHAN, code=CODE), book.signed(body, KHAN, RAO)
    copied = msgspec.structs.replace(untyped.signatures[1], code=typed.signatures[0].code)
    with pytest.raises(NotAllowed, match="types its code"):
        check(book.state, typed.signed_by(copied))
    book.follow(body, KHAN, RAO, code="ABCD 2345")
    assert book.state.officer("sp", "clerk") == body.officer


@pytest.mark.slow("keys of several officers")
def test_a_code_confirms_only_the_key_that_it_was_made_with(book: RosterBook) -> None:
    real = book.new_key("sp", "clerk", CODE)
    swapped = msgspec.structs.replace(book.new_key("sp", "clerk", "0000-0000"), code=real.code)
    with pytest.raises(NotAllowed, match="types its code"):
        book.follow(swapped, KHAN, RAO, code=CODE)


@pytest.mark.slow("keys of several officers")
def test_nobody_signs_for_their_own_new_key(book: RosterBook) -> None:
    old = book.identities[KHAN]
    body = book.new_key("sp", "khan", CODE)
    book.identities[KHAN] = old
    with pytest.raises(NotAllowed, match="another officer must sign"):
        book.follow(body, KHAN, RAO, code=CODE)


@pytest.mark.slow("keys of several officers")
def test_a_new_key_comes_with_no_role_and_a_role_with_no_new_key(book: RosterBook) -> None:
    body = book.new_key("sp", "clerk", CODE)
    for officer in (
        msgspec.structs.replace(body.officer, role="head"),
        msgspec.structs.replace(body.officer, rights=("release",)),
    ):
        with pytest.raises(NotAllowed, match="not changed at once"):
            book.follow(msgspec.structs.replace(body, officer=officer), KHAN, RAO, code=CODE)
    clerk = book.state.desks["sp"].officers["clerk"]
    for officer in (
        body.officer,
        msgspec.structs.replace(clerk, recipient=body.officer.recipient),
        msgspec.structs.replace(clerk, signer=body.officer.signer),
    ):
        with pytest.raises(NotAllowed, match="not changed at once"):
            book.follow(OfficerSet(desk="sp", officer=officer), KHAN, RAO)


@pytest.mark.slow("keys of several officers")
def test_a_head_and_an_officer_whom_the_head_appointed_or_recovered_change_nothing_together(book: RosterBook) -> None:
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "puppet")), KHAN, CLERK)
    book.follow(book.new_key("sp", "clerk", CODE), KHAN, RAO, code=CODE)
    before = msgspec.structs.replace(book.state.desks["sp"].officers["puppet"], rights=("release",))
    for body in (
        OfficerSet(desk="sp", officer=book.officer("sp", "more")),
        OfficerSet(desk="sp", officer=before),
        DestinationSet(to="email:room", desk="sp", recipient="age1x"),
    ):
        for second in (("sp", "puppet"), CLERK):
            with pytest.raises(Unsigned):
                book.follow(body, KHAN, second)
        book.follow(body, KHAN, RAO)


def test_a_head_of_the_only_desk_alone_lets_no_destination_read(empty_ledger: Any) -> None:
    empty_ledger.add(empty_ledger.desk("sp", "district"))
    empty_ledger.add(OfficerSet(desk="sp", officer=empty_ledger.officer("sp", "clerk")))
    empty_ledger.close()
    for desk in ("", "sp"):
        body = DestinationSet(to="email:room", desk=desk, recipient="age1x")
        with pytest.raises(Unsigned):
            empty_ledger.add(body, SP)
        empty_ledger.add(body, SP, CLERK)


def test_a_new_desk_begins_with_one_officer(ledger: Any) -> None:
    with pytest.raises(NotAllowed, match="begins with one officer"):
        ledger.add(ledger.desk("watch", "range", heads=("one", "two")), DIG, SP)


def test_the_signature_covers_who_proposed_an_officer_whatever_the_order_of_signatures(book: RosterBook) -> None:
    entry = book.signed(OfficerSet(desk="sp", officer=book.officer("sp", "new")), KHAN, CLERK)
    turned = msgspec.structs.replace(entry, signatures=entry.signatures[::-1])
    check(book.state, turned)
    book.state.apply(turned, "ab" * 32)
    assert book.state.are_linked(KHAN, ("sp", "new"))
    assert not book.state.are_linked(CLERK, ("sp", "new"))
    with pytest.raises(NotAllowed, match="not that of an officer"):
        check(book.state, msgspec.structs.replace(entry, by=CLERK))
    other = Entry(body=entry.body, by=RAO, base=book.state.head)
    for one in (KHAN, CLERK):
        other = other.signed_with(one, book.identities[one])
    with pytest.raises(NotAllowed, match="whoever proposes a change signs it"):
        check(book.state, other)


def test_a_single_head_does_not_create_two_officers_who_act_as_two(empty_ledger: Any) -> None:
    empty_ledger.add(empty_ledger.desk("sp", "district"))
    empty_ledger.close()
    one, two = ("sp", "one"), ("sp", "two")
    empty_ledger.add(OfficerSet(desk="sp", officer=empty_ledger.officer(*one)), SP)
    empty_ledger.add(OfficerSet(desk="sp", officer=empty_ledger.officer(*two)), SP, one)
    for pair in ((SP, one), (SP, two), (one, two)):
        assert not empty_ledger.state.may_act_as_two(*pair)


def test_a_head_of_a_new_desk_signs_with_the_desk_above_and_not_with_a_peer_who_approved_the_desk(
    book: RosterBook,
) -> None:
    book.follow(book.desk("godowlia", "station", "godowlia", book.officer("godowlia", "x", "head")), *ALL_HEADS)
    station = OfficerSet(desk="godowlia", officer=book.officer("godowlia", "munshi"))
    book.follow(station, ("godowlia", "x"), KHAN)
    book.follow(book.desk("watch", "range", "east", book.officer("watch", "y", "head")), RAO, KHAN)
    with pytest.raises(Unsigned):
        book.follow(OfficerSet(desk="dig", officer=book.officer("dig", "puppet")), RAO, ("watch", "y"))
    with pytest.raises(Unsigned):
        book.follow(book.desk("mau", "range", "east", book.officer("mau", "z", "head")), RAO, ("watch", "y"))
    book.follow(OfficerSet(desk="dig", officer=book.officer("dig", "puppet")), RAO, KHAN)


def own_key(book: RosterBook, desk: str, name: str) -> tuple[OwnKey, str]:
    """A new own key of an officer, and the identity before."""
    before, role = book.identities[desk, name], book.state.desks[desk].officers[name].role
    body = OwnKey(desk=desk, officer=book.officer(desk, name, role), log=3)
    new, book.identities[desk, name] = book.identities[desk, name], before
    return body, new


@pytest.mark.parametrize("name", ["clerk", "khan", "watcher"])
def test_an_officer_takes_a_new_key_alone_with_the_signature_of_the_former_key(book: RosterBook, name: str) -> None:
    body, new = own_key(book, "sp", name)
    for signers in ([], [RAO], [RAO, ("sp", name)]):
        with pytest.raises(NotAllowed):
            check(book.state, book.signed(body, *signers))
    former = book.state.desks["sp"].officers[name]
    book.state.known_keys.clear()
    book.follow(body, ("sp", name))
    assert book.state.desks["sp"].officers[name] == body.officer
    assert "sp" in book.state.known_keys
    assert book.state.former_keys == {("sp", name): {former.signer: 3}}
    back = msgspec.structs.replace(body, officer=former)
    book.identities["sp", name] = new
    with pytest.raises(NotAllowed, match="which nobody had before"):
        book.follow(back, ("sp", name))


def test_an_officer_changes_only_their_own_key_and_no_role(book: RosterBook) -> None:
    body, _ = own_key(book, "sp", "clerk")
    wider = msgspec.structs.replace(body, officer=msgspec.structs.replace(body.officer, role="head"))
    with pytest.raises(NotAllowed, match="key and role are not changed at once"):
        book.follow(wider, ("sp", "clerk"))
    with pytest.raises(NotAllowed, match="a key of their own"):
        book.follow(body, KHAN)


def test_a_key_change_from_before_an_own_key_is_refused(book: RosterBook) -> None:
    change = KeyChange.of("sp", book.identities["sp", ""], new_identity()[1])
    waiting, (body, _) = book.signed(change, KHAN), own_key(book, "sp", "clerk")
    book.follow(body, ("sp", "clerk"))
    with pytest.raises(NotAllowed, match="propose it again"):
        check(book.state, waiting)
    book.follow(change, KHAN)
    assert "sp" not in book.state.known_keys


def test_an_officer_withdraws_a_proposal_and_no_auditor_or_stranger_does(book: RosterBook) -> None:
    added = book.signed(OfficerSet(desk="sp", officer=book.officer("sp", "new")), KHAN, RAO)
    withdrawn = Withdrawn(proposal=added.id)
    for signers in ([], [("sp", "watcher")], [KHAN, RAO]):
        with pytest.raises(NotAllowed):
            check(book.state, book.signed(withdrawn, *signers))
    book.follow(withdrawn, KHAN)
    assert book.state.unlisted == [book.state.position]
    with pytest.raises(NotAllowed, match="this was withdrawn"):
        check(book.state, added)


def two_safes(*clerks: str) -> RosterBook:
    """A sealed roster of the SP and the DIG, each with a head and a head `recovery`, and with clerks of the SP."""
    book = RosterBook()
    for desk, level, name in (("dig", "range", "rao"), ("sp", "district", "khan")):
        others = [book.officer(desk, clerk) for clerk in clerks if desk == "sp"]
        heads = [book.officer(desk, one, "head") for one in (name, "recovery")]
        book.follow(book.desk(desk, level, "", *heads, *others))  # type: ignore[arg-type]
    book.follow(Closed())
    return book


SP_SAFE, DIG_SAFE = ("sp", "recovery"), ("dig", "recovery")


@pytest.mark.parametrize("clerks", [(), ("clerk",)])
def test_a_person_who_keeps_the_envelopes_of_two_desks_signs_nothing_as_two(clerks: tuple[str, ...]) -> None:
    book = two_safes(*clerks)
    for body in (
        OfficerSet(desk="sp", officer=book.officer("sp", "mole")),
        OfficerSet(desk="dig", officer=book.officer("dig", "mole")),
        book.desk("watch", "range", "", book.officer("watch", "mole", "head")),
        book.new_key("sp", "khan", "code-code"),
        DestinationSet(to="email:mole", desk="sp", recipient="r"),
        DestinationSet(to="email:mole", desk="", recipient="r"),
        KeyChange.of("sp", book.identities["sp", ""], new_identity()[1], removed="khan"),
    ):
        for signers in ((SP_SAFE, DIG_SAFE), (DIG_SAFE, SP_SAFE)):
            with pytest.raises(NotAllowed):
                check(book.state, book.signed(body, *signers, code="code-code"))


def test_an_officer_who_lost_the_passphrase_gets_in_by_the_safe_and_one_person_of_another_desk() -> None:
    book = two_safes()
    book.follow(book.new_key("sp", "khan", "code-code"), SP_SAFE, RAO, code="code-code")
    book.follow(book.new_key("dig", "rao", "code-code"), DIG_SAFE, KHAN, code="code-code")
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), KHAN, RAO)


def test_in_an_installation_of_one_head_and_the_safe_both_sign() -> None:
    book = RosterBook()
    book.follow(book.desk("sp", "district", "", *(book.officer("sp", one, "head") for one in ("khan", "recovery"))))
    book.follow(Closed())
    new = OfficerSet(desk="sp", officer=book.officer("sp", "new"))
    for alone in (KHAN, SP_SAFE):
        with pytest.raises(Unsigned):
            check(book.state, book.signed(new, alone))
    book.follow(new, KHAN, SP_SAFE)
