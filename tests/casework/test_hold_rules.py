"""Retention computed from a tip's thread alone: the term, and the steps that may follow."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.sealing import new_identity
from satark.api.tip import Header, Message, RetentionStep, Status
from satark.casework.hold_rules import Keeping, StepRefused, check_ask, keeping_of
from satark.casework.work import PostedMessage
from satark.retention.schedule import Term, due_day
from satark.roster.entries import KeyChange, officer_signer
from satark.roster.state import RosterState
from satark.settings.core import RetentionSettings
from support.roster import RosterBook

SETTINGS = RetentionSettings()
STATE = RosterState()
HEADER = Header(number="K4Q7-2XPM", revision=1, category="ARMS", language="hi", received="2026-11-24T12/PT6H")


def step(kind: RetentionStep, officer: str = "rao", text: str = "") -> PostedMessage:
    message = Message(sender="desk", desk="sp", text=text, internal=True, retention=kind)
    return PostedMessage(1, message, officer=officer)


def status(to: Status, band: str) -> PostedMessage:
    return PostedMessage(1, Message(sender="desk", desk="sp", status=to, band=band))


def test_the_term_counts_from_the_newest_status() -> None:
    thread = [status("IN_REVIEW", "2026-11-25T06/PT6H"), status("MERGED", "2026-12-01T00/PT6H")]
    found = keeping_of(SETTINGS, HEADER, thread, STATE)
    assert found.due == due_day(SETTINGS, "MERGED", "ARMS", "2026-12-01T00/PT6H")


def test_a_hold_keeps_a_tip_from_the_request_until_two_officers_lift_it() -> None:
    book = RosterBook.sealed()

    def after(*steps: tuple[RetentionStep, str]) -> Keeping:
        keys = {name: officer_signer(book.identities["sp", name]) for name in ("khan", "clerk")}
        signed = [msgspec.structs.replace(step(kind, name, "court"), signer=keys[name]) for kind, name in steps]
        return keeping_of(SETTINGS, HEADER, signed, book.state)

    asked = after(("ask_hold", "clerk"))
    assert (asked.held, asked.asked, asked.asked_by, asked.reason) == (True, "ask_hold", ("sp", "clerk"), "court")
    hold: list[tuple[RetentionStep, str]] = [("ask_hold", "clerk"), ("hold", "khan")]
    assert (after(*hold).held, after(*hold).asked, after(hold[0], ("hold", "clerk")).asked) == (True, "", "ask_hold")
    check_ask(asked, "ask_lift", today=0)  # also where nobody agreed, as whoever asked left
    assert after(*hold, ("ask_lift", "khan")).held
    lifted = after(*hold, ("ask_lift", "khan"), ("lift", "clerk"))
    assert (lifted.held, lifted.asked, lifted.term) == (False, "", Term(due=lifted.due))
    change = KeyChange.of("sp", book.identities["sp", ""], new_identity()[1], removed="clerk")
    book.follow(change, ("sp", "khan"), ("dig", "rao"))
    assert (after(*hold).held, after(*hold).asked) == (True, ""), "two agreed, though one has left"


def test_nobody_agrees_to_steps_that_no_officers_own_key_signed() -> None:
    found = keeping_of(
        SETTINGS, HEADER, [step("ask_hold"), step("hold", "khan"), step("ask_lift"), step("lift", "khan")], STATE
    )
    assert (found.held, found.asked) == (True, "ask_lift")


def test_a_tipsters_message_takes_no_step() -> None:
    told = PostedMessage(1, Message(sender="tipster", text="x", retention="erasure"))
    assert not keeping_of(SETTINGS, HEADER, [told], STATE).ordered


def test_an_erasure_needs_two_who_are_still_officers_and_may_act_as_two() -> None:
    book = RosterBook.sealed()

    def is_ordered(first: str, second: str) -> bool:
        steps: list[tuple[RetentionStep, str]] = [("ask_erasure", first), ("erasure", second)]
        keys = {name: officer_signer(book.identities["sp", name]) for name in (first, second)}
        signed = [msgspec.structs.replace(step(kind, name), signer=keys[name]) for kind, name in steps]
        return keeping_of(SETTINGS, HEADER, signed, book.state).ordered

    assert is_ordered("khan", "clerk")
    book.follow(
        KeyChange.of("sp", book.identities["sp", ""], new_identity()[1], removed="clerk"),
        ("sp", "khan"),
        ("dig", "rao"),
    )
    assert not is_ordered("khan", "clerk")
    assert not is_ordered("clerk", "khan")


@pytest.mark.parametrize(
    ("keeping", "asked"),
    [
        (Keeping(due=10, held=True), "ask_hold"),
        (Keeping(due=10), "ask_lift"),
        (Keeping(due=10, held=True, asked="ask_lift"), "ask_lift"),
        (Keeping(due=12), "ask_erasure"),
        (Keeping(due=10, held=True), "ask_erasure"),
    ],
)
def test_a_step_that_makes_no_sense_may_not_be_asked_for(keeping: Keeping, asked: RetentionStep) -> None:
    with pytest.raises(StepRefused):
        check_ask(keeping, asked, today=11)
