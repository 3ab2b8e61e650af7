"""Acts of officers on a tip, with the rules that the web and the command line share."""

import time
from collections.abc import Callable
from typing import Literal, get_args

import msgspec

from satark.api.tip import FINISHED_STATUSES, OUTCOMES, STATUSES, CaseOutcome, CaseStep, Message, Priority, Status
from satark.audit.acts import ActKind
from satark.casework.casework import Casework
from satark.casework.clocks import Clocks, Offices
from satark.casework.desk_act import FOR_DESKS, MAX_REPORT, MAX_TEXT, ActName, ActRefused, DeskAct, Problem
from satark.casework.errors import NoSuchTip
from satark.casework.merged_status import pass_on_status
from satark.casework.opened_tip import OpenTip
from satark.casework.recusal import Recusal
from satark.casework.release_rules import ReleaseRules
from satark.casework.sender_hints import quotes
from satark.casework.two_officers import TAKES_TWO, is_by_present_key
from satark.services import Services
from satark.store.threads import next_seq
from satark.store.unit_of_work import UnitOfWork
from satark_words.contacts import find_contact

_PRIORITIES: tuple[Priority, ...] = get_args(Priority)
_OF_LEADING: frozenset[ActName] = frozenset({"status", "direct", "report", "close"})
"""Acts on a leading tip that count for the tips merged into it too. They are done on no merged tip."""
_OF_HOLDERS: frozenset[ActName] = frozenset({"status", "ask", "direct", "correct"})
"""Acts of desks that have the tip itself, not a release."""
_OF_TEXT: frozenset[ActName] = frozenset({"status", "ask", "note"})
"""Acts that only add a message: they are no step of work."""
_READ_BY_RELEASES: frozenset[ActName] = frozenset({"note", "report", "close", "approve", "refuse", "correct"})
"""Acts whose text desks with a release read too; `routing.releases` passes these alone on to them. What a direction
tells its desk, `ReleaseRules` checks."""
_ON_PEOPLE: frozenset[ActName] = frozenset({"recuse", "readmit"})
"""Acts that change which officers may read the tip: its status stays, and the acting officer may lose it."""


