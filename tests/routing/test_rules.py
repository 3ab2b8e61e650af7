"""Routing rules: which desks and destinations get a tip, and which must never."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from satark.api.routing import CoveredRule, Desk, Destination, DestinationRule, RouteAdvice, Screening
from satark.api.tip import Accused, Tip
from satark.dialogue.flow.promises import REACH
from satark.routing.rules import (
    NoDesk,
    decode_rules,
    desks_above,
    encode_rules,
    is_accused,
    matching_rules,
    route,
    screen,
)
from satark_words.geography.geography import Geography

GEOGRAPHY_TEXT = """
districts:
  - code: varanasi
    names: {hi: वाराणसी, en: Varanasi}
    range: east
    stations:
      - {code: lanka, names: {hi: लंका, en: Lanka}, latitude: 25.28, longitude: 82.99, circle: c1,
         outposts: [{code: nagwa, names: {hi: नगवां, en: Nagwa}}]}
      - {code: chowk, names: {hi: चौक, en: Chowk}, latitude: 25.31, longitude: 83.01, circle: c1}
      - {code: cantt, names: {hi: कैंट, en: Cantt}, latitude: 25.33, longitude: 82.98, circle: c2,
         outposts: [{code: sadar, names: {hi: सदर, en: Sadar}}]}
  - code: jaunpur
    names: {hi: जौनपुर, en: Jaunpur}
    range: east
    stations:
      - {code: line-bazar, names: {hi: लाइन बाज़ार, en: Line Bazar}, latitude: 25.75, longitude: 82.68, circle: c3}
  - code: agra
    names: {hi: आगरा, en: Agra}
    range: west
    stations:
      - {code: tajganj, names: {hi: ताजगंज, en: Tajganj}, latitude: 27.17, longitude: 78.04, circle: c4}
