"""The signatures that an entry needs, case by case, and the entries that the roster refuses, message by message."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.api.sealing import new_identity
from satark.roster import rules
from satark.roster.entries import Closed, DestinationSet, KeyChange, OfficerSet, Signature
from satark.roster.rules import Needed, NotAllowed, Unsigned
from support.roster import RosterBook

DIG, SP, CLERK, AUDITOR = ("dig", "rao"), ("sp", "khan"), ("sp", "clerk"), ("sp", "watcher")
JAUNPUR, SO, CELL = ("sp-jaunpur", "iyer"), ("lanka", "so"), ("cell", "")
EVERYBODY = (DIG, SP, CLERK, JAUNPUR, SO, CELL)
ALL_DESKS = ("cell", "dig", "lanka", "sp", "sp-jaunpur")


@pytest.fixture
def book() -> RosterBook:
    return RosterBook.sealed()


def key_change(book: RosterBook, desk: str, removed: str = "") -> KeyChange:
    old, (_, new) = book.identities[desk, ""], new_identity()
    return KeyChange.of(desk, old, new, removed=removed)


def unproved(change: KeyChange) -> KeyChange:
    return msgspec.structs.replace(change, proof="")


def refused(
    book: RosterBook, body: Any, *signers: tuple[str, str], kind: type[NotAllowed] = NotAllowed, base: str | None = None
) -> str:
    """Return why an entry is refused."""
    with pytest.raises(kind) as caught:
        rules.check(book.state, book.signed(body, *signers, base=base))
    assert type(caught.value) is kind
    return str(caught.value)


def test_the_desk_of_synthetic_tips_judges_nobody_and_stands_above_nobody(book: RosterBook) -> None:
    assert "level outpost" in refused(book, book.desk("probe", "range", "", book.officer("probe", "z", "head")))
    probe = book.desk("probe", "outpost", "", book.officer("probe", "operator", "head"))
    book.follow(probe, *((desk, name) for desk, name in (DIG, SP, JAUNPUR, SO, CELL)))
    operator = ("probe", "operator")
    for level in ("range", "district", "station", "outpost"):
        wanted = rules.needed(book.state, book.desk("watch", level, "", book.officer("watch", "x", "head")))
        assert "probe" not in wanted.heads
        assert operator not in wanted.seconds
    for body in (
        OfficerSet(desk="sp", officer=book.officer("sp", "y")),
        DestinationSet(desk="", to="email:cell", recipient="r", verifier="v"),
    ):
        wanted = rules.needed(book.state, body)
        assert "probe" not in wanted.heads
        assert operator not in wanted.seconds


@pytest.mark.parametrize(
    ("desk", "heads"),
    [
        (("watch", "range", "east"), ("dig",)),
        (("watch", "range", ""), ALL_DESKS),
        (("watch", "range", "west"), ALL_DESKS),
        (("watch", "district", "varanasi"), ("dig", "sp")),
        (("watch", "district", ""), ALL_DESKS),
        (("watch", "district", "mau"), ("dig", "lanka")),
        (("watch", "station", "lanka"), ALL_DESKS),
        (("watch", "outpost", "nagwa"), ALL_DESKS),
    ],
)
def test_a_new_desk_needs_a_head_of_each_desk_whose_tips_it_could_read_and_another_officer(
    book: RosterBook, desk: tuple[str, Any, str], heads: tuple[str, ...]
) -> None:
    found = rules.needed(book.state, book.desk(*desk, book.officer("watch", "x", "head")))
    assert found.heads == heads
    assert found.seconds == EVERYBODY


def test_one_signature_is_enough_if_there_is_only_one_officer() -> None:
    alone = RosterBook()
    alone.follow(alone.desk("sp", "district", "varanasi", alone.officer("sp", "khan", "head")))
    alone.follow(Closed())
    assert rules.needed(alone.state, alone.desk("x", "district", "mau")) == Needed(heads=("sp",))
    officer = OfficerSet(desk="sp", officer=alone.officer("sp", "new"))
    assert rules.needed(alone.state, officer) == Needed(heads=("sp",))
    alone.follow(officer, SP)
    assert rules.needed(alone.state, alone.desk("x", "district", "mau")).seconds == (SP, ("sp", "new"))


@pytest.mark.parametrize(
    ("desk", "subject", "seconds"),
    [
        ("sp", "new", (SP, CLERK, DIG)),
        ("sp", "clerk", (DIG,)),
        ("sp-jaunpur", "new", (DIG,)),
        ("lanka", "new", (SP, JAUNPUR, CELL)),
        ("dig", "new", (SP, JAUNPUR, SO, CELL)),
    ],
)
def test_a_new_officer_needs_a_head_and_another_officer_of_the_desk_or_of_the_desk_above(
    book: RosterBook, desk: str, subject: str, seconds: tuple[tuple[str, str], ...]
) -> None:
    found = rules.needed(book.state, OfficerSet(desk=desk, officer=book.officer(desk, subject)))
    assert found == Needed(heads=(desk,), seconds=seconds)


def test_a_destination_needs_its_own_desk_and_a_destination_of_no_desk_needs_every_desk(book: RosterBook) -> None:
    assert rules.needed(book.state, DestinationSet(to="email:x", desk="sp", recipient="r")) == Needed(
        heads=("sp",), seconds=(SP, CLERK, DIG)
    )
    assert rules.needed(book.state, DestinationSet(to="email:x", desk="", recipient="r")) == Needed(
        heads=ALL_DESKS, seconds=EVERYBODY
    )
    assert rules.needed(book.state, Closed()) == Needed(heads=())


def test_the_holder_of_the_key_may_renew_it_alone_but_not_remove_a_head(book: RosterBook) -> None:
    change = key_change(book, "sp")
    assert rules.needed(book.state, change) == Needed(heads=("sp",))
    assert rules.needed(book.state, key_change(book, "sp", "clerk")) == Needed(heads=("sp",))
    assert rules.needed(book.state, key_change(book, "sp", "khan")) == Needed(heads=("sp",), seconds=(CLERK, DIG))
    assert rules.needed(book.state, key_change(book, "cell")) == Needed(heads=("dig",))


def test_missing_signatures_are_named_heads_first(book: RosterBook) -> None:
    wanted = Needed(heads=("sp", "dig"), seconds=(SP, CLERK, CELL))
    state = book.state
    assert wanted.missing(state, []) == "a head of desk sp and a head of desk dig"
    assert wanted.missing(state, [CLERK]) == "a head of desk sp and a head of desk dig"
    assert wanted.missing(state, [SP]) == "a head of desk dig"
    assert wanted.missing(state, [DIG, SP]) == ""
    assert wanted.missing(state, [DIG, SP, CLERK]) == ""
    alone = Needed(heads=("sp",), seconds=(SP, CLERK, CELL))
    assert alone.missing(state, [SP]) == "one more officer: clerk (desk sp), its officers (desk cell)"
    assert alone.without(state, [SP]) == Needed(heads=(), seconds=(CLERK, CELL))
    assert alone.without(state, [SP, CELL]) == Needed(heads=())
    assert alone.without(state, [CLERK]) == Needed(heads=("sp",))
    assert Needed(heads=("sp",)).missing(state, [SP]) == ""


@pytest.mark.parametrize(
    ("signers", "missing"),
    [
        ((CLERK,), "this needs the signature of a head of desk sp"),
        ((DIG,), "this needs the signature of a head of desk sp"),
        ((SP,), "this needs the signature of one more officer: clerk (desk sp), rao (desk dig)"),
        ((SP, JAUNPUR), "this needs the signature of one more officer: clerk (desk sp), rao (desk dig)"),
    ],
)
def test_nobody_adds_an_officer_alone(book: RosterBook, signers: Any, missing: str) -> None:
    body = OfficerSet(desk="sp", officer=book.officer("sp", "new"))
    assert refused(book, body, *signers, kind=Unsigned) == missing


def test_a_change_is_proposed_by_an_officer_whose_signature_counts(book: RosterBook) -> None:
    """Whoever writes rows may put another key into a proposal: only its proposer can tell."""
    added = OfficerSet(desk="sp", officer=book.officer("sp", "new"))
    assert refused(book, added) == "whoever proposes a change signs it"
    assert refused(book, added, JAUNPUR, SP, CLERK) == "an officer of a desk that signs proposes a change"
    for body in (added, key_change(book, "sp", "clerk"), DestinationSet(to="email:x", desk="sp", recipient="age1x")):
        for by in (("", ""), SP):
            swapped = msgspec.structs.replace(book.signed(body, SP, DIG), by=by, signatures=())
            with pytest.raises(NotAllowed, match="whoever proposes a change signs it"):
                rules.check(book.state, swapped.signed_with(DIG, book.identities[DIG]))


@pytest.mark.parametrize("signers", [(SP, CLERK), (CLERK, SP), (SP, DIG)])
def test_a_head_and_one_more_officer_add_an_officer(book: RosterBook, signers: Any) -> None:
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "new")), *signers)
    assert list(book.state.desks["sp"].officers) == ["khan", "clerk", "watcher", "new"]


def test_a_signature_of_somebody_whom_the_roster_does_not_list_does_not_count(book: RosterBook) -> None:
    words = "a signature is not that of an officer whom the roster lists"
    body = OfficerSet(desk="sp", officer=book.officer("sp", "new"))
    book.officer("sp", "stranger")
    for nobody in (("sp", "stranger"), AUDITOR, ("sp", "")):
        assert refused(book, body, SP, nobody) == words
    signed = book.signed(body, SP, CLERK)
    for wrong in ("", "zz", "00" * 64):
        forged = msgspec.structs.replace(signed.signatures[1], signature=wrong)
        entry = msgspec.structs.replace(signed, signatures=(signed.signatures[0], forged))
        with pytest.raises(NotAllowed, match=f"^{words}$"):
            rules.check(book.state, entry)
    other = OfficerSet(desk="sp", officer=book.officer("sp", "other"))
    with pytest.raises(NotAllowed, match=f"^{words}$"):
        rules.check(book.state, msgspec.structs.replace(signed, body=other))


def test_two_signatures_of_one_officer_are_refused(book: RosterBook) -> None:
    signed = book.signed(OfficerSet(desk="sp", officer=book.officer("sp", "new")), SP)
    twice = msgspec.structs.replace(signed, signatures=signed.signatures * 2)
    with pytest.raises(NotAllowed, match=r"^an officer signs once$"):
        rules.check(book.state, twice)


def test_a_new_desk_can_not_sign_for_itself(book: RosterBook) -> None:
    body = book.desk("watch", "district", "varanasi", book.officer("watch", "x", "head"))
    missing = "this needs the signature of a head of desk dig and a head of desk sp"
    assert refused(book, body, ("watch", "x"), kind=Unsigned) == missing
    assert refused(book, body, ("watch", "x"), DIG, kind=Unsigned) == "this needs the signature of a head of desk sp"
    book.follow(body, ("watch", "x"), DIG, SP)
    assert "watch" in book.state.desks


@pytest.mark.parametrize("desk", ["sp", "cell"])
def test_a_desk_with_a_used_name_is_refused(book: RosterBook, desk: str) -> None:
    young = RosterBook()
    young.follow(young.desk(desk, "district", "varanasi"))
    for one in (book, young):
        assert refused(one, one.desk(desk, "range", "")) == "the roster has a desk of that name already"


def test_an_entry_that_nobody_may_make_is_refused_with_the_reason(book: RosterBook) -> None:
    clerk, khan = (book.state.desks["sp"].officers[name] for name in ("clerk", "khan"))
    replace = msgspec.structs.replace
    cases: dict[str, list[Any]] = {
        "the first officer of a desk is its head": [book.desk("x", "station", "", book.officer("x", "y"))],
        "the last head of a desk stays its head": [OfficerSet(desk="sp", officer=replace(khan, role="officer"))],
        "the roster lists no desk of that name": [
            OfficerSet(desk="x", officer=book.officer("x", "y")),
            DestinationSet(to="email:x", desk="x", recipient=""),
            replace(key_change(book, "sp"), desk="x"),
        ],
        "the roster is sealed already": [Closed()],
        "another officer has this key": [
            OfficerSet(desk="sp", officer=replace(clerk, name="other")),
            OfficerSet(desk="lanka", officer=clerk),
        ],
        "an officer's name has 1 to 40 printable characters": [
            OfficerSet(desk="sp", officer=replace(book.officer("sp", "other"), name=name))
            for name in ("", " ", "a\nb", "x" * 41)
        ],
        "the desk has no officer of that name": [key_change(book, "sp", "nobody")],
        "the last head of a desk can't be removed": [key_change(book, "sp", "khan")],
        "the desk's key was changed meanwhile: sign in again": [replace(key_change(book, "sp"), replaces="age1old")],
        "the key before did not sign this one": [
            replace(key_change(book, "sp"), proof="00" * 64),
            unproved(key_change(book, "sp")),
            unproved(key_change(book, "cell")),
        ],
    }
    for words, bodies in cases.items():
        for body in bodies:
            assert refused(book, body, SP, CLERK) == words
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "x" * 40)), SP, CLERK)


def test_nobody_signs_their_own_removal_and_one_of_two_heads_can_be_removed(book: RosterBook) -> None:
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "second", "head")), SP, CLERK)
    change = key_change(book, "sp", "khan")
    assert refused(book, change, SP, CLERK) == "an officer must be removed by another officer of the desk"
    book.follow(change, ("sp", "second"), CLERK)
    assert book.state.desks["sp"].heads == ["second"]
    assert book.state.desks["sp"].desk.recipient == change.recipient


def test_a_remote_desk_gets_a_new_key_if_the_former_key_signed_it_and_a_head_above_confirmed_it(
    book: RosterBook,
) -> None:
    change = key_change(book, "cell")
    for signers in ((), (("cell", ""),), (SP, CLERK)):
        assert refused(book, change, *signers, kind=Unsigned) == "this needs the signature of a head of desk dig"
    book.follow(change, DIG)
    assert book.state.desks["cell"].verifier == change.verifier
    assert refused(book, change) == "the desk's key was changed meanwhile: sign in again"


def test_a_signature_from_before_a_change_can_not_be_used_again(book: RosterBook) -> None:
    words = "the roster changed since this was proposed: propose it again"
    body = OfficerSet(desk="sp", officer=book.officer("sp", "new"))
    before = book.state.head
    book.follow(OfficerSet(desk="lanka", officer=book.officer("lanka", "munshi")), SO, SP)
    book.follow(OfficerSet(desk="sp", officer=book.officer("sp", "other")), SP, CLERK, base=before)
    for base in (before, "ab" * 32, ""):
        assert refused(book, body, SP, CLERK, base=base) == words
    book.follow(body, SP, CLERK)


def test_in_the_founding_no_signature_is_needed_but_a_wrong_one_is_refused() -> None:
    young = RosterBook()
    young.follow(young.desk("sp", "district", "varanasi", young.officer("sp", "khan", "head")))
    young.follow(OfficerSet(desk="sp", officer=young.officer("sp", "clerk")))
    young.follow(young.desk("dig", "range", "", young.officer("dig", "rao", "head")))
    body = OfficerSet(desk="sp", officer=young.officer("sp", "new"))
    forged = young.signed(body).signed_by(Signature(desk="sp", officer="khan", signature="00" * 64))
    with pytest.raises(NotAllowed, match="not that of an officer"):
        rules.check(young.state, forged)


def test_the_last_head_gets_rights_and_stays_head(book: RosterBook) -> None:
    khan = msgspec.structs.replace(book.state.desks["sp"].officers["khan"], rights=("listen",))
    book.follow(OfficerSet(desk="sp", officer=khan), CLERK, SP)
    assert book.state.officer("sp", "khan") == khan
