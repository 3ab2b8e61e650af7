"""Desks in a store, with the keys that their officers would open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.casework import Casework
from satark.desk import Desk, Level
from satark.identity.sealing import new_identity
from satark.roster.entries import desk_verifier
from satark.routing.desks import add_desk

if TYPE_CHECKING:
    from satark.services import Services


class SeededDesk:
    """A stored desk with its opened key."""

    def __init__(self, services: Services, name: str, level: Level = "district", area: str = "") -> None:
        recipient, self.identity = new_identity()
        self.desk = Desk(name=name, title=f"{name} title", level=level, area=area, recipient=recipient)
        self._services = services
        services.write_now(lambda unit: add_desk(unit, self.desk, verifier=desk_verifier(self.identity)))
        self.casework = Casework(services, name, self.identity)

    def casework_of(self, officer: str, *, may_listen: bool = False) -> Casework:
        """Return new casework of an officer of the desk."""
        return Casework(self._services, self.desk.name, self.identity, officer=officer, may_listen=may_listen)
