"""Which desks may know of a tip, and which must never.

The rules (DESIGN 6): a tip goes to the SP of the district and the DIG of the range. A tip about an outpost or a station
never goes to that station or below; one about the SP's office goes to the DIG alone; one about the range's own office
goes to whatever stands above it. Exclusion always wins, whoever asks for the destination. A tip that nobody but
excluded desks could get goes to the highest desk that is not excluded, and is never dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from satark.desk import LEVELS, Desk, RouteAdvice, Screening
from satark.destination import PRIORITIES
from satark.routing.destinations import applying
from satark.tip import Priority, Tip

if TYPE_CHECKING:
    from satark.destination import DestinationRule
    from satark.geography.geography import Geography

_RANK = {level: rank for rank, level in enumerate(LEVELS)}


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tip goes."""

    desks: tuple[Desk, ...]
    """The desks that its key is sealed to."""
    destinations: tuple[str, ...]
    """Every destination, desks among them, as `<sink>:<name>`."""
    excluded: tuple[str, ...]
    """Desks and destinations that must never get it."""
    destination_rules: tuple[DestinationRule, ...] = ()
    """The configured destinations that get the tip."""
    unknown: tuple[str, ...] = ()
    """Destinations that a plugin added and that belong to no desk: nothing goes there."""


def route(
    tip: Tip,
    desks: Sequence[Desk],
    geography: Geography,
    advice: Iterable[RouteAdvice] = (),
    *,
    destination_rules: Sequence[DestinationRule] = (),
    priority: Priority = "normal",
) -> Route:
    """Decide where a tip goes; pure, and the same for the same tip, desks and destinations.

    Raises:
        NoDesk: there is no desk at all that may get it.
    """
    advice = list(advice)
    excluded = {desk.name for desk in desks if is_accused(tip, desk, geography)}
    excluded |= {name for one in advice for name in one.exclude}
    added = [name for one in advice for name in one.add]
    allowed = [desk for desk in desks if desk.name not in excluded]
    chosen = [desk for desk in allowed if _responsible(tip, desk, geography) or f"desk:{desk.name}" in added]
    chosen = chosen or _highest(allowed)
    if not chosen:
        raise NoDesk("no desk may receive this tip: add one with `satark desk add`")
    names = {desk.name for desk in chosen}
    taken = applying(destination_rules, tip, priority, desks=names, excluded=excluded, added=added)
    carried = [name for name in added if _carrier_of(name, destination_rules) in names and name not in excluded]
    destinations = [desk.destination for desk in chosen] + [rule.to for rule in taken] + carried
    return Route(
        desks=tuple(chosen),
        destinations=tuple(dict.fromkeys(destinations)),
        excluded=tuple(sorted(excluded)),
        destination_rules=taken,
        unknown=tuple(name for name in added if _is_unknown(name, desks, destination_rules)),
    )


def _carrier_of(destination: str, destination_rules: Sequence[DestinationRule]) -> str:
    """The desk of a destination that is not configured: the one that it is named after. Empty for any other."""
    sink, _, name = destination.partition(":")
    return "" if sink == "desk" or _configured(destination, destination_rules) else name


def _is_unknown(destination: str, desks: Collection[Desk], destination_rules: Sequence[DestinationRule]) -> bool:
    known = destination.partition(":")[2] in {desk.name for desk in desks}
    return not known and not _configured(destination, destination_rules)


def _configured(destination: str, destination_rules: Sequence[DestinationRule]) -> bool:
    return any(rule.to == destination for rule in destination_rules)


class NoDesk(Exception):  # noqa: N818 - it reads as what it says
    """There is no desk that may receive the tip."""


def is_accused(tip: Tip, desk: Desk, geography: Geography) -> bool:
    """Say whether a tip is about this desk's office, or about one that this desk is below of."""
    accused = tip.accused
    if accused is None:
        return False
    if accused.level == "unknown":
        # They could not say which unit: nobody at the level of a station or below may be trusted with it.
        return _RANK[desk.level] <= _RANK["circle"]
    reach = "station" if accused.level == "outpost" else accused.level
    if _RANK[desk.level] > _RANK[reach]:
        return False
    return _within(desk, _accused_unit(tip, geography), geography)


def _accused_unit(tip: Tip, geography: Geography) -> str:
    """The code of the unit that is kept away, or empty where nobody can say; an outpost counts as its station."""
    accused = tip.accused
    if accused is None:
        return ""
    if accused.level == "outpost":
        return geography.station_of(accused.unit) or tip.station
    meant = {
        "station": tip.station,
        "circle": geography.circle_of(tip.station),
        "district": tip.district,
        "range": geography.range_of(tip.district),
    }
    return accused.unit or meant.get(accused.level, "")


def _within(desk: Desk, unit: str, geography: Geography) -> bool:
    """Whether a desk's office lies in a unit. Where either is unknown the answer is yes: a doubt excludes."""
    if not desk.area or not unit:
        return True
    return unit in _offices_above(desk, geography)


def _offices_above(desk: Desk, geography: Geography) -> set[str]:
    station = geography.station_of(desk.area) if desk.level == "outpost" else desk.area
    district = {"circle": _district_of_circle(desk.area, geography), "district": desk.area}.get(
        desk.level, geography.district_of(station)
    )
    return {desk.area, station, geography.circle_of(station), district, geography.range_of(district)} - {""}


def _district_of_circle(circle: str, geography: Geography) -> str:
    stations = (station for station in geography.stations() if geography.circle_of(station.code) == circle)
    return next((geography.district_of(station.code) for station in stations), "")


def _responsible(tip: Tip, desk: Desk, geography: Geography) -> bool:
    """Whether a desk gets tips of this place by itself: the SP of the district, the DIG of the range."""
    if desk.level == "district":
        return not desk.area or not tip.district or desk.area == tip.district
    if desk.level == "range":
        return not desk.area or not tip.district or desk.area == geography.range_of(tip.district)
    return False


def _highest(desks: Sequence[Desk]) -> list[Desk]:
    top = max((_RANK[desk.level] for desk in desks), default=-1)
    return [desk for desk in desks if _RANK[desk.level] == top]


def screen(screenings: Iterable[Screening], priority: Priority) -> Screening:
    """Put the plugins' judgements together: the highest priority stands, flags add up."""
    screenings = [Screening(priority=priority), *screenings]
    highest = max(screenings, key=lambda one: PRIORITIES.index(one.priority)).priority
    flags = dict.fromkeys(flag for one in screenings for flag in one.flags)
    return Screening(priority=highest, flags=tuple(flags))
