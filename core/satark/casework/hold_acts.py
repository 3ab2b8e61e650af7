"""Steps about keeping tips: legal holds and orders to erase, each asked for by one officer and agreed to by another."""

from satark.api.tip import Message, RetentionStep
from satark.audit.acts import ActKind
from satark.casework.casework import Casework
from satark.casework.hold_rules import Keeping, StepRefused, check_agree, check_ask, keeping_of
from satark.casework.opened_tip import OpenTip
from satark.casework.work import PostedMessage
from satark.services import Services
from satark.store.unit_of_work import UnitOfWork


class TipKeeping:
    """One officer's decisions about how long their desk's tips are kept."""

    def __init__(self, services: Services, casework: Casework) -> None:
        self._services = services
        self._casework = casework

    def of(self, tip: OpenTip) -> Keeping:
        """Return the retention of a tip."""
        state = self._services.roster_state()
        return keeping_of(self._services.retention, tip.header, tip.thread, state)

    def ask(self, tip: OpenTip, step: RetentionStep, reason: str) -> PostedMessage:
        """Ask for a step; another officer must agree. A hold keeps the tip from the request on.

        Raises:
            StepRefused: the step can't be asked for now.
            NoRetentionKey: the worker never ran on this installation.
        """
        return self._services.write_now(lambda unit: self._ask(unit, tip, step, reason))

    def agree(self, tip: OpenTip, asked_at: int) -> PostedMessage:
        """Agree to another officer's request, as this officer's page showed it. The step is then taken.

        Raises:
            StepRefused: another step is asked for by now (see `Keeping.asked_at`), or this officer asked for it.
            NoRetentionKey: as for `ask`.
        """
        return self._services.write_now(lambda unit: self._agree(unit, tip, asked_at))

    def _ask(self, unit: UnitOfWork, tip: OpenTip, step: RetentionStep, reason: str) -> PostedMessage:
        check_ask(self.of(tip), step, unit.day)
        return self._post(unit, tip, step, reason)

    def _agree(self, unit: UnitOfWork, tip: OpenTip, asked_at: int) -> PostedMessage:
        officer, keeping = (self._casework.trail.desk, self._casework.trail.officer), self.of(tip)
        if keeping.asked_at != asked_at:
            raise StepRefused("something else was asked for meanwhile: read it first")
        state = self._services.roster_state(unit)
        return self._post(unit, tip, check_agree(keeping, officer, state), "")

    def _post(self, unit: UnitOfWork, tip: OpenTip, step: RetentionStep, reason: str) -> PostedMessage:
        if tip.envelope.tip_recipient:
            raise StepRefused("your desk has a release of this tip alone: the desk that directed it decides this")
        desk = self._casework.desk
        message = Message(sender="desk", desk=desk, text=reason, internal=True, retention=step)
        return self._casework.post(unit, tip, message, act=(_ACTS[step], reason))


_ACTS: dict[RetentionStep, ActKind] = {
    "ask_hold": "hold_asked",
    "hold": "held",
    "ask_lift": "lift_asked",
    "lift": "lifted",
    "ask_erasure": "erasure_asked",
    "erasure": "erasure_ordered",
}
