"""The state of the desks' work on a tip, from its thread: reports owed, closings asked for, disputes. No I/O."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from satark.api.tip import FINISHED_STATUSES, CaseOutcome, CaseStep, Header, Message, Release, Status
from satark.dialogue.tip_status import INITIAL_STATUS, is_dispute


class PostedMessage(msgspec.Struct, frozen=True):
    """A message with its position in the tip's thread."""

    seq: int
    message: Message
    officer: str = ""
    """The officer who wrote the message; empty for a tipster's message, or if no officer is named."""
    at: int = 0
    """When the officer wrote the message, Unix seconds; 0 for a tipster's message."""
    signer: str = ""
    """Public key (hex) of the officer who signed; empty: the desk signed, since the roster lists no officers."""
    danger_at: int = 0
    """The minute in which a tipster told of a danger in this message, Unix seconds; 0: the message tells of none."""


WorkMark: TypeAlias = Literal["owed", "late", "closing", "disputed", "risen"]
"""A mark that a desk's page shows on a tip. `owed`: the desk owes a report. `late`: a clock ran out, at this desk or
below it. `closing`: a desk below asks to close the tip. `disputed`: the tipster disputed the closing. `risen`: a clock
ran out at a desk below, a closing of that desk was disputed, or that desk has no officer left who has the tip."""

_OF_PEOPLE = frozenset({"recused", "readmitted", "unattended"})
"""Steps that only change who has a tip. They are no work on it, so they stop no clock."""
_ACTS = frozenset({"directed", "reported", "asked_to_close", "refused_to_close", "closed", "merged"})
"""Steps that stop a clock. Notes, questions and other steps stop none."""
_STOPPING_STATUSES = FINISHED_STATUSES | {"IN_REVIEW", "ASSIGNED", "VERIFYING", "ACTION", "REOPENED"}
"""Statuses that stop a clock. A question has the status NEED_INFO, and whoever only asks has not acted."""


class Direction(msgspec.Struct, frozen=True, kw_only=True):
    by: str
    to: str
    due: int
    """When the report is owed, Unix seconds; 0: none is owed."""
    is_open: bool
    """Whether the report is still to come."""
    release: Release | None = None
    """The release that the direction handed over; None: the direction handed over the tip itself."""
    seq: int = 0
    """Position of the direction in the thread."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    status: Status = INITIAL_STATUS
    acted: bool = False
    """Whether any desk has directed or reported, decided on the tip or set its status; since the tip became urgent."""
    acted_by: str = ""
    """The desk that acted last (see `acted`)."""
    acted_at: int = 0
    """When that desk acted, Unix seconds; 0: not known."""
    urgent_since: int = 0
    """When the tip became urgent, if no desk has acted since: it came, its tipster told of a danger, or an officer said
    so; 0: none."""
    heard: bool = False
    """Whether the tipster has written since any desk acted."""
    directions: Mapping[str, Direction] = {}
    """Directed desk → the newest direction to it."""
    asked: PostedMessage | None = None
    """The request to close the tip, until somebody decides on it."""
    outcome: CaseOutcome | Literal[""] = ""
    counts: Mapping[str, int] = {}
    """The numbers of arrests and seizures that desks gave last."""
    finished_by: str = ""
    """The desk that last finished the tip."""
    disputes: int = 0
    """How often the tipster said that the desks' work did not help."""
    disputed: bool = False
    """Whether the tip is open because of a dispute."""
    is_dispute_told: bool = False
    """Whether desks with only a release were told of the dispute. The tipster's own message does not reach them."""
    merged_into: str = ""
    """The number of the tip that this tip is merged into, until a desk undoes the merge."""
    own: "Work | None" = None
    """The work on a merged tip as if it had not been merged, until its tipster disputes a closing of the leading tip.
    It goes on when a desk undoes the merge."""
    set_aside: bool = False
    """Whether the tip is set aside and its tipster has written nothing since."""
    raw_asked: PostedMessage | None = None
    """The request to hand over the tipster's own words, until a second officer consents."""
    assigned: Mapping[str, str] = {}
    """Desk → the officer to whom the desk assigned the tip."""
    recused: Mapping[str, frozenset[str]] = {}
    """Desk → its officers who recused themselves from the tip. A desk knows only its own officers' recusals."""
    unattended: frozenset[str] = frozenset()
    """Desks that lost their last officer with the tip and have done nothing since."""

    @property
    def finished(self) -> bool:
        """Whether nobody needs to act on the tip any more."""
        is_aside = self.status != "SET_ASIDE" or self.set_aside
        return not self.urgent_since and (self.is_led or (self.status in FINISHED_STATUSES and is_aside))

    @property
    def is_led(self) -> bool:
        """Whether this tip follows a leading one: it is merged, and its tipster disputes no closing."""
        return bool(self.merged_into) and not self.disputed

    def is_recused(self, desk: str, officer: str) -> bool:
        return officer in self.recused.get(desk, ())

    def director_of(self, desk: str) -> str:
        """Return the desk to which `desk` must report, or has reported; empty: none."""
        direction = self.directions.get(desk)
        return direction.by if direction and direction.due else ""

    def owes(self, desk: str) -> bool:
        """Return whether a desk still has to report."""
        direction = self.directions.get(desk)
        return not self.finished and direction is not None and direction.is_open

    @property
    def must_tell_dispute(self) -> bool:
        """Whether desks with only a release must still be told of the dispute."""
        is_released = any(one.release for one in self.directions.values())
        return self.disputed and is_released and not self.is_dispute_told

    @property
    def awaits_report(self) -> bool:
        return any(one.is_open for one in self.directions.values())

    @property
    def next_desk(self) -> str:
        """The desk that must take the next step: the last to act, or the one that directed it. Empty: none acted."""
        return self.director_of(self.acted_by) or self.acted_by

    @property
    def asked_outcome(self) -> CaseOutcome | Literal[""]:
        """The outcome in the request to close the tip; empty: there is no such request."""
        return self.asked.message.case.outcome if self.asked and self.asked.message.case else ""

    def awaits_closing_from(self) -> str:
        """Return the desk that asks to close the tip; empty for none."""
        return self.asked.message.desk if self.asked else ""


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """A clock that ran out."""

    kind: Literal["first_act", "next_act", "report"]
    desk: str
    """The desk that owes the report or the next act; empty: no desk has acted at all."""
    due: int
    """Unix seconds."""


