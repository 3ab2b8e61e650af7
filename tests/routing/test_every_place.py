"""No tip is without a destination: every place of the geography, every category, every accusation."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import pytest

from satark.api.routing import Desk
from satark.api.tip import Accused, Tip
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.routing.rules import is_accused, route
from satark_words.geography.geography import ELSEWHERE, Geography

GEOGRAPHY: Final = Geography.sample()
CATEGORIES: Final = next(s.settings.options for s in load_flow(default_flow()).steps if s.id == "category")


def desk(name: str, level: Any, area: str = "") -> Desk:
    return Desk(name=name, title=name, level=level, area=area, recipient="age1")


DIG: Final = desk("dig", "range", "varanasi-range")
SPS: Final = tuple(desk(f"sp-{one.code}", "district", one.code) for one in GEOGRAPHY.districts)
ADG: Final = desk("adg", "state")
OFFICES: Final = {
    "the demo": (desk("sp", "district"), desk("dig", "range")),
    "one SP and the DIG": (SPS[0], DIG),
    "every SP and the DIG": (*SPS, DIG),
    "a station, every SP, the DIG and the state": (desk("lanka", "station", "lanka"), *SPS, DIG, ADG),
}
"""Which desks there may be. The range's office can be accused only where a desk stands above it."""


def places() -> list[tuple[str, str]]:
    """District and station of every place that a tip may have."""
    known = [(one.code, station.code) for one in GEOGRAPHY.districts for station in one.stations]
    return [("", ""), (ELSEWHERE, ""), *((one.code, "") for one in GEOGRAPHY.districts), *known]


def accusations(district: str, station: str, *, above_range: bool) -> list[Accused | None]:
    """Return the offices that a tip from a place may accuse, as the flow offers them."""
    other = GEOGRAPHY.districts[-1].stations[0].code
    outposts = [one.code for unit in GEOGRAPHY.stations() if unit.code == station for one in unit.outposts]
    units = {
        "outpost": ("", station, *outposts),
        "station": ("", station, other),
        "circle": ("",),
        "district": ("", district),
        "range": ("",) if above_range else (),
        "unknown": ("",),
    }
    levels: Any = units.items()
    return [None, *(Accused(level=level, unit=unit) for level, codes in levels for unit in dict.fromkeys(codes))]


def tip(district: str, station: str, category: str, accused: Accused | None) -> Tip:
    return Tip(
        number="N", revision=1, flow="", language="hi", channel="chat", category=category, received="", answers={},
        accused=accused, district=district, station=station,
    )  # fmt: skip


@pytest.mark.parametrize("offices", OFFICES)
def test_every_tip_has_a_destination_and_none_reaches_the_accused(offices: str) -> None:
    desks = OFFICES[offices]
    for district, station in places():
        categories = CATEGORIES if not station else CATEGORIES[:1]  # the station makes no difference to a category
        for accused in accusations(district, station, above_range=ADG in desks):
            for category in categories:
                sent = tip(district, station, category, accused)
                chosen = route(sent, desks, GEOGRAPHY)
                assert chosen.destinations, (district, station, category, accused)
                told = [one for one in chosen.desks if is_accused(sent, one, GEOGRAPHY)]
                assert not told, (district, station, category, accused)


def names(district: str, desks: tuple[Desk, ...], accused: Accused | None = None) -> list[str]:
    return [one.name for one in route(tip(district, "", "COW", accused), desks, GEOGRAPHY).desks]


@pytest.mark.parametrize(
    ("district", "offices", "receivers"),
    [
        ("varanasi", "one SP and the DIG", ["sp-varanasi", "dig"]),
        ("jaunpur", "one SP and the DIG", ["dig"]),  # a district whose SP has no desk
        (ELSEWHERE, "one SP and the DIG", ["dig"]),
        (ELSEWHERE, "the demo", ["dig"]),
        (ELSEWHERE, "every SP and the DIG", ["dig"]),
        ("chandauli", "the demo", ["sp", "dig"]),
        ("chandauli", "every SP and the DIG", ["sp-chandauli", "dig"]),
        ("", "every SP and the DIG", [*(one.name for one in SPS), "dig"]),
    ],
)
def test_each_place_has_its_receivers(district: str, offices: str, receivers: list[str]) -> None:
    assert names(district, OFFICES[offices]) == receivers


def test_a_tip_from_elsewhere_goes_to_the_highest_desk_if_the_range_has_none_or_is_accused() -> None:
    assert names(ELSEWHERE, (SPS[0],)) == ["sp-varanasi"]
    assert names(ELSEWHERE, (SPS[0], DIG, ADG), Accused(level="range")) == ["adg"]


@pytest.mark.parametrize(("one", "other"), list(product(GEOGRAPHY.districts, repeat=2)))
def test_a_tip_that_accuses_an_sp_reaches_neither_that_sp_nor_the_sp_of_a_third_district(one: Any, other: Any) -> None:
    accused = Accused(level="district", unit=other.code)
    told = names(one.code, OFFICES["every SP and the DIG"], accused)
    assert f"sp-{other.code}" not in told
    assert told == (["dig"] if one is other else [f"sp-{one.code}", "dig"])
