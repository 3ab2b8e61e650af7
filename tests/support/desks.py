"""Desks in a store, with the keys that their officers would open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from satark.api.routing import Desk, Level
from satark.api.sealing import new_identity
from satark.casework import Casework
from satark.casework.clocks import Clocks
from satark.casework.desk_act import ActName, ActRefused, DeskAct, Problem
from satark.casework.desk_acts import DeskActs
from satark.casework.hold_acts import TipKeeping
from satark.casework.opened_tip import OpenTip
from satark.roster.chain import append
from satark.roster.entries import Entry, OfficerSet, Right, Role, RosterOfficer, desk_verifier, officer_signer
from satark.routing.desks import add_desk, close_roster

if TYPE_CHECKING:
    from collections.abc import Callable

    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork
    from support.tips import SeededTip


_IDENTITIES: dict[str, str] = {}
"""Recipient of an officer of `listed_officer` → their own identity."""


def listed_officer(name: str, role: Role = "officer") -> RosterOfficer:
    """Return an officer for a desk's roster. A head has every right."""
    recipient, identity = new_identity()
    _IDENTITIES[recipient] = identity
    rights: tuple[Right, ...] = ("listen", "release") if role == "head" else ()
    return RosterOfficer(name=name, recipient=recipient, signer=officer_signer(identity), role=role, rights=rights)


class SeededDesk:
    """A stored desk with its opened key."""

    def __init__(
        self,
        services: Services,
        name: str,
        level: Level = "district",
        area: str = "",
        *,
        officers: tuple[RosterOfficer, ...] = (),
    ) -> None:
        recipient, self.identity = new_identity()
        self.desk = Desk(name=name, title=f"{name} title", level=level, area=area, recipient=recipient)
        self._services = services
        self._own = {one.name: _IDENTITIES.get(one.recipient, "") for one in officers}
        services.write_now(lambda unit: self._add(unit, officers))
        self.casework = Casework(services, name, self.identity)

    def _add(self, unit: UnitOfWork, officers: tuple[RosterOfficer, ...]) -> None:
        add_desk(unit, self.desk, verifier=desk_verifier(self.identity), officers=officers)

    def add_officer(self, officer: RosterOfficer) -> None:
        """Add an officer of `listed_officer` to the roster, during the founding."""
        self._own[officer.name] = _IDENTITIES[officer.recipient]
        entry = Entry(body=OfficerSet(desk=self.desk.name, officer=officer))
        self._services.write_now(lambda unit: append(unit, entry))

    def casework_of(self, officer: str, *, may_listen: bool = False) -> Casework:
        """Return new casework for an officer of the desk."""
        own = self._own.get(officer, "")
        return Casework(
            self._services, self.desk.name, self.identity, officer=officer, may_listen=may_listen, own_identity=own
        )


class Office:
    """A desk with one officer, `<desk>-1`, who acts by the usual rules."""

    def __init__(self, services: Services, desk: SeededDesk) -> None:
        self.desk = desk
        self.casework = desk.casework_of(f"{desk.desk.name}-1")
        self.acts = DeskActs(services, self.casework, Clocks())

    def do(self, tip: SeededTip, name: ActName, **fields: Any) -> None:
        """Act on a tip."""
        self.acts.perform(self.casework.open(tip.number), DeskAct(name=name, **fields))

    def refused(self, tip: SeededTip, name: ActName, **fields: Any) -> Problem:
        """Return why an act on a tip is refused."""
        with pytest.raises(ActRefused) as refusal:
            self.do(tip, name, **fields)
        return refusal.value.problem


def end_founding(services: Services, unlock: Callable[[str], object], *desks: str) -> None:
    """End the founding, and have the heads of these desks (none: sp, dig, lanka) sign in: each desk changes its key."""
    services.write_now(lambda unit: close_roster(unit, services.destination_rules))
    for desk in desks or ("sp", "dig", "lanka"):
        unlock(desk)


def agree(work: TipKeeping, tip: OpenTip) -> None:
    """Agree to a request about keeping a tip, as the page shows it."""
    work.agree(tip, work.of(tip).asked_at)
