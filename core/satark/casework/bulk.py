"""Does one act on several tips, each by the rules for that tip; reports what was done, what was not, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from satark.api.observability import Redacted
from satark.casework.casework import Casework
from satark.casework.desk_act import ActRefused, DeskAct, Problem
from satark.casework.desk_acts import DeskActs
from satark.casework.errors import NoSuchTip
from satark.casework.opened_tip import OpenTip

BulkKind: TypeAlias = Literal["merge", "aside", "resume", "priority", "assign"]
"""`aside`: sets the tips aside; `resume`: takes them up again."""
BULK_KINDS: tuple[BulkKind, ...] = get_args(BulkKind)

MOST_TIPS: Final = 200


class BulkAct(Redacted, frozen=True, kw_only=True):
    """What an officer wants to do with several tips."""

    kind: BulkKind
    to: str = ""
    """The officer to assign to, or the number of the tip to merge into."""
    priority: str = ""
    text: str = ""
    """The reason, which only desks read; for an assignment, a note to the officer who gets the tips."""

    def of_one(self) -> DeskAct:
        """Return the act for each of the tips."""
        if self.kind == "merge":
            return DeskAct(name="merge", to=self.to, text=self.text)
        if self.kind == "assign":
            return DeskAct(name="assign", to=self.to)
        if self.kind == "priority":
            return DeskAct(name="correct", priority=self.priority, text=self.text)
        return DeskAct(name="status", status="SET_ASIDE" if self.kind == "aside" else "IN_REVIEW")

    def steps(self) -> list[DeskAct]:
        """Return the acts that are done on each tip, in order: the act itself, then a note with its reason.

        A note to the officer who gets the tips is for their own desk alone.
        """
        if not self.text or self.kind in {"merge", "priority"}:
            return [self.of_one()]
        return [self.of_one(), DeskAct(name="note", text=self.text, private=self.kind == "assign")]

    def check_all(self, acts: DeskActs, casework: Casework, numbers: Iterable[str]) -> list[BulkOutcome]:
        """Return the outcome for each tip, without doing the act."""
        return [_outcome(casework, number, lambda tip: self._check(acts, tip)) for number in self._tips(numbers)]

    def perform_all(
        self, acts: DeskActs, casework: Casework, numbers: Iterable[str], seen: Mapping[str, int] = MappingProxyType({})
    ) -> list[BulkOutcome]:
        """Do the act on each tip for which the rules allow it, each in a transaction of its own.

        `seen`: the number of a tip → `seq` of its newest message that the page showed.
        """

        def perform(tip: OpenTip) -> None:
            self._check(acts, tip)
            first, *others = self.steps()
            acts.perform(tip, msgspec.structs.replace(first, seen=seen.get(tip.tip.number)))
            for step in others:
                acts.perform(tip, step)

        return [_outcome(casework, number, perform) for number in self._tips(numbers)]

    def _check(self, acts: DeskActs, tip: OpenTip) -> None:
        for step in self.steps():
            acts.check(tip, step)

    def _tips(self, numbers: Iterable[str]) -> Sequence[str]:
        """Return the numbers of the tips, each once, without the tip that the others are merged into."""
        leading = self.to.strip().upper() if self.kind == "merge" else ""
        every = dict.fromkeys(number.strip().upper() for number in numbers)
        return [number for number in every if number and number != leading][:MOST_TIPS]


class BulkOutcome(Redacted, frozen=True, kw_only=True):
    """The result of the act on one tip."""

    number: str
    problem: Problem | Literal["", "gone"] = ""
    """Reason why nothing was done; `gone`: the desk has no such tip; empty: the act was done."""


def _outcome(casework: Casework, number: str, do: Callable[[OpenTip], None]) -> BulkOutcome:
    try:
        do(casework.open(number))
    except ActRefused as refused:
        return BulkOutcome(number=number, problem=refused.problem)
    except NoSuchTip:
        return BulkOutcome(number=number, problem="gone")
    return BulkOutcome(number=number)