"""
GEOGRAPHY = Geography.parse(GEOGRAPHY_TEXT)


def desk(name: str, level: Any, area: str = "") -> Desk:
    return Desk(name=name, title=name, level=level, area=area, recipient="age1")


SP = desk("sp", "district", "varanasi")
SP_JAUNPUR = desk("sp-jaunpur", "district", "jaunpur")
DIG = desk("dig", "range", "east")
LANKA = desk("lanka", "station", "lanka")
CHOWK = desk("chowk", "station", "chowk")
CANTT = desk("cantt", "station", "cantt")
NAGWA = desk("nagwa", "outpost", "nagwa")
CO = desk("co", "circle", "c1")
ALL = (SP, SP_JAUNPUR, DIG, LANKA, CHOWK, CANTT, NAGWA, CO)


def tip(*, accused: Accused | None = None, district: str = "varanasi", station: str = "lanka") -> Tip:
    return Tip(
        number="N", revision=1, flow="", language="hi", channel="chat", category="COW", received="", answers={},
        accused=accused, district=district, station=station,
    )  # fmt: skip


def names(desks: Any) -> set[str]:
    return {one.name for one in desks}


def test_a_tip_goes_to_the_sp_of_the_district_and_the_dig_of_the_range() -> None:
    assert names(route(tip(), ALL, GEOGRAPHY).desks) == {"sp", "dig"}
    assert names(route(tip(district="jaunpur", station=""), ALL, GEOGRAPHY).desks) == {"sp-jaunpur", "dig"}


def test_a_tip_of_an_unknown_district_goes_to_every_responsible_desk() -> None:
    assert names(route(tip(district="", station=""), ALL, GEOGRAPHY).desks) == {"sp", "sp-jaunpur", "dig"}


def test_a_desk_without_an_area_covers_all_districts() -> None:
    everywhere = (desk("sp", "district"), desk("dig", "range"))
    assert names(route(tip(), everywhere, GEOGRAPHY).desks) == {"sp", "dig"}


@pytest.mark.parametrize(
    ("accused", "excluded"),
    [
        (None, set()),
        (Accused(level="outpost", unit="nagwa"), {"lanka", "nagwa"}),
        (Accused(level="outpost"), {"lanka", "nagwa"}),
        (Accused(level="station", unit="lanka"), {"lanka", "nagwa"}),
        (Accused(level="station"), {"lanka", "nagwa"}),
        (Accused(level="station", unit="cantt"), {"cantt"}),
        (Accused(level="circle"), {"lanka", "nagwa", "chowk", "co"}),
        (Accused(level="circle", unit="c2"), {"cantt"}),
        (Accused(level="district"), {"lanka", "nagwa", "chowk", "cantt", "co", "sp"}),
        (Accused(level="range"), {"lanka", "nagwa", "chowk", "cantt", "co", "sp", "sp-jaunpur", "dig"}),
        (Accused(level="unknown"), {"lanka", "nagwa", "chowk", "cantt", "co"}),
    ],
)
def test_the_accused_office_and_all_below_it_are_excluded(accused: Accused | None, excluded: set[str]) -> None:
    found = {one.name for one in ALL if is_accused(tip(accused=accused), one, GEOGRAPHY)}
    assert found == excluded


@pytest.mark.parametrize("unit", ["", "east", "west", "north"])
@pytest.mark.parametrize("told", ["east", "west", "north"])
def test_a_tip_about_a_range_goes_to_no_range_or_below_whatever_the_geography_says(told: str, unit: str) -> None:
    operators = Geography.parse(GEOGRAPHY_TEXT.replace("range: east", f"range: {told}"))
    about, state = tip(accused=Accused(level="range", unit=unit)), desk("adg", "state")
    with pytest.raises(NoDesk):
        route(about, (*ALL, DIG_WEST), operators)
    assert names(route(about, (*ALL, DIG_WEST, state), operators).desks) == {"adg"}


def test_a_tip_about_the_sps_office_goes_only_to_the_dig() -> None:
    chosen = route(tip(accused=Accused(level="district", unit="varanasi")), ALL, GEOGRAPHY)
    assert names(chosen.desks) == {"dig"}
    assert "sp" in chosen.excluded


def test_an_unknown_area_excludes_the_desk() -> None:
    anywhere = desk("station-x", "station")
    assert is_accused(tip(accused=Accused(level="station", unit="lanka")), anywhere, GEOGRAPHY)
    assert is_accused(tip(accused=Accused(level="station"), station=""), CANTT, GEOGRAPHY)


@pytest.mark.parametrize(
    ("below", "above"),
    [
        (NAGWA, {"lanka", "co", "sp", "dig", "everywhere"}),
        (LANKA, {"co", "sp", "dig", "everywhere"}),
        (CANTT, {"sp", "dig", "everywhere"}),
        (CO, {"sp", "dig", "everywhere"}),
        (SP, {"dig", "everywhere"}),
        (SP_JAUNPUR, {"dig", "everywhere"}),
        (DIG, set()),
        (desk("all", "district"), {"dig", "everywhere"}),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_the_desks_above_a_desk_have_a_higher_level_and_cover_its_area(below: Desk, above: set[str]) -> None:
    west, everywhere = desk("dig-west", "range", "west"), desk("everywhere", "range")
    found = {one.name for one in desks_above(below, [*ALL, west, everywhere], GEOGRAPHY)}
    assert found - ({"dig-west"} if not below.area else set()) == above


def test_without_a_responsible_desk_the_highest_other_desk_gets_the_tip() -> None:
    state = desk("adg", "state")
    chosen = route(tip(accused=Accused(level="range")), (*ALL, state), GEOGRAPHY)
    assert names(chosen.desks) == {"adg"}


@pytest.mark.parametrize(
    ("closed", "desks", "expected"),
    [
        (("sp",), ALL, {"dig"}),
        (("dig",), ALL, {"sp"}),
        (("sp", "dig"), (*ALL, desk("adg", "state")), set()),
        (("sp",), (SP, SP_JAUNPUR, LANKA), set()),
        (("sp", "dig"), ALL, set()),
        (("sp", "dig", "adg"), (*ALL, desk("adg", "state")), set()),
    ],
)
@pytest.mark.parametrize("advice", [(), (RouteAdvice(add=("desk:lanka",)),)])
def test_no_other_desk_gets_a_tip_in_place_of_a_desk_that_is_closed(
    closed: tuple[str, ...], desks: tuple[Desk, ...], expected: set[str], advice: tuple[RouteAdvice, ...]
) -> None:
    if not expected:
        with pytest.raises(NoDesk):
            route(tip(), desks, GEOGRAPHY, advice, closed=closed)
        return
    assert names(route(tip(), desks, GEOGRAPHY, advice, closed=closed).desks) - {"lanka"} == expected


def test_no_desk_above_gets_a_tip_about_a_station_in_place_of_desks_that_are_closed() -> None:
    desks, told = (*ALL, desk("adg", "state")), tip(accused=Accused(level="station"))
    with pytest.raises(NoDesk, match="satark roster verify"):
        route(told, desks, GEOGRAPHY, closed=("sp", "dig"))
    assert names(route(told, desks, GEOGRAPHY, closed=("sp",)).desks) == {"dig"}


def test_without_a_responsible_desk_no_station_gets_the_tip() -> None:
    with pytest.raises(NoDesk):
        route(tip(district="jaunpur", station=""), (SP, LANKA, CO), GEOGRAPHY, closed=("sp",))


def test_a_tip_that_no_desk_may_receive_is_an_error() -> None:
    with pytest.raises(NoDesk):
        route(tip(accused=Accused(level="district")), (SP, LANKA), GEOGRAPHY)


def test_a_plugin_adds_destinations() -> None:
    advice = RouteAdvice(add=("desk:lanka", "broker:sp", "email:sp-cell"))
    chosen = route(
        tip(),
        ALL,
        GEOGRAPHY,
        [advice],
        destination_rules=[DestinationRule(to="email:sp-cell", desk="sp", priority="urgent")],
    )
    assert names(chosen.desks) == {"sp", "dig", "lanka"}
    assert set(chosen.destinations) == {"desk:sp", "desk:dig", "desk:lanka", "broker:sp", "email:sp-cell"}
    assert chosen.unknown == ()


def test_a_destination_of_a_plugin_gets_the_tip_only_if_its_desk_has_it() -> None:
    advice = RouteAdvice(add=("email:nobody", "desk:nowhere", "email:jaunpur-cell", "broker:sp-jaunpur"))
    destination_rules = [DestinationRule(to="email:jaunpur-cell", desk="sp-jaunpur")]
    chosen = route(tip(), ALL, GEOGRAPHY, [advice], destination_rules=destination_rules)
    assert set(chosen.destinations) == {"desk:sp", "desk:dig"}
    assert chosen.unknown == ("email:nobody", "desk:nowhere")


STATION_CELLS = tuple(
    DestinationRule(to=f"email:{name}-cell", desk=name) for name in ("lanka", "nagwa", "chowk", "sp", "dig")
)


@pytest.mark.parametrize("added", [(), ("desk:lanka", "email:lanka-cell", "email:lanka", "broker:lanka")])
@pytest.mark.parametrize("level", ["outpost", "station", "unknown"])
def test_no_destination_of_an_excluded_station_gets_the_tip(level: Any, added: tuple[str, ...]) -> None:
    accused = tip(accused=Accused(level=level, unit={"outpost": "nagwa", "station": "lanka"}.get(level, "")))
    chosen = route(accused, ALL, GEOGRAPHY, [RouteAdvice(add=added)], destination_rules=STATION_CELLS)
    assert set(chosen.destinations) == {"desk:sp", "desk:dig", "email:sp-cell", "email:dig-cell"}
    assert {rule.desk for rule in chosen.destination_rules} == {"sp", "dig"}


def test_a_tip_about_the_sps_office_goes_to_no_destination_of_the_sp() -> None:
    chosen = route(tip(accused=Accused(level="district")), ALL, GEOGRAPHY, destination_rules=STATION_CELLS)
    assert set(chosen.destinations) == {"desk:dig", "email:dig-cell"}


def test_a_plugin_can_exclude_a_destination() -> None:
    advice = [RouteAdvice(add=("email:sp-cell",)), RouteAdvice(exclude=("email:sp-cell",))]
    chosen = route(tip(), ALL, GEOGRAPHY, advice, destination_rules=STATION_CELLS)
    assert "email:sp-cell" not in chosen.destinations
    assert "email:sp-cell" in chosen.excluded


def test_exclusion_wins_whoever_adds_the_destination() -> None:
    advice = [RouteAdvice(add=("desk:lanka", "email:lanka")), RouteAdvice(exclude=("lanka", "sp"))]
    chosen = route(tip(), ALL, GEOGRAPHY, advice)
    assert names(chosen.desks) == {"dig"}
    assert chosen.destinations == ("desk:dig",)


@given(
    st.sampled_from(["outpost", "station", "circle", "district", "range", "unknown"]),
    st.sampled_from(["", "nagwa", "lanka", "chowk", "c1", "c2", "varanasi", "jaunpur", "east", "nonsense"]),
    st.lists(st.sampled_from([one.name for one in ALL])),
)
def test_no_advice_ever_sends_a_tip_to_an_accused_desk(level: Any, unit: str, wanted: list[str]) -> None:
    accused = tip(accused=Accused(level=level, unit=unit))
    advice = RouteAdvice(add=tuple(Destination.of(sink, name) for name in wanted for sink in ("desk", "email")))
    destination_rules = [DestinationRule(to=f"email:{one.name}", desk=one.name) for one in ALL]
    try:
        chosen = route(accused, ALL, GEOGRAPHY, [advice], destination_rules=destination_rules)
    except NoDesk:
        return
    assert not [one.name for one in chosen.desks if is_accused(accused, one, GEOGRAPHY)]
    assert names(chosen.desks).isdisjoint(chosen.excluded)
    assert {Destination(to).name for to in chosen.destinations} == names(chosen.desks)


def test_screenings_combine_to_the_highest_priority_and_all_flags() -> None:
    screenings = [Screening(priority="high", flags=("a",)), Screening(flags=("b", "a"))]
    assert screen(screenings, Screening()) == Screening(priority="high", flags=("a", "b"))
    assert screen([], Screening(priority="urgent")).priority == "urgent"


DIG_WEST = desk("dig-west", "range", "west")
CO_JAUNPUR = desk("co-jaunpur", "circle", "c3")


@pytest.mark.parametrize(
    ("accused", "one", "excluded"),
    [
        (Accused(level="outpost", unit="sadar"), CANTT, True),
        (Accused(level="outpost", unit="sadar"), LANKA, False),
        (Accused(level="district"), CO_JAUNPUR, False),
        (Accused(level="district", unit="jaunpur"), CO_JAUNPUR, True),
        (Accused(level="district", unit="jaunpur"), CO, False),
    ],
)
def test_the_accused_unit_and_not_the_place_of_the_tip_decides_who_is_excluded(
    accused: Accused,
    one: Desk,
    excluded: bool,  # noqa: FBT001
) -> None:
    assert is_accused(tip(accused=accused), one, GEOGRAPHY) is excluded


def test_an_added_destination_belongs_to_the_desk_of_its_rule_and_not_of_its_name() -> None:
    rule = DestinationRule(to="email:sp", desk="dig")
    advice = [RouteAdvice(add=("email:sp",), exclude=("dig",))]
    chosen = route(tip(), ALL, GEOGRAPHY, advice, destination_rules=[rule])
    assert names(chosen.desks) == {"sp"}
    assert "email:sp" not in chosen.destinations
    assert chosen.unknown == ()


def test_if_no_desk_may_have_the_tip_the_error_says_what_to_do() -> None:
    with pytest.raises(NoDesk, match=r"^no desk may receive this tip: add one with `satark desk add`$"):
        route(tip(accused=Accused(level="range")), ALL, GEOGRAPHY)


def test_carriers_see_the_same_destinations_whoever_is_accused() -> None:
    state = desk("igp", "state")
    offices = [structs.replace(one, via="list") for one in (SP, SP_JAUNPUR, DIG, state)]
    rules = [CoveredRule(to=f"copies:{one.name}", desk=one.name) for one in offices]
    levels: tuple[Any, ...] = ("station", "district", "range")
    tips = [tip(), *(tip(accused=Accused(level=level)) for level in levels)]
    found = [set(route(one, offices, GEOGRAPHY, destination_rules=rules).covered) for one in tips]
    assert found == [{f"{sink}:{name}" for sink in ("list", "copies") for name in ("sp", "dig", "igp")}] * 4


def plain_tip(category: str = "ARMS", district: str = "varanasi", station: str = "lanka") -> Tip:
    return Tip(
        number="N", revision=1, flow="", language="hi", channel="chat", category=category, received="", answers={},
        district=district, station=station,
    )  # fmt: skip


def rule(**fields: Any) -> DestinationRule:
    return DestinationRule(**{"to": "email:cell", "desk": "sp", **fields})


def test_only_destinations_of_the_tips_desks_match_even_if_they_are_added() -> None:
    destination_rules = [rule(to="email:a"), rule(to="email:b", desk="dig"), rule(to="email:c", categories=("COW",))]
    assert [one.to for one in matching_rules(destination_rules, plain_tip(), "normal", desks={"sp"})] == ["email:a"]
    added = matching_rules(destination_rules, plain_tip(), "normal", desks={"sp"}, added={"email:b", "email:c"})
    assert [one.to for one in added] == ["email:a", "email:c"]
    assert matching_rules(destination_rules, plain_tip(), "normal", desks={"sp"}, excluded={"email:a"}) == ()


def test_a_destination_without_a_desk_gets_no_tip_that_is_kept_from_anybody() -> None:
    nobodys = [rule(desk="")]
    assert matching_rules(nobodys, plain_tip(), "normal", desks={"sp", "dig"})
    assert not matching_rules(nobodys, plain_tip(), "normal", desks={"dig"}, excluded={"sp"})
    complaint = msgspec.structs.replace(plain_tip(), accused=Accused(level="unknown"))
    assert not matching_rules(nobodys, complaint, "normal", desks={"sp", "dig"}, added={"email:cell"})


def test_an_office_gets_the_rules_of_desks_without_the_paths_of_their_keys(tmp_path: Path) -> None:
    key = tmp_path / "cell.key"
    own = rule(identity_file=key, categories=("ARMS",), priority="high")
    nobodys = rule(to="email:other", desk="", identity_file=key)
    encoded = encode_rules([own, nobodys])
    assert str(tmp_path).encode() not in encoded
    assert decode_rules(encoded) == (own.model_copy(update={"identity_file": None}),)
    with pytest.raises(ValueError, match="JSON"):
        decode_rules(b"no rules")


@pytest.mark.parametrize("unit", [unit for unit in REACH if unit not in {"", "nobody", "named"}])
def test_routing_keeps_a_tip_from_all_offices_that_a_promise_reaches(unit: str) -> None:
    accused = tip(accused=Accused(level=unit))  # type: ignore[arg-type]
    for level in ("outpost", "station", "circle", "district", "range"):
        desk = Desk(name="x", title="X", level=level, recipient="")
        assert is_accused(accused, desk, GEOGRAPHY) == (REACH[level] <= REACH[unit])
