"""Recusal: an officer who knows people in a tip says so, and from then on has no access to this tip.

`Casework.may_read` enforces it. Only pages and commands enforce it: a recused officer still has the desk's key, which
opens the tip together with the databases.
"""

from typing import Literal

from satark.api.tip import CaseStep
from satark.casework.casework import Casework
from satark.casework.desk_act import DeskAct, Problem
from satark.casework.opened_tip import OpenTip
from satark.custody import log as custody
from satark.custody.entries import DeskOfficer, officer_entry
from satark.roster.entries import RECOVERY
from satark.services import Services
from satark.store.unit_of_work import UnitOfWork


class Recusal:
    """Recuses one officer of a desk from tips, and readmits others."""

    def __init__(self, services: Services, casework: Casework) -> None:
        self._services = services
        self._casework = casework

    def check_recuse(self, tip: OpenTip, *, has_desk_above: bool) -> Problem | None:
        """Check that another officer still has the tip once this officer is recused."""
        return None if self._left(tip) or has_desk_above else "recuse.last"

    def check_readmit(self, tip: OpenTip, act: DeskAct) -> Problem | None:
        """Check that this officer may give the tip back to another."""
        if act.to == self._casework.trail.officer or not tip.work.is_recused(self._casework.desk, act.to):
            return "readmit.none"
        return None if act.text else "readmit"

    def recuse(self, unit: UnitOfWork, tip: OpenTip) -> None:
        """Take the tip from this officer. If no officer of the desk is left, tell the desks above."""
        officer = self._casework.trail.officer
        self._log(unit, tip, "recused")
        self._casework.add_step(unit, tip, CaseStep(kind="recused", to=officer), "", ("recused", ""), private=True)
        if not self._left(tip):
            self._casework.add_step(unit, tip, CaseStep(kind="unattended"), "", ("unattended", ""))

    def readmit(self, unit: UnitOfWork, tip: OpenTip, officer: str, reason: str) -> None:
        self._log(unit, tip, "readmitted", officer)
        # The desks above read of the readmission if they were told that nobody is left.
        private = self._casework.desk not in tip.work.unattended
        step = CaseStep(kind="readmitted", to=officer)
        self._casework.add_step(unit, tip, step, reason, ("readmitted", officer), private=private)

    def _left(self, tip: OpenTip) -> list[str]:
        """Return the other officers of the desk who have the tip; not `RECOVERY`, whose passphrase lies in a safe."""
        desk, gone = self._casework.desk, {self._casework.trail.officer, RECOVERY}
        listed = self._services.roster_state().desks.get(desk)
        officers = listed.officers.values() if listed else ()
        readers = (one.name for one in officers if one.role != "auditor")
        return [name for name in readers if name not in gone and not tip.work.is_recused(desk, name)]

    def _log(self, unit: UnitOfWork, tip: OpenTip, action: Literal["recused", "readmitted"], officer: str = "") -> None:
        by = DeskOfficer(desk=self._casework.desk, name=self._casework.trail.officer)
        entry = officer_entry(action, by, unit.now, form="", second=officer)
        recipient = self._casework.cache.reader.tip_recipient(unit, tip.reader)
        custody.append_entries(unit, tip.id, recipient, "", entry)
