"""Which messages are sealed to the releases of a tip, and which release a desk has."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.api.routing import LEVELS
from satark.api.sealing import CantOpen, new_identity, open_as, seal
from satark.api.tip import CaseStep, Envelope, Header, Message, Release, Status
from satark.roster.entries import Closed
from satark.routing.authors import Signers
from satark.routing.releases import Access
from support.roster import RosterBook

HEADER = Header(number="K", revision=1, category="", language="", received="", excluded=("sp-jaunpur",))
ENVELOPE = Envelope(
    tip="t",
    desk="sp",
    identity="",
    header=HEADER,
    holders={"sp": ("email:sp",), "dig": ()},
    answers_to={"sp": "dig"},
)
KEYS = {name: new_identity()[1] for name in ("lanka", "sigra", "dig")}


def directed(to: str, *, whole: bool = False) -> Message:
    reading = (f"email:{to}",) if whole else ()
    step = CaseStep(kind="directed", to=to, release=None if whole else Release(key=KEYS[to]), destinations=reading)
    return Message(sender="desk", desk="sp", text="look", internal=True, case=step)


def step(kind: str, to: str = "") -> Message:
    return Message(sender="desk", desk="sp", internal=True, case=CaseStep(kind=kind, to=to))  # type: ignore[arg-type]


def to_tipster(status: Status | None = None, text: str = "answer") -> Message:
    return Message(sender="desk", desk="sp", text=text, status=status)


LANKA, BOTH, NOBODY = ["lanka"], ["lanka", "sigra"], list[str]()


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (Message(sender="desk", desk="sp", text="note", internal=True), BOTH),
        (Message(sender="desk", desk="sp", text="note", internal=True, private=True), NOBODY),
        (Message(sender="desk", desk="sp", text="spoken", internal=True, transcript="1"), NOBODY),
        (Message(sender="desk", desk="sp", internal=True, retention="ask_hold"), NOBODY),
        (Message(sender="tipster", text="my brother"), NOBODY),
        (step("reported"), BOTH),
        (step("closed"), BOTH),
        (step("corrected"), BOTH),
        (step("ordered", "lanka"), LANKA),
        (step("merged", "K111-1111"), NOBODY),
        (step("asked_raw", "lanka"), NOBODY),
        (step("assigned", "sp-1"), NOBODY),
        (directed("lanka"), LANKA),
        (directed("lanka", whole=True), NOBODY),
        (step("withdrawn", "lanka"), NOBODY),
        (to_tipster(), NOBODY),
        (to_tipster("NEED_INFO"), NOBODY),
        (to_tipster("CLOSED"), NOBODY),
        (to_tipster("REOPENED"), NOBODY),
        (to_tipster("CLOSED", ""), BOTH),
        (to_tipster("REOPENED", ""), BOTH),
        (to_tipster("IN_REVIEW", ""), NOBODY),
    ],
)
def test_a_message_is_sealed_to_the_desks_that_it_concerns_and_that_may_read_it(
    message: Message, wanted: list[str]
) -> None:
    thread = [directed("lanka"), directed("sigra")]
    assert Access(ENVELOPE, thread).release_readers(message) == wanted


def access(*messages: Message) -> Access:
    return Access(ENVELOPE, messages)


def test_the_newest_direction_or_withdrawal_counts() -> None:
    assert access(directed("lanka"), directed("sigra")).releases.keys() == {"lanka", "sigra"}
    assert access(directed("lanka"), directed("lanka", whole=True)).releases == {}
    assert access(directed("lanka"), step("withdrawn", "lanka")).releases == {}
    assert access(directed("lanka"), step("withdrawn", "lanka"), directed("lanka")).releases.keys() == {"lanka"}


def test_the_envelope_and_the_desks_later_acts_say_which_desks_have_the_key() -> None:
    assert access().readers == {"sp", "email:sp", "dig"}
    assert access(directed("lanka", whole=True)).readers == {"sp", "email:sp", "dig", "lanka", "email:lanka"}
    assert access(directed("lanka", whole=True), step("withdrawn", "lanka")).readers == access().readers
    assert access(step("withdrawn", "sp")).readers == {"dig"}
    assert access(directed("lanka")).readers == access().readers


def test_a_release_takes_the_key_from_no_desk_and_an_excluded_desk_gets_neither() -> None:
    given = access(directed("dig"), directed("sp-jaunpur", whole=True))
    assert (given.readers, given.releases) == (access().readers, {})


def test_a_tipsters_message_releases_nothing() -> None:
    forged = Message(sender="tipster", case=CaseStep(kind="directed", to="lanka", release=Release(key=KEYS["lanka"])))
    assert access(forged).releases == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"case": CaseStep(kind="directed", to="lanka")},
        {"case": CaseStep(kind="withdrawn", to="dig")},
        {"case": CaseStep(kind="closed")},
        {"retention": "ask_erasure"},
        {"status": "CLOSED"},
        {"transcript": "1"},
        {"internal": False},
    ],
)
def test_only_notes_and_recusals_are_private(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="private"):
        Message(sender="desk", desk="sp", **{"internal": True, "private": True, **fields})  # type: ignore[arg-type]
    for kind in ("recused", "readmitted"):
        assert Message(sender="desk", internal=True, private=True, case=CaseStep(kind=kind)).private
    written = {"sender": "desk", "internal": True, "private": True, "case": {"kind": "directed", "to": "lanka"}}
    recipient, identity = new_identity()
    with pytest.raises(CantOpen):
        open_as(Message, seal(written, recipient), identity)


def by(desk: str, kind: str, to: str, *, release: bool = False) -> Message:
    given = Release(key=KEYS["lanka"]) if release else None
    return Message(sender="desk", desk=desk, internal=True, case=CaseStep(kind=kind, to=to, release=given))  # type: ignore[arg-type]


def counted(access: Access, message: Message) -> bool:
    """Have a reader accept a message if its desk may write it; return whether it may."""
    may_write = signers().may_write(message, access)
    if may_write:
        access.follow(message)
    return may_write


LEVEL = {"hq": "state", "dig": "range", "sp": "district", "cell": "district", "lanka": "station", "sigra": "station"}


@cache
def signers() -> Signers:
    book = RosterBook()
    for name, level in LEVEL.items():
        book.follow(book.desk(name, level, "", book.officer(name, "head", "head")))  # type: ignore[arg-type]
    book.follow(Closed())
    return Signers(book.state)


def test_a_desk_takes_a_tip_back_only_from_desks_that_it_or_desks_below_it_directed_it_to() -> None:
    access = Access(ENVELOPE)
    for refused in (by("sp", "withdrawn", "dig"), by("sp", "withdrawn", "sp"), by("lanka", "withdrawn", "sp")):
        assert not counted(access, refused)
    assert counted(access, by("sp", "directed", "dig"))
    assert not counted(access, by("sp", "withdrawn", "dig")), "it had the tip before"
    for to in ("cell", "lanka"):
        assert counted(access, by("sp", "directed", to))
    assert not counted(access, by("cell", "withdrawn", "lanka")), "the SP directed it"
    assert counted(access, by("cell", "directed", "sigra"))
    assert counted(access, by("sp", "withdrawn", "cell"))
    assert not counted(access, by("cell", "withdrawn", "sigra")), "it has no tip any more"
    assert access.holders.keys() == {"dig", "sp", "lanka", "sigra"}
    for gone in ("sigra", "lanka", "sp"):
        assert counted(access, by("dig", "withdrawn", gone))
    assert access.holders.keys() == {"dig"}


def test_no_desk_takes_a_tip_back_from_a_higher_desk_even_after_giving_it_to_that_desk() -> None:
    access = Access(ENVELOPE)
    assert counted(access, by("dig", "directed", "hq"))
    assert not counted(access, by("dig", "withdrawn", "hq"))
    assert not counted(access, by("hq", "withdrawn", "dig")), "the DIG had it first"
    assert access.holders.keys() == {"dig", "sp", "hq"}


def test_a_desk_does_not_take_back_a_direction_of_the_desk_above() -> None:
    access = Access(ENVELOPE)
    for writer in ("sp", "dig"):
        assert counted(access, by(writer, "directed", "lanka", release=True))
    assert not counted(access, by("sp", "withdrawn", "lanka"))
    assert counted(access, by("dig", "withdrawn", "lanka"))


@pytest.mark.parametrize("reader", ["dig", "lanka"])
def test_a_desk_with_a_release_reports_asks_and_notes_and_nothing_else(reader: str) -> None:
    released = Envelope(tip="t", desk="lanka", identity="", header=HEADER, tip_recipient="age1")
    access = Access(released if reader == "lanka" else ENVELOPE)
    access.follow(directed("lanka"))
    note = {"sender": "desk", "desk": "lanka", "internal": True}
    for kind in ("reported", "asked_to_close", "assigned", "recused", "readmitted", "unattended"):
        assert access.may_write(Message(**note, case=CaseStep(kind=kind)))  # type: ignore[arg-type]
    assert access.may_write(Message(**note, text="seen"))  # type: ignore[arg-type]
    for kind in ("closed", "refused_to_close", "corrected", "merged", "unmerged", "directed", "withdrawn", "ordered"):
        assert not access.may_write(Message(**note, case=CaseStep(kind=kind, to="lanka")))  # type: ignore[arg-type]
    for fields in ({"status": "CLOSED"}, {"retention": "ask_hold"}, {"transcript": "1"}, {"question": True}):
        assert not access.may_write(Message(**note, **fields))  # type: ignore[arg-type]
    assert not access.may_write(Message(sender="desk", desk="lanka", text="Come tonight."))


STEPS = st.builds(
    by, st.sampled_from([*LEVEL]), st.sampled_from(["directed", "withdrawn"]), st.sampled_from([*LEVEL, "sp-jaunpur"]),
    release=st.booleans(),
)  # fmt: skip


@pytest.mark.slow("a property")
@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_whatever_desks_write_nobody_gets_more_than_was_given_and_no_desk_above_loses_a_tip(
    thread: list[Message],
) -> None:
    access, came_from = Access(ENVELOPE), {"sp": "", "dig": ""}
    for message in thread:
        before, released, step = set(access.holders), set(access.releases), message.case
        assert step is not None
        is_counted = counted(access, message)
        gained, lost = set(access.holders) - before, before - set(access.holders)
        if gained:
            assert (gained, step.kind, step.release) == ({step.to}, "directed", None)
            came_from[step.to] = message.desk
        if gained or set(access.releases) - released:
            assert is_counted
            assert message.desk in before
        if lost:
            assert (lost, step.kind) == ({step.to}, "withdrawn")
            assert message.desk in before - lost
            assert came_from[step.to] or message.desk == "dig", "nobody directed it, but the DIG is above"
            assert LEVELS.index(LEVEL[step.to]) <= LEVELS.index(LEVEL[message.desk])
            assert came_from[message.desk] != step.to, "it has the tip from there"
        assert not (access.holders.keys() & access.releases.keys())
        assert "dig" in access.holders
        assert "sp-jaunpur" not in {*access.holders, *access.releases}
