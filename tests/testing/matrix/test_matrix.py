"""The same conversations on every medium end in the same tips, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from satark.testing.dialogue.walking import LostError
from satark.testing.matrix import Driver, Scenario, canonical, play, scenarios
from satark.testing.matrix.installation import MEDIA, MatrixInstallation, matrix_installation
from satark.testing.matrix.scenario import Do, Exchange, FileName, Point, Words, Send, Speak

pytestmark = pytest.mark.timeout(180)

SCENARIOS = {scenario.name: scenario for scenario in scenarios()}
FIRST, *OTHERS = MEDIA
WITHOUT_A_TIP = {"forgotten in the middle"}


WORDS = ("रात में ट्रक आते हैं।", "They meet behind the mill; nobody stops them.", "“वही” लोग — फिर से", "a 'quoted' word")
STATIONS = {"lanka": (25.2810, 82.9990), "luxa": (25.3105, 82.9975), "ramnagar": (25.2690, 83.0290)}
NAMES = {"lanka": "लंका", "luxa": "Luxa", "ramnagar": "रामनगर"}
FILES: tuple[FileName, ...] = ("photo", "film", "paper")
ACCUSED = ("station", "outpost", "other_station", "circle", "district", "unknown")
DETAILS: dict[str, st.SearchStrategy[Any]] = {
    "when": st.just("now"),
    "who": st.sampled_from(WORDS).map(Words),
    "vehicle": st.sampled_from(WORDS).map(Speak),
    "danger": st.sampled_from(("yes", "no", "unknown")),
    "known_by": st.sampled_from(("few", "many", "unknown")),
}
told = st.sampled_from(WORDS).flatmap(lambda words: st.sampled_from((Words(words), Speak(words))))


@st.composite
def walks(draw: st.DrawFn) -> Scenario:
    """Some way through the flow, with detours, as data."""
    moves: list[Exchange] = []

    def ask(question: str, act: Any) -> Any:
        detour = draw(st.sampled_from(("", "", "", "", "repeat", "again", "language")))
        if detour == "repeat":
            moves.append((question, Do("repeat")))
        elif detour == "again" and any(name in {"category", "what"} for name, _ in moves) and question != "@details":
            moves.extend([(question, Do("again")), ("@restart", "no")])
        elif detour == "language":
            moves.extend([(question, Do("language")), ("@language", draw(st.sampled_from(("hi", "en"))))])
        moves.append((question, act))
        return act

    category = ask("category", draw(st.sampled_from(("COW", "GAMBL", "POLCOR", "HEIN", "OTHER"))))
    if draw(st.booleans()):
        moves.extend([("what", Do("back")), ("category", category)])
    ask("what", draw(told))
    _place(draw, ask)
    if category == "POLCOR" or ask("police", draw(st.sampled_from(("yes", "no", "unknown")))) == "yes":
        if ask("police_unit", draw(st.sampled_from(ACCUSED))) == "other_station":
            ask("police_station", draw(st.sampled_from((*STATIONS, "unknown"))))
        ask("police_who", draw(st.one_of(told, st.just(Do("skip")))))
    files = draw(st.lists(st.sampled_from(FILES), max_size=2))
    moves.extend([("evidence", Send(file, draw(st.sampled_from(("", *WORDS))))) for file in files])
    ask("evidence", Do("done" if files else "skip"))
    for detail in draw(st.lists(st.sampled_from(tuple(DETAILS)), unique=True, max_size=2)):
        # No detour here: a form that changes its language shows its review, and not what was picked.
        moves.extend([("review", "details"), ("@details", detail), (detail, draw(DETAILS[detail]))])
    ask("review", "send")
    return Scenario("walk", draw(st.sampled_from(("hi", "en"))), tuple(moves))


def _place(draw: st.DrawFn, ask: Any) -> None:
    station = draw(st.sampled_from(tuple(STATIONS)))
    ways = (
        Words(NAMES[station], station),
        Point(STATIONS[station], NAMES[station], station),
        Speak(NAMES[station]),
        None,
    )
    way = draw(st.sampled_from(ways))
    ask("place", way or Words("by the two old palms"))
    if way is None or isinstance(way, Speak):
        ask("station", draw(st.sampled_from((station, "unknown"))))


class Field:
    """A ground that lives in a thread of its own, so that tests of every kind can play on it."""

    def __init__(self, portal: BlockingPortal, matrix: MatrixInstallation) -> None:
        self._portal = portal
        self._matrix = matrix

    def begin(self, scenario: Scenario, medium: str) -> tuple[Driver, Future[str]]:
        """Begin to play."""
        driver = self._matrix.driver(medium)
        return driver, self._portal.start_task_soon(play, scenario, driver)

    def tips(self) -> Any:
        """Open the tips that came."""
        return self._portal.call(self._matrix.tips)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """One running service for all of it."""
    with start_blocking_portal() as portal:
        prepared = matrix_installation(tmp_path_factory.mktemp("matrix"), {})
        with portal.wrap_async_context_manager(prepared) as matrix:
            yield Field(portal, matrix)


class Played:
    """Every scenario on every medium, played all at once, and the tips that came of them."""

    def __init__(self, field: Field) -> None:
        self._begun = {(name, medium): field.begin(s, medium) for name, s in SCENARIOS.items() for medium in MEDIA}
        for _, future in self._begun.values():
            future.exception()
        self._tips = field.tips()

    def driver(self, name: str, medium: str) -> Driver:
        """Give the one who played it."""
        return self._begun[name, medium][0]

    def tip(self, name: str, medium: str) -> tuple[Any, tuple[str, ...]]:
        """Give a scenario's tip and its desks; raises what kept it from being told."""
        number = self._begun[name, medium][1].result()
        return self._tips[number] if number else (None, ())