def work_on(thread: Sequence[PostedMessage], arrived: int = 0) -> Work:
    """Return the state of the work, computed from a tip's thread. `arrived`: as in the tip's envelope."""
    work = Work(urgent_since=arrived)
    for posted in thread:
        work = _after(work, posted)
    return work


def _after(work: Work, posted: PostedMessage) -> Work:
    message, is_desk = posted.message, posted.message.sender == "desk"
    step = message.case.kind if is_desk and message.case else ""
    if step == "unmerged":
        return work.own or msgspec.structs.replace(work, merged_into="")
    after = _after_desk(work, posted) if is_desk else _after_tipster(work, posted)
    if step == "merged":
        return msgspec.structs.replace(after, own=work.own or work)
    return msgspec.structs.replace(after, own=_own_after(work, after, posted)) if work.own else after


def _own_after(work: Work, after: Work, posted: PostedMessage) -> Work | None:
    if not work.own or (after.disputed and not work.disputed):
        return None
    status = posted.message.sender == "desk" and posted.message.status
    is_of_leading = status and (work.is_led or status == "MERGED")
    return work.own if is_of_leading else _after(work.own, posted)


def _after_tipster(work: Work, posted: PostedMessage) -> Work:
    message, since = posted.message, work.urgent_since or posted.danger_at
    acted = work.acted and not posted.danger_at
    work = msgspec.structs.replace(work, set_aside=False, heard=True, urgent_since=since, acted=acted)
    if not is_dispute(message, work.status):
        return work
    if work.disputes:
        return msgspec.structs.replace(work, disputes=work.disputes + 1)
    return msgspec.structs.replace(work, disputes=1, disputed=True, status="REOPENED")


def _after_desk(work: Work, posted: PostedMessage) -> Work:
    message = posted.message
    if message.retention or (message.case and message.case.kind == "shared"):
        return work
    if message.desk in work.unattended:
        work = msgspec.structs.replace(work, unattended=work.unattended - {message.desk})
    if message.case and message.case.kind in _OF_PEOPLE:
        return _after_people(work, posted, message.case)
    if message.status == "REOPENED" and message.internal:  # a desk tells stations of a dispute, which is no act
        disputes = max(1, work.disputes)
        return msgspec.structs.replace(work, status="REOPENED", disputed=True, disputes=disputes, is_dispute_told=True)
    if message.status in _STOPPING_STATUSES or (message.case and message.case.kind in _ACTS):
        work = msgspec.structs.replace(
            work, acted=True, acted_by=message.desk, acted_at=posted.at, heard=False, urgent_since=0
        )
    if message.case:
        work = _after_step(work, posted, message.case)
        if message.case.counts:
            work = msgspec.structs.replace(work, counts={**work.counts, **message.case.counts})
        if message.case.priority == "urgent" and not work.finished:
            work = msgspec.structs.replace(work, acted=False, urgent_since=work.urgent_since or posted.at)
    if message.status:
        is_end = message.status in FINISHED_STATUSES - {"MERGED"}
        ended = {"finished_by": message.desk, "asked": None, "disputed": False} if is_end else {}
        is_aside = message.status == "SET_ASIDE"
        work = msgspec.structs.replace(work, status=message.status, set_aside=is_aside, **ended)
    return work


