"""Which messages are sealed to the releases of a tip, and which release a desk has."""

from __future__ import annotations

import pytest

from satark.api.sealing import new_identity, recipient_of
from satark.api.tip import CaseStep, Message, Release, Status
from satark.routing.releases import release_recipients, releases

KEYS = {name: new_identity()[1] for name in ("lanka", "sigra")}


def directed(to: str, *, whole: bool = False) -> Message:
    step = CaseStep(kind="directed", to=to, release=None if whole else Release(key=KEYS[to]))
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
    assert release_recipients(thread, message) == {name: recipient_of(KEYS[name]) for name in wanted}


def test_the_newest_direction_or_withdrawal_counts() -> None:
    assert releases([directed("lanka"), directed("sigra")]).keys() == {"lanka", "sigra"}
    assert releases([directed("lanka"), directed("lanka", whole=True)]) == {}
    assert releases([directed("lanka"), step("withdrawn", "lanka")]) == {}
    assert releases([directed("lanka"), step("withdrawn", "lanka"), directed("lanka")]).keys() == {"lanka"}


def test_a_tipsters_message_releases_nothing() -> None:
    forged = Message(sender="tipster", case=CaseStep(kind="directed", to="lanka", release=Release(key=KEYS["lanka"])))
    assert releases([forged]) == {}
