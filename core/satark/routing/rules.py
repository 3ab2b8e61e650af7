"""Routing rules: which desks and destinations get a tip, and which must never.

A tip goes to the SP of the district and the DIG of the range; if the SP has no desk, to the DIG alone. A tip from a
district that the geography does not have goes to the DIG, whose desk passes it on.

A tip about an outpost or a station never goes to that station or below; one about the SP's office goes to the DIG
alone; one about a range's office goes to desks above ranges. Exclusion always wins, whoever adds the destination. If no
responsible desk may have it, the tip goes to the highest desk that may, of a district or above: never to a station,
which reads only what it is given.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec
from pydantic import TypeAdapter

from satark.api.routing import (
    DESK_SINK,
    HERE,
    LEVELS,
    PRIORITIES,
    CoveredRule,
    Desk,
    Destination,
    DestinationRule,
    RouteAdvice,
    Screening,
)
from satark.api.tip import Accused, Priority, Tip
from satark.roster.entries import PROBE_DESK
from satark_words.geography.geography import Geography
from satark_words.geography.units import ELSEWHERE


def matching_rules(
    destination_rules: Iterable[DestinationRule],
    tip: Tip,
    priority: Priority,
    *,
    desks: Collection[str],
    excluded: Collection[str] = (),
    added: Collection[str] = (),
) -> tuple[DestinationRule, ...]:
    """Return the rules of the configured destinations that get a tip which these desks get.

    `excluded`: destinations, and names of desks, that must not get it; `added`: destinations that get it whatever their
    filters say.
    """
    return tuple(
        rule
        for rule in destination_rules
        if _may_have(rule, tip, desks, excluded)
        and rule.to not in excluded
        and (rule.to in added or rule.applies(tip, priority))
    )


def encode_rules(destination_rules: Iterable[DestinationRule]) -> bytes:
    """Encode the rules of the desks' destinations, without private keys, for the offices that seal tips to them."""
    public = (rule.model_copy(update={"identity_file": None}) for rule in destination_rules if rule.desk)
    return _rules.dump_json(tuple(public))


def decode_rules(encoded: bytes) -> tuple[DestinationRule, ...]:
    """Decode what `encode_rules` returned.

    Raises:
        ValueError: the bytes are something else.
    """
    return _rules.validate_json(encoded)


_rules = TypeAdapter(tuple[DestinationRule, ...])


def _may_have(rule: DestinationRule, tip: Tip, desks: Collection[str], excluded: Collection[str]) -> bool:
    if rule.desk:
        return rule.desk in desks
    # It belongs to no desk, so nobody knows who reads there: it gets no tip that is kept from anybody.
    return tip.accused is None and not excluded


def delivered_to(destination: Destination) -> Destination:
    """Return the destination that a delivery to a desk names: `HERE` for a desk at this host."""
    return HERE if destination.sink == DESK_SINK else destination


_RANK = {level: rank for rank, level in enumerate(LEVELS)}


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """The desks and destinations that get a tip."""

    desks: tuple[Desk, ...]
    """The desks that its key is sealed to."""
    destinations: tuple[str, ...]
    """Every destination, desks among them, as `<sink>:<name>`."""
    excluded: tuple[str, ...]
    """Desks and destinations that must never get the tip."""
    destination_rules: tuple[DestinationRule, ...] = ()
    """The rules of the configured destinations that get the tip."""
    covered: tuple[str, ...] = ()
    """Destinations on carriers that get the tip or as many covers, which hide from carriers who is excluded."""
    unknown: tuple[str, ...] = ()
    """Destinations that a plugin added but that belong to no desk: they get nothing."""


def route(
    tip: Tip,
    desks: Sequence[Desk],
    geography: Geography,
    advice: Iterable[RouteAdvice] = (),
    *,
    destination_rules: Sequence[DestinationRule] = (),
    priority: Priority = "normal",
    closed: Collection[str] = (),
    synthetic: bool = False,
) -> Route:
    """Decide which desks and destinations get a tip. The result depends on the arguments alone.

    `closed`: names of desks that a signed head of the roster contradicts, so that nothing is sealed to them. Nobody
    takes their place: whoever made up that head may be the one above.
    `synthetic`: the tip is the probe's. Only then may the probe's desk get it, whatever plugins advise.

    Raises:
        NoDesk: there is no desk that may get it.
    """
    advice = list(advice)
    excluded = {desk.name for desk in desks if is_accused(tip, desk, geography)}
    excluded |= {name for one in advice for name in one.exclude}
    added = [name for one in advice for name in one.add]
    allowed = [desk for desk in desks if desk.name not in excluded and (synthetic or desk.name != PROBE_DESK)]
    responsible = {desk.name for desk in _responsible_or_above(tip, allowed, geography, closed)}
    asked = {desk.name for desk in allowed if Destination.of(DESK_SINK, desk.name) in added} - {*closed}
    if not responsible and not (synthetic and asked):
        do = "run `satark roster verify`" if closed else "add one with `satark desk add`"
        raise NoDesk(f"no desk may receive this tip: {do}")
    chosen = [desk for desk in allowed if desk.name in responsible | asked]
    names, here = {desk.name for desk in chosen}, {desk.name for desk in desks}
    rules = matching_rules(destination_rules, tip, priority, desks=names, excluded=excluded, added=added)
    unconfigured = [name for name in added if _desk_of(name, destination_rules) in names and name not in excluded]
    destinations = [desk.destination for desk in chosen] + [rule.to for rule in rules] + unconfigured
    return Route(
        desks=tuple(chosen),
        destinations=tuple(dict.fromkeys(destinations)),
        excluded=tuple(sorted(excluded)),
        destination_rules=rules,
        covered=tuple(_covered(tip, desks, geography, destination_rules)),
        unknown=tuple(
            one for one in added if Destination(one).name not in here and not _configured(one, destination_rules)
        ),
    )