def _after_step(work: Work, posted: PostedMessage, step: CaseStep) -> Work:
    desk, directions = posted.message.desk, work.directions
    if step.kind == "directed":
        return _directed(work, posted, step)
    if step.kind in {"withdrawn", "asked_raw"}:
        is_asked = step.kind == "asked_raw"
        return msgspec.structs.replace(work, raw_asked=posted) if is_asked else _withdrawn(work, step.to)
    if step.kind == "assigned":
        return msgspec.structs.replace(work, assigned={**work.assigned, desk: step.to})
    if step.kind == "merged":
        return msgspec.structs.replace(work, merged_into=step.to)
    if step.kind in {"reported", "asked_to_close"}:
        asked = posted if step.kind == "asked_to_close" else work.asked
        done = {desk: msgspec.structs.replace(directions[desk], is_open=False)} if desk in directions else {}
        return msgspec.structs.replace(work, directions={**directions, **done}, asked=asked)
    if step.kind == "refused_to_close":
        again = directions.get(work.awaits_closing_from())
        owed = {again.to: msgspec.structs.replace(again, due=step.due, is_open=bool(step.due))} if again else {}
        return msgspec.structs.replace(work, directions={**directions, **owed}, asked=None)
    if step.kind == "closed":
        return msgspec.structs.replace(work, outcome=step.outcome, asked=None)
    return work


def _after_people(work: Work, posted: PostedMessage, step: CaseStep) -> Work:
    desk, is_own = posted.message.desk, posted.officer == step.to
    if (step.kind == "recused" and not is_own) or (step.kind == "readmitted" and is_own):
        return work  # officers recuse themselves, and others readmit them
    if step.kind == "unattended":
        return msgspec.structs.replace(work, unattended=work.unattended | {desk})
    before = work.recused.get(desk, frozenset())
    now = before | {step.to} if step.kind == "recused" else before - {step.to}
    assigned = {at: one for at, one in work.assigned.items() if at != desk or one not in now}
    return msgspec.structs.replace(work, recused={**work.recused, desk: now}, assigned=assigned)


def _withdrawn(work: Work, desk: str) -> Work:
    left = {name: one for name, one in work.directions.items() if name != desk}
    asked = None if work.awaits_closing_from() == desk else work.asked
    return msgspec.structs.replace(work, directions=left, asked=asked)


def _directed(work: Work, posted: PostedMessage, step: CaseStep) -> Work:
    given = Direction(
        by=posted.message.desk, to=step.to, due=step.due, is_open=bool(step.due), release=step.release, seq=posted.seq
    )
    asked = work.raw_asked.message.case if work.raw_asked else None
    still_asked = None if asked and asked.to == step.to else work.raw_asked
    return msgspec.structs.replace(work, directions={**work.directions, step.to: given}, raw_asked=still_asked)


def as_request(message: Message, desk: str) -> Message:
    """If the status in a message of a directed desk's machine finishes the tip, make it a request to close it.

    The desk that directed decides on this request as on an officer's; until then the tipster reads nothing.
    """
    if message.internal or message.status not in FINISHED_STATUSES:
        return message
    text = f"{message.status}: {message.text}".removesuffix(": ")
    step = CaseStep(kind="asked_to_close", outcome="other")
    return msgspec.structs.replace(message, desk=desk, status=None, text=text, question=False, internal=True, case=step)


def corrected(header: Header, thread: Sequence[PostedMessage]) -> Header:
    """Return a tip's header with the changes that its thread makes, in order.

    A danger that the tipster reports makes the tip urgent; an officer's correction sets its priority and category.
    """
    for message in (posted.message for posted in thread):
        if message.sender == "tipster" and message.flags:
            flags = tuple(dict.fromkeys((*header.flags, *message.flags)))
            header = msgspec.structs.replace(header, priority="urgent", flags=flags)
        elif message.sender == "desk" and message.case and message.case.kind == "corrected":
            step = message.case
            header = msgspec.structs.replace(
                header, priority=step.priority or header.priority, category=step.category or header.category
            )
    return header