class DeskActs:
    """What one officer does with their desk's tips, by the rules."""

    def __init__(
        self, services: Services, casework: Casework, clocks: Clocks, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._services = services
        self._casework = casework
        self._clock = clock
        self.clocks = clocks
        self.releases = ReleaseRules(services, casework)
        self.recusal = Recusal(services, casework)

    def now(self) -> float:
        """Return the time, Unix seconds."""
        return self._clock()

    def offices(self) -> Offices:
        """Return which desks stand above which."""
        return Offices.of(self._services.desks(), self._services.geography)

    def may_close(self, tip: OpenTip) -> bool:
        """Return whether the desk may close a tip itself; otherwise it asks, and another desk decides."""
        work, desk = tip.work, self._casework.desk
        if tip.envelope.tip_recipient:
            return False
        if not work.disputed:
            return not work.director_of(desk)
        offices = self.offices()
        return offices.is_above(desk, work.finished_by) or not self._has_desk_above(tip, work.finished_by, offices)

    def decides(self, tip: OpenTip, outcome: str) -> bool:
        """Return whether this desk closes a tip with this outcome at once. Otherwise it asks for the closing."""
        takes_two = tip.header.priority == "urgent" and outcome in TAKES_TWO
        return self.may_close(tip) and not takes_two

    def may_decide(self, tip: OpenTip) -> bool:
        """Return whether the officer may approve or refuse the closing that another officer asks for."""
        work, desk = tip.work, self._casework.desk
        asking = "" if tip.envelope.tip_recipient else work.awaits_closing_from()
        if not asking or work.finished or not self.offices().may_decide(desk, work, asking):
            return False
        return asking != desk or self._is_second_officer(tip)

    def _is_second_officer(self, tip: OpenTip) -> bool:
        """Return whether the closing was asked for by an officer of this desk with whom this officer may act as two."""
        asked = tip.work.asked
        own, other = self._casework.trail.officer, asked.officer if asked else ""
        state, desk = self._services.roster_state(), self._casework.desk
        is_asked = asked is not None and is_by_present_key(state, asked)
        return bool(is_asked and own and other) and state.may_act_as_two((desk, own), (desk, other))

    def may(self, tip: OpenTip, act: DeskAct) -> bool:
        """Return whether the rules allow an act."""
        return self._problem(tip, act) is None

    def check(self, tip: OpenTip, act: DeskAct) -> None:
        """Check that the rules allow an act.

        Raises: ActRefused: the rules do not allow the act.
        """
        problem = self._problem(tip, act)
        if problem:
            raise ActRefused(problem)

    def perform(self, tip: OpenTip, act: DeskAct) -> None:
        """Do the act.

        Raises:
            ActRefused: the rules do not allow it.
            NoSuchDesk: the tip can no longer be directed to that desk.
        """
        self.check(tip, act)
        self._services.write_now(lambda unit: self._write(unit, tip, act))
        if act.name not in _ON_PEOPLE:
            pass_on_status(self._services, self._casework, tip)

    def _write(self, unit: UnitOfWork, tip: OpenTip, act: DeskAct) -> None:
        if act.seen is not None and next_seq(unit, tip.id) > tip.reader.last + 1:
            raise ActRefused("changed")  # since the tip was opened, a moment ago
        if act.name not in _OF_TEXT:
            self._post(unit, tip, act)
            return
        wanted = {"ask": "NEED_INFO", "status": act.status}.get(act.name)
        status = next((one for one in STATUSES if one == wanted), None)
        told = self._casework.response(status, act.text, question=act.question)
        is_note = act.name == "note"
        self._casework.post(unit, tip, msgspec.structs.replace(told, internal=is_note, private=is_note and act.private))

    def _problem(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        longest = MAX_REPORT if act.name in FOR_DESKS else MAX_TEXT
        if len(act.text) > longest or max(map(len, (act.reason, act.rewording, *act.answers.values()))) > MAX_TEXT:
            return "long"
        if find_contact(self._text_to_tipster(tip, act)):
            return "contact"
        if self._is_released(tip, act) and quotes(tip, act.text):
            return "quotes.note"
        if act.seen is not None and act.seen < tip.summary.newest:
            return "changed"
        if tip.work.is_led and act.name in _OF_LEADING:
            return "merged"
        if tip.envelope.tip_recipient and act.name in _OF_HOLDERS:
            return "released"
        checks: dict[ActName, Callable[[OpenTip, DeskAct], Problem | None]] = {
            "status": self._check_status,
            "direct": self._check_direct,
            "report": self._check_report,
            "close": self._check_close,
            "approve": self._check_decision,
            "refuse": self._check_decision,
            "correct": self._check_correction,
            "assign": self._check_assignment,
            "merge": self._check_merge,
            "unmerge": self._check_unmerge,
            "consent": lambda tip, _act: self.releases.check_consent(tip),
            "withdraw": self._check_withdrawal,
            "recuse": self._check_recusal,
            "readmit": self.recusal.check_readmit,
        }
        check = checks.get(act.name)
        if check:
            return check(tip, act)
        return None if act.text else ("ask" if act.name == "ask" else "note")

    def _text_to_tipster(self, tip: OpenTip, act: DeskAct) -> str:
        """Return the text of an act that the tipster reads."""
        if act.name in {"status", "ask"}:
            return act.text
        closes = act.name == "approve" or (act.name == "close" and self.decides(tip, act.outcome))
        return act.reason if closes else ""

    def _is_released(self, tip: OpenTip, act: DeskAct) -> bool:
        """Return whether desks that have only a release will read the text of an act."""
        is_read = act.name in _READ_BY_RELEASES and not act.private
        return is_read and bool(tip.access.releases) and not tip.envelope.tip_recipient

    def _check_status(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        if act.status not in STATUSES:
            return "status"
        if act.status in {"CLOSED", "MERGED"}:
            return "closed" if act.status == "CLOSED" else "merge"
        if act.status == "SET_ASIDE" and tip.header.priority == "urgent":
            return "aside"
        if act.status in FINISHED_STATUSES and not self.may_close(tip):
            return "finished"
        is_question = act.question or act.status == "NEED_INFO"
        return "ask" if is_question and not act.text else None

    def _check_withdrawal(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        if self._services.signers().of(tip.envelope).host:
            return "withdraw.office"
        if not self.releases.may_withdraw(tip, act.to):
            return "withdraw.none"
        return None if act.text else "withdraw"

    def _check_recusal(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        del act
        has_desk_above = self._has_desk_above(tip, self._casework.desk, self.offices())
        return self.recusal.check_recuse(tip, has_desk_above=has_desk_above)

    def _check_direct(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        if act.to not in {desk.name for desk in self._casework.directing.allowed_targets(tip)}:
            return "desk"
        if tip.work.merged_into:
            return "merged"
        now = self._clock()
        if act.due is None or (act.due and not now < act.due <= now + self.clocks.longest_days * 86_400):
            return "due"
        return self.releases.check_direction(tip, act) if act.text else "direct"

    def _check_report(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        if not tip.work.director_of(self._casework.desk):
            return "report.none"
        if None in act.counts.values():
            return "count"
        return None if act.text else "report"

    def _check_close(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        if act.outcome not in OUTCOMES:
            return "outcome"
        if None in act.counts.values():
            return "count"
        if not act.text:
            return "done"
        return "reason" if self.decides(tip, act.outcome) and not act.reason else None

    def _check_decision(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        if not self.may_decide(tip):
            return "closing.none"
        if act.name == "refuse":
            return None if act.text else "refuse"
        return None if act.reason else "reason"

    def _check_correction(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        header = tip.header
        if act.priority not in {"", *_PRIORITIES}:
            return "priority"
        if act.priority in {"", header.priority} and act.category in {"", header.category}:
            return "priority"
        if act.category and act.category not in self._services.questionnaire.categories:
            return "priority"
        return None if act.text else "correct"

    def _check_assignment(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        if tip.work.is_recused(self._casework.desk, act.to):
            return "assign.recused"
        state = self._services.roster_state()
        officer = state.officer(self._casework.desk, act.to)
        return "assign" if officer is None or officer.role == "auditor" else None

    def _check_merge(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        try:
            other = self._casework.open(act.to)
        except NoSuchTip:
            return "merge"
        if other.id == tip.id or other.work.merged_into or tip.work.merged_into:
            return "merge"
        if not self.may_close(tip):
            return "finished"
        if not _is_known_to_the_same_desks(tip, other):
            return "merge.desks"
        is_lower = _PRIORITIES.index(other.header.priority) < _PRIORITIES.index(tip.header.priority)
        return "merge.priority" if is_lower else None

    def _check_unmerge(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        del act
        if not tip.work.merged_into:
            return "unmerge"
        return None if self.may_close(tip) else "finished"

    def _has_desk_above(self, tip: OpenTip, desk: str, offices: Offices) -> bool:
        """Return whether a desk above `desk` has a tip. With only a release, this is unknown and assumed."""
        names = offices.above.get(desk, ())
        if tip.envelope.tip_recipient:
            return not set(tip.header.excluded).issuperset(names)
        return not tip.access.holders.keys().isdisjoint(names)

    def _due(self, tip: OpenTip, act: DeskAct) -> int:
        return act.due or self.clocks.report_due(tip.header.priority, self._clock())

    def _post(self, unit: UnitOfWork, tip: OpenTip, act: DeskAct) -> None:
        if act.name == "direct":
            self.releases.direct(unit, tip, act, self._due(tip, act))
        elif act.name == "consent":
            self.releases.consent(unit, tip, self._due(tip, act))
        elif act.name == "withdraw":
            self._casework.directing.withdraw(unit, tip, act.to, act.text)
        elif act.name == "recuse":
            self.recusal.recuse(unit, tip)
        elif act.name == "readmit":
            self.recusal.readmit(unit, tip, act.to, act.text)
        elif act.name == "close" and self.decides(tip, act.outcome):
            self._close(unit, tip, act, act.outcome)
        elif act.name == "approve":
            self._close(unit, tip, act, tip.work.asked_outcome)
        else:
            self._add_step(unit, tip, act)

    def _add_step(self, unit: UnitOfWork, tip: OpenTip, act: DeskAct) -> None:
        step, kind, detail = self._step(tip, act)
        if (
            act.name == "unmerge" and tip.work.own
        ):  # before the step: it is the leading tip's desk that speaks until then
            self._tell(unit, tip, tip.work.own.status)
        self._casework.add_step(unit, tip, step, act.text, (kind, detail))
        if act.name == "merge":
            self._tell(unit, tip, "MERGED")

    def _tell(self, unit: UnitOfWork, tip: OpenTip, status: Status, text: str = "") -> None:
        self._casework.post(unit, tip, Message(sender="desk", desk=self._casework.desk, status=status, text=text))

    def _step(self, tip: OpenTip, act: DeskAct) -> tuple[CaseStep, ActKind, str]:
        if act.name == "close":
            step = CaseStep(kind="asked_to_close", outcome=_outcome(act.outcome), counts=_counts(act))
            return step, "closing_asked", act.outcome
        if act.name == "refuse":
            due = self._due(tip, act)
            return CaseStep(kind="refused_to_close", due=due), "closing_refused", tip.work.awaits_closing_from()
        if act.name == "correct":
            step = CaseStep(kind="corrected", priority=_priority(act.priority), category=act.category)
            return step, "corrected", f"{act.priority} {act.category}".strip()
        if act.name == "assign":
            return CaseStep(kind="assigned", to=act.to), "assigned", act.to
        if act.name == "merge":
            number = self._casework.open(act.to).tip.number
            return CaseStep(kind="merged", to=number), "merged", number
        if act.name == "unmerge":
            return CaseStep(kind="unmerged", to=tip.work.merged_into), "unmerged", tip.work.merged_into
        return CaseStep(kind="reported", counts=_counts(act)), "reported", ""

    def _close(self, unit: UnitOfWork, tip: OpenTip, act: DeskAct, outcome: str) -> None:
        step = CaseStep(kind="closed", outcome=_outcome(outcome), counts=_counts(act))
        self._casework.add_step(unit, tip, step, act.text, ("closed", outcome))
        self._tell(unit, tip, "CLOSED", act.reason)


def _is_known_to_the_same_desks(tip: OpenTip, other: OpenTip) -> bool:
    """Return whether each desk that has `tip` has `other` too, so that the number of `other` reveals nothing."""
    here, there = ({*one.access.holders, *one.access.releases} for one in (tip, other))
    may_direct_alike = set(tip.header.excluded) == set(other.header.excluded)
    return here <= there and may_direct_alike and tip.tip.accused is None and other.tip.accused is None


def _counts(act: DeskAct) -> dict[str, int]:
    return {name: number for name, number in act.counts.items() if number is not None}


def _outcome(text: str) -> CaseOutcome | Literal[""]:
    return next((outcome for outcome in OUTCOMES if outcome == text), "")


def _priority(text: str) -> Priority | Literal[""]:
    return next((priority for priority in _PRIORITIES if priority == text), "")
