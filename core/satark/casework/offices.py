"""How the desks of the store stand to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.casework.clocks import Offices
from satark.routing.desks import all_desks
from satark.routing.rules import desks_above

if TYPE_CHECKING:
    from satark.services import Services


def offices_of(services: Services) -> Offices:
    """Return how the desks stand to each other."""
    desks = services.read(all_desks)
    above = {one.name: [desk.name for desk in desks_above(one, desks, services.geography)] for one in desks}
    return Offices(above=above, first=[one.name for one in desks if one.level == "district"])
