"""The status of a tip, computed from its messages."""

from __future__ import annotations

import pytest

from satark.api.tip import FINISHED_STATUSES, STATUSES, Feedback, Message, Status
from satark.dialogue.tip_status import FEEDBACK_STATUSES, INITIAL_STATUS, is_dispute, present_status, status_changes


def test_the_special_statuses_are_statuses() -> None:
    assert {INITIAL_STATUS, *FINISHED_STATUSES, *FEEDBACK_STATUSES} <= set(STATUSES)
    assert INITIAL_STATUS not in FINISHED_STATUSES
    assert FEEDBACK_STATUSES <= FINISHED_STATUSES


@pytest.mark.parametrize(
    ("status", "feedback", "disputes"),
    [
        ("ACTED", "no", True),
        ("CLOSED", "again", True),
        ("CLOSED", "words", True),
        ("ACTED", "words", False),
        ("CLOSED", "yes", False),
        ("ASSIGNED", "no", False),
    ],
)
def test_a_tipster_disputes_an_end_that_did_not_help(status: Status, feedback: Feedback, disputes: bool) -> None:  # noqa: FBT001 - pytest's
    assert is_dispute(Message(sender="tipster", feedback=feedback), status) is disputes
    assert not is_dispute(Message(sender="desk", feedback=feedback), status)


def test_a_dispute_reopens_a_tip_once_and_a_desk_has_the_last_word() -> None:
    closed, denied = Message(sender="desk", status="CLOSED"), Message(sender="tipster", feedback="no")
    assert present_status([]) == INITIAL_STATUS
    assert [status for status, _ in status_changes([closed, denied, denied])] == ["CLOSED", "REOPENED"]
    assert present_status([closed, denied, closed, denied]) == "CLOSED"
