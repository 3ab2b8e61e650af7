"""Keeping: when a tip is due to be erased, whether a legal hold keeps it, and which steps may follow. No I/O."""

from collections.abc import Sequence

import msgspec

from satark.api.routing import CaseworkError
from satark.api.tip import Header, RetentionStep, Status
from satark.casework.two_officers import is_by_present_key
from satark.casework.work import PostedMessage
from satark.dialogue.tip_status import INITIAL_STATUS, status_changes
from satark.retention.schedule import Term, due_day
from satark.roster.state import RosterState
from satark.settings.core import RetentionSettings

AGREED: dict[RetentionStep, RetentionStep] = {"ask_hold": "hold", "ask_lift": "lift", "ask_erasure": "erasure"}
"""Step that was asked for → the step that is taken when a second officer agrees."""


class StepRefused(CaseworkError):  # noqa: N818 - it reads as what it says
    """A step towards a hold or an erasure can't be taken now; the message says why."""


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """The retention of a tip: its term, and the officers' decisions about it."""

    due: int
    """The day (days since 1970) from which the tip may be erased."""
    asked: RetentionStep = ""
    """The step that one officer asked for and nobody has agreed to yet."""
    asked_by: tuple[str, str] = ("", "")
    """Desk and name of the officer who asked."""
    asking: PostedMessage | None = None
    """The request for that step."""
    reason: str = ""
    """Reason of the hold, or of the step that was asked for."""
    held: bool = False
    """Whether a legal hold keeps the tip. It begins when one officer asks for it, and ends when two have lifted it."""
    ordered: bool = False
    """Whether two officers ordered the erasure."""

    def is_due(self, today: int) -> bool:
        """Return whether the term is over and nothing keeps the tip."""
        return today >= self.due and not self.held

    @property
    def asked_at(self) -> int:
        """Position of the request in the thread; 0: nothing is asked for."""
        return self.asking.seq if self.asking else 0

    @property
    def term(self) -> Term:
        """The term as the scheduled job reads it."""
        return Term(due=self.due, held=1 if self.held else 0, ordered=1 if self.ordered else 0)


def keeping_of(
    settings: RetentionSettings, header: Header, thread: Sequence[PostedMessage], state: RosterState
) -> Keeping:
    """Determine a tip's retention from its thread.

    An erasure needs two persons who are still officers: `state` is the present roster.
    """
    status, since = _newest_status(header, thread)
    found = Keeping(due=due_day(settings, status, header.category, since))
    for posted in thread:
        step = posted.message.retention
        if posted.message.sender == "desk" and step:
            found = _followed(found, posted, step, state)
    return found


def check_ask(keeping: Keeping, step: RetentionStep, today: int) -> None:
    """Check that a step may be asked for now.

    Raises:
        StepRefused: the step may not be asked for.
    """
    if step == "ask_hold" and keeping.held:
        raise StepRefused("a legal hold keeps this tip already, or was asked for")
    if step == "ask_lift" and not (keeping.held and keeping.asked in {"", "ask_hold"}):
        raise StepRefused("no legal hold keeps this tip, or a step is asked for already")
    if step == "ask_erasure" and not keeping.is_due(today):
        raise StepRefused("this tip is not due to be erased, or a legal hold keeps it")


def check_agree(keeping: Keeping, officer: tuple[str, str], state: RosterState) -> RetentionStep:
    """Check that an officer may agree to the step that is asked for; return the step to take.

    Raises:
        StepRefused: nothing was asked for, the same officer asked for it, or the two may not act as two.
    """
    if not keeping.asked:
        raise StepRefused("nothing was asked for that could be agreed to")
    if keeping.asking and not is_by_present_key(state, keeping.asking):
        raise StepRefused("whoever asked for it has another key by now: it must be asked for again")
    if officer == keeping.asked_by or not officer[1]:
        raise StepRefused("this takes two different officers")
    if not state.may_act_as_two(officer, keeping.asked_by):
        raise StepRefused("this takes two officers of whom neither appointed the other or gave them a new key")
    return AGREED[keeping.asked]


def _may_agree(keeping: Keeping, posted: PostedMessage, state: RosterState) -> bool:
    try:
        check_agree(keeping, (posted.message.desk, posted.officer), state)
    except StepRefused:
        return False
    return is_by_present_key(state, posted)


def _are_two(keeping: Keeping, posted: PostedMessage, state: RosterState) -> bool:
    """Return whether two officers signed a hold, each with their own key. Such a hold stays when they leave."""
    keys = {posted.signer, keeping.asking.signer if keeping.asking else ""}
    is_linked = state.are_linked(keeping.asked_by, (posted.message.desk, posted.officer))
    return len(keys - {""}) > 1 and not is_linked


def _newest_status(header: Header, thread: Sequence[PostedMessage]) -> tuple[Status, str]:
    """Return a tip's status, and the time band in which the tip got this status."""
    messages = [posted.message for posted in thread]
    changes = list(status_changes(messages))
    if changes:
        status, message = changes[-1]
        return status, message.band or header.received
    newest = next((message.band for message in reversed(messages) if message.band), header.received)
    return INITIAL_STATUS, newest


def _followed(before: Keeping, posted: PostedMessage, step: RetentionStep, state: RosterState) -> Keeping:
    message = posted.message
    if step in AGREED:
        held = before.held or step == "ask_hold"
        fields = {"asked": step, "asked_by": (message.desk, posted.officer), "reason": message.text}
        return msgspec.structs.replace(before, held=held, ordered=False, asking=posted, **fields)
    if AGREED.get(before.asked) != step or before.asked_by == (message.desk, posted.officer):
        return before  # no second officer agreed to what one asked for
    if not (_are_two(before, posted, state) if step == "hold" else _may_agree(before, posted, state)):
        return before
    nothing = msgspec.structs.replace(before, asked="", asked_by=("", ""), asking=None)
    return msgspec.structs.replace(
        nothing, held=step == "hold", ordered=step == "erasure", reason=before.reason if step == "hold" else ""
    )
