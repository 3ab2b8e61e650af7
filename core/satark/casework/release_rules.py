"""Rules for what leaves the desk: a station gets a release; handing over the tipster's own words takes two officers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from satark.api.observability import Redacted
from satark.api.routing import LEVELS, CaseworkError
from satark.api.tip import CaseStep, Message
from satark.casework.sender_hints import words_of
from satark.casework.two_officers import check_two_officers, is_by_present_key
from satark_words.tokens import fold

if TYPE_CHECKING:
    from satark.casework.casework import Casework
    from satark.casework.clocks import Offices
    from satark.casework.opened_tip import OpenTip
    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork

ReleaseProblem: TypeAlias = Literal[
    "released", "field", "quotes", "raw.none", "raw.two", "withdraw", "withdraw.none", "withdraw.office"
]
"""Why a release is refused: part of `act_names.Problem`, with the same wording."""

RELEASABLE: Final = ("place", "when", "when_date", "who", "vehicle", "how_often", "danger")
"""Steps whose answers may be handed over, in the order in which they are offered."""
QUOTE: Final = 8
"""A rewording is a quotation if it has this many words in a row that the tipster wrote too."""
_SHORTEST: Final = 4
"""Fewest words of a tipster's text that can be quoted: anybody may write a shorter one by chance."""
_LOWEST_WITH_KEY: Final = LEVELS.index("district")


class Handover(Redacted, frozen=True, kw_only=True):
    """What an officer wants to hand over to a desk."""

    to: str
    instruction: str
    answers: Mapping[str, str]
    """Step → the part of its answer that is handed over."""
    rewording: str
    raw: bool
    """Whether the tipster's own words shall be handed over."""


class ReleaseRules:
    """What one desk may hand over, and take back."""

    def __init__(self, services: Services, casework: Casework) -> None:
        self._services = services
        self._casework = casework

    def takes_release(self, tip: OpenTip, to_desk: str) -> bool:
        """Return whether a desk gets a release, not the tip: desks below a district do, unless they have the tip."""
        given = tip.work.directions.get(to_desk)
        desk = next((one for one in self._casework.directing.allowed_targets(tip) if one.name == to_desk), None)
        return desk is not None and LEVELS.index(desk.level) < _LOWEST_WITH_KEY and not (given and not given.release)

    def check_direction(self, tip: OpenTip, given: Handover) -> ReleaseProblem | None:
        """Check what a direction hands over."""
        if given.raw or not self.takes_release(tip, given.to):
            return None
        if not given.answers.keys() <= set(RELEASABLE):
            return "field"
        return "quotes" if _quotes(tip, given.instruction, given.rewording) else None

    def check_consent(self, tip: OpenTip) -> ReleaseProblem | None:
        """Check that this officer may consent to what another officer of the desk asks to hand over."""
        asked = tip.work.raw_asked
        if asked is None or asked.message.desk != self._casework.desk:
            return "raw.none"
        state = self._services.read_keys(self._services.roster.check).state
        if not is_by_present_key(state, asked):
            return "raw.two"
        try:
            check_two_officers(state, tip, self._casework.desk, asked.officer, self._casework.trail.officer)
        except CaseworkError:
            return "raw.two"
        return None

    def may_withdraw(self, tip: OpenTip, from_desk: str, offices: Offices) -> bool:
        """Return whether the desk may take a direction back: its own, or one of a desk below."""
        given, desk = tip.work.directions.get(from_desk), self._casework.desk
        return given is not None and (given.by == desk or offices.is_above(desk, given.by))

    def direct(self, unit: UnitOfWork, tip: OpenTip, given: Handover, due: int) -> None:
        """Direct a tip, to a station with a release; if the tipster's own words shall go, ask a second officer."""
        direct = self._casework.directing.direct
        if not self.takes_release(tip, given.to):
            direct(unit, tip, given.to, given.instruction, due)
        elif given.raw:
            self._ask_raw(unit, tip, given, due)
        else:
            filled = {step: text for step, text in given.answers.items() if text}
            direct(unit, tip, given.to, given.instruction, due, answers=filled, rewording=given.rewording)

    def consent(self, unit: UnitOfWork, tip: OpenTip, least_due: int) -> None:
        """Hand over the tip as another officer asked; the report is owed when they said, but not before `least_due`."""
        asked = tip.work.raw_asked
        step = asked.message.case if asked else None
        if asked is None or step is None:
            return
        due = max(step.due, least_due) if step.due else 0
        self._casework.directing.direct(unit, tip, step.to, asked.message.text, due)

    def _ask_raw(self, unit: UnitOfWork, tip: OpenTip, given: Handover, due: int) -> None:
        step = CaseStep(kind="asked_raw", to=given.to, due=due)
        message = Message(sender="desk", desk=self._casework.desk, text=given.instruction, internal=True, case=step)
        self._casework.post(unit, tip, message, act=("raw_asked", given.to))


def _quotes(tip: OpenTip, *written: str) -> bool:
    """Return whether a written text repeats `QUOTE` words in a row of a tipster's text, or a whole shorter one."""
    return any(_repeats(own, fold(text).split()) for text in written for own in _own_texts(tip))


def _repeats(own: Sequence[str], written: Sequence[str]) -> bool:
    size = min(QUOTE, len(own))
    runs = {tuple(own[at : at + size]) for at in range(len(own) - size + 1)}
    return any(tuple(written[at : at + size]) in runs for at in range(len(written) - size + 1))


def _own_texts(tip: OpenTip) -> list[list[str]]:
    found = [fold(text).split() for text in words_of(tip)]
    return [words for words in found if len(words) >= _SHORTEST]