@pytest.fixture(scope="module")
def played(field: Field) -> Played:
    """All of it, played once."""
    return Played(field)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("medium", OTHERS)
def test_a_scenario_ends_in_the_same_tip_on_every_medium(played: Played, name: str, medium: str) -> None:
    can = played.driver(name, FIRST).can & played.driver(name, medium).can
    expected, got = (canonical(*played.tip(name, which), can=can) for which in (FIRST, medium))
    assert got == expected
    assert (got == b"null") == (name in WITHOUT_A_TIP)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_tip_tells_of_its_way_no_more_than_the_class_of_the_channel(played: Played, name: str) -> None:
    tips = [played.tip(name, medium)[0] for medium in MEDIA]
    if name not in WITHOUT_A_TIP:
        assert [tip["channel"] for tip in tips] == ["chat", "chat", "sms", "voice", "web"]


# Nothing is shrunk: each walk of a failure is printed whole, and can be played as a scenario.
@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(some=st.lists(walks(), min_size=6, max_size=6))
def test_any_walk_ends_in_the_same_tip_on_every_medium(field: Field, some: list[Scenario]) -> None:
    begun = [[field.begin(walk, medium) for medium in MEDIA] for walk in some]
    numbers = [[future.result() for _, future in played] for played in begun]
    tips = field.tips()
    for walk, played, sent in zip(some, begun, numbers, strict=True):
        for (driver, _), number in zip(played, sent, strict=True):
            first, other = (canonical(*tips[which], can=driver.can) for which in (sent[0], number))
            assert other == first, walk


def test_there_are_thirty_scenarios_and_they_differ() -> None:
    assert len(SCENARIOS) >= 30
    assert len({scenario.moves for scenario in SCENARIOS.values()}) == len(SCENARIOS)
    categories = {act for s in SCENARIOS.values() for question, act in s.moves if question == "category"}
    assert len([category for category in categories if isinstance(category, str)]) == 12


@pytest.mark.parametrize("medium", MEDIA)
def test_a_question_that_is_not_the_expected_one_stops_the_play(field: Field, medium: str) -> None:
    wrong = Scenario("wrong", "hi", (("category", "ARMS"), ("police", "no")))
    _, future = field.begin(wrong, medium)
    with pytest.raises(LostError, match="police is not what is asked"):
        future.result()


@pytest.mark.parametrize("medium", MEDIA)
def test_an_option_that_is_not_offered_stops_the_play(field: Field, medium: str) -> None:
    _, future = field.begin(Scenario("wrong", "hi", (("category", "WITCHES"),)), medium)
    with pytest.raises(LostError):
        future.result()