def _responsible_or_above(
    tip: Tip, allowed: Sequence[Desk], geography: Geography, closed: Collection[str]
) -> list[Desk]:
    """Return the desks that are responsible; if there are none, the highest ones. Leave out those that are closed."""
    ready = [desk for desk in allowed if desk.name not in closed]
    if any(_responsible(tip, desk, geography) for desk in allowed):
        return [desk for desk in ready if _responsible(tip, desk, geography)]
    top = max((_RANK[desk.level] for desk in ready), default=-1)
    return [desk for desk in ready if _RANK[desk.level] == top >= _RANK["district"]]


def _covered(
    tip: Tip, desks: Sequence[Desk], geography: Geography, destination_rules: Sequence[DestinationRule]
) -> Iterator[str]:
    """Yield the destinations on carriers that tips from this place may go to, whoever is accused."""
    possible = [desk for desk in desks if desk.level == "state" or _responsible(tip, desk, geography)]
    yield from (desk.destination for desk in possible if desk.via != DESK_SINK)
    names = {desk.name for desk in possible}
    yield from (rule.to for rule in destination_rules if isinstance(rule, CoveredRule) and rule.desk in names)


def _desk_of(destination: str, destination_rules: Sequence[DestinationRule]) -> str:
    """Return the desk in a destination's name if the destination has no rule; empty for any other destination."""
    to = Destination(destination)
    return "" if to.sink == DESK_SINK or _configured(destination, destination_rules) else to.name


def _configured(destination: str, destination_rules: Sequence[DestinationRule]) -> bool:
    return any(rule.to == destination for rule in destination_rules)


class NoDesk(Exception):  # noqa: N818 - it reads as what it says
    """There is no desk that may receive the tip."""


def is_accused(tip: Tip, desk: Desk, geography: Geography) -> bool:
    """Return whether a tip accuses this desk's office, or one above it."""
    units = (tip.accused, *tip.accused.also) if tip.accused else ()
    return any(_accuses(tip, one, desk, geography) for one in units)


def _accuses(tip: Tip, accused: Accused, desk: Desk, geography: Geography) -> bool:
    if accused.level == "unknown":
        # The tipster could not name the unit, so no desk up to the level of a circle may be trusted with the tip.
        return _RANK[desk.level] <= _RANK["circle"]
    reach = "station" if accused.level == "outpost" else accused.level
    if _RANK[desk.level] > _RANK[reach]:
        return False
    if reach == "range":
        return True  # which districts are in a range, only the operator's geography says; heads signed the levels
    unit = _accused_unit(tip, accused, geography)  # a doubt excludes
    return not desk.area or not unit or unit in _offices_above(desk, geography)


def desks_above(desk: Desk, desks: Iterable[Desk], geography: Geography) -> list[Desk]:
    """Return the desks of higher offices: of a higher level, and responsible for the desk's area or for everywhere."""
    higher = (one for one in desks if _RANK[one.level] > _RANK[desk.level])
    return [one for one in higher if not one.area or not desk.area or one.area in _offices_above(desk, geography)]


def next_above(desks: Collection[Desk], geography: Geography) -> dict[str, str]:
    """Return desk → the lowest of these desks that stands above it. Desks with none above are left out."""
    found = {one.name: desks_above(one, desks, geography) for one in desks}
    return {name: min(above, key=lambda one: _RANK[one.level]).name for name, above in found.items() if above}


def _accused_unit(tip: Tip, accused: Accused, geography: Geography) -> str:
    """Return the code of the accused unit, empty if it is unknown; an outpost counts as its station."""
    if accused.level == "outpost":
        return geography.station_of(accused.unit) or tip.station
    unit_of_place = {"station": tip.station, "circle": geography.circle_of(tip.station), "district": tip.district}
    return accused.unit or unit_of_place[accused.level]


def _offices_above(desk: Desk, geography: Geography) -> set[str]:
    station = geography.station_of(desk.area) if desk.level == "outpost" else desk.area
    in_circle = (one.code for one in geography.stations() if geography.circle_of(one.code) == desk.area)
    one_of_it = next(in_circle, "") if desk.level == "circle" else station
    district = desk.area if desk.level == "district" else geography.district_of(one_of_it)
    return {desk.area, station, geography.circle_of(station), district, geography.range_of(district)} - {""}


def _responsible(tip: Tip, desk: Desk, geography: Geography) -> bool:
    """Return whether a desk gets a tip because of its place: the SP of the district, the DIG of the range.

    A tip without a place goes to every such desk. A tip from elsewhere goes to no SP; every range passes it on.
    """
    if tip.district == ELSEWHERE:
        return desk.level == "range"
    if desk.level == "district":
        return not desk.area or not tip.district or desk.area == tip.district
    if desk.level == "range":
        return not desk.area or not tip.district or desk.area == geography.range_of(tip.district)
    return False


def screen(screenings: Iterable[Screening], own: Screening) -> Screening:
    """Combine the flow's own screening and the plugins': the highest priority and all flags."""
    screenings = [own, *screenings]
    highest = max(screenings, key=lambda one: PRIORITIES.index(one.priority)).priority
    flags = dict.fromkeys(flag for one in screenings for flag in one.flags)
    return Screening(priority=highest, flags=tuple(flags))
