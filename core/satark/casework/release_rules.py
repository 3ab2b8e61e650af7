"""Rules for handing over: a station gets a release; handing over the tipster's own words needs two officers.

Before an officer gives a text to another desk, the page shows the words in it that point to the sender.
"""

import re
from typing import Final

import msgspec

from satark.api.routing import LEVELS, CaseworkError
from satark.api.tip import Accused, CaseStep, Message
from satark.casework.casework import Casework
from satark.casework.desk_act import RELEASABLE, DeskAct, Problem
from satark.casework.opened_tip import OpenTip
from satark.casework.sender_hints import quotes, words_of
from satark.casework.two_officers import check_two_officers, is_by_present_key
from satark.routing.rules import is_accused
from satark.services import Services
from satark.store.unit_of_work import UnitOfWork
from satark_words.geography.geography import Geography
from satark_words.reader import Reader

_SENTENCE_END: Final = re.compile(r"[।?!.\n]+")


def police_in(tip: OpenTip, geography: Geography) -> set[str]:
    """Return the codes of the stations whose police the tipster's words may accuse, whatever the tipster answered.

    Accused police without a named station count as those of the tip's own station.
    """
    reader, found = Reader.shared(geography), set[str]()
    for told in (reader.analyse(one) for text in words_of(tip) for one in _SENTENCE_END.split(text)):
        is_of_police = told.has("person.police") and told.has("unit.*", "who.kin")
        if is_of_police or reader.open(told).police:
            units = {geography.station_of(code) or code for code in reader.names(told)}
            found |= {one for one in units if geography.station(one)} or {tip.header.station}
    return found - {""}


_LOWEST_WITH_KEY: Final = LEVELS.index("district")


class ReleaseRules:
    """What one desk may hand over, and take back."""

    def __init__(self, services: Services, casework: Casework) -> None:
        self._services = services
        self._casework = casework

    def takes_release(self, tip: OpenTip, to_desk: str) -> bool:
        """Return whether a desk gets a release and not the tip: a desk below a district does, unless it has the tip."""
        has_tip = to_desk in tip.access.holders
        desk = next((one for one in self._casework.directing.allowed_targets(tip) if one.name == to_desk), None)
        return desk is not None and LEVELS.index(desk.level) < _LOWEST_WITH_KEY and not has_tip

    def accused_by_words(self, tip: OpenTip) -> set[str]:
        """Return the desks that may get the tip by its answers although its words may accuse their police."""
        geography = self._services.geography
        accused = [Accused(level="station", unit=one) for one in police_in(tip, geography)]
        tips = [msgspec.structs.replace(tip.tip, accused=one) for one in accused]
        targets = self._casework.directing.allowed_targets(tip)
        return {desk.name for desk in targets if any(is_accused(one, desk, geography) for one in tips)}

    def check_direction(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        """Check the texts that a direction hands over."""
        takes_release = self.takes_release(tip, act.to)
        if not act.cleared and act.to in self.accused_by_words(tip):
            return "accused"
        if act.gives == ("tip" if takes_release else "release"):
            return "gives"
        if act.raw or not takes_release:
            return None
        if not act.answers.keys() <= set(RELEASABLE):
            return "field"
        return "quotes" if quotes(tip, act.text, act.rewording) else None

    def check_consent(self, tip: OpenTip) -> Problem | None:
        """Check that this officer may consent to another officer's request to hand over the tipster's words."""
        asked = tip.work.raw_asked
        if asked is None or asked.message.desk != self._casework.desk:
            return "raw.none"
        state = self._services.roster_state()
        if not is_by_present_key(state, asked):
            return "raw.two"
        try:
            check_two_officers(state, tip, self._casework.desk, asked.officer, self._casework.trail.officer)
        except CaseworkError:
            return "raw.two"
        return None

    def may_withdraw(self, tip: OpenTip, from_desk: str) -> bool:
        """Return whether the desk may take a direction back: its own direction, or that of a desk below."""
        step = CaseStep(kind="withdrawn", to=from_desk)
        message = Message(sender="desk", desk=self._casework.desk, internal=True, case=step)
        return from_desk in tip.work.directions and self._services.signers().may_write(message, tip.access)

    def direct(self, unit: UnitOfWork, tip: OpenTip, act: DeskAct, due: int) -> None:
        """Direct a tip; a station gets a release. If the tipster's own words are included, ask a second officer."""
        direct = self._casework.directing.direct
        if not self.takes_release(tip, act.to):
            direct(unit, tip, act.to, act.text, due)
        elif act.raw:
            step = CaseStep(kind="asked_raw", to=act.to, due=due)
            self._casework.add_step(unit, tip, step, act.text, ("raw_asked", act.to))
        else:
            filled = {step: text for step, text in act.answers.items() if text}
            direct(unit, tip, act.to, act.text, due, answers=filled, rewording=act.rewording)

    def consent(self, unit: UnitOfWork, tip: OpenTip, least_due: int) -> None:
        """Hand over the tip as another officer asked. The report is due when they said, but not before `least_due`."""
        asked = tip.work.raw_asked
        step = asked.message.case if asked else None
        if asked is None or step is None:
            return
        due = max(step.due, least_due) if step.due else 0
        self._casework.directing.direct(unit, tip, step.to, asked.message.text, due)
