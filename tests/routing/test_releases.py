"""Which messages are sealed to the releases of a tip, and which release a desk has."""

from __future__ import annotations

import pytest

from satark.api.sealing import new_identity, recipient_of
from satark.api.tip import CaseStep, Envelope, Header, Message, Release, Status
from satark.routing.releases import Access

HEADER = Header(number="K", revision=1, category="", language="", received="", excluded=("sp-jaunpur",))
ENVELOPE = Envelope(tip="t", desk="sp", identity="", header=HEADER, holders={"sp": ("email:sp",), "dig": ()})
KEYS = {name: new_identity()[1] for name in ("lanka", "sigra", "dig")}


def directed(to: str, *, whole: bool = False) -> Message:
    reading = (f"email:{to}",) if whole else ()
    step = CaseStep(kind="directed", to=to, release=None if whole else Release(key=KEYS[to]), destinations=reading)
    return Message(sender="desk", desk="sp", text="look", internal=True, case=step)


def step(kind: str, to: str = "") -> Message:
    return Message(sender="desk", desk="sp", internal=True, case=CaseStep(kind=kind, to=to))  # type: ignore[arg-type]


def to_tipster(status: Status | None = None) -> Message:
    return Message(sender="desk", desk="sp", text="answer", status=status)


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
        (to_tipster("CLOSED"), BOTH),
        (to_tipster("REOPENED"), BOTH),
    ],
)
def test_a_message_is_sealed_to_the_desks_that_it_concerns_and_that_may_read_it(
    message: Message, wanted: list[str]
) -> None:
    thread = [directed("lanka"), directed("sigra")]
    assert Access(ENVELOPE, thread).release_recipients(message) == {name: recipient_of(KEYS[name]) for name in wanted}


def access(*messages: Message) -> Access:
    return Access(ENVELOPE, messages)


def test_the_newest_direction_or_withdrawal_counts() -> None:
    assert access(directed("lanka"), directed("sigra")).releases.keys() == {"lanka", "sigra"}
    assert access(directed("lanka"), directed("lanka", whole=True)).releases == {}
    assert access(directed("lanka"), step("withdrawn", "lanka")).releases == {}
    assert access(directed("lanka"), step("withdrawn", "lanka"), directed("lanka")).releases.keys() == {"lanka"}


def test_who_has_the_key_is_what_the_envelope_says_and_what_desks_did_since() -> None:
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
