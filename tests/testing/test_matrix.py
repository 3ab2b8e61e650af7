"""The same conversations on every medium end in the same tips, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from satark.testing.matrix import Driver, Scenario, canonical, play, scenarios
from satark.testing.matrix.ground import MEDIA, Ground, matrix_ground
from satark.testing.walking import LostError

pytestmark = pytest.mark.timeout(180)

SCENARIOS = {scenario.name: scenario for scenario in scenarios()}
FIRST, *OTHERS = MEDIA
WITHOUT_A_TIP = {"forgotten in the middle"}


class Field:
    """A ground that lives in a thread of its own, so that tests of every kind can play on it."""

    def __init__(self, portal: BlockingPortal, ground: Ground) -> None:
        self._portal = portal
        self._ground = ground

    def begin(self, scenario: Scenario, medium: str) -> tuple[Driver, Future[str]]:
        """Begin to play."""
        driver = self._ground.driver(medium)
        return driver, self._portal.start_task_soon(play, scenario, driver)

    def tips(self) -> Any:
        """Open the tips that came."""
        return self._portal.call(self._ground.tips)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """One running service for all of it."""
    with start_blocking_portal() as portal:
        prepared = matrix_ground(tmp_path_factory.mktemp("ground"), {})
        with portal.wrap_async_context_manager(prepared) as ground:
            yield Field(portal, ground)


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
        assert [tip["channel"] for tip in tips] == ["chat", "chat", "sms", "voice"]


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
