"""The same conversation gives the same tip on every medium, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from itertools import count
from typing import Any

import pytest
from anyio import Semaphore
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from satark_testing.installation import MEDIA, MatrixInstallation, matrix_installation
from satark_testing.matrix.drivers import Driver
from satark_words.languages import use_folder
from support.calls.caller import CallInsideWhatsAppDriver, CallsService, TextCaller
from support.made_up_language import CODE as MADE_UP
from support.made_up_language import make_language
from support.matrix.canonical_form import canonical
from support.matrix.player import play
from support.matrix.scenario import Do, Exchange, FileName, Point, Scenario, Send, Speak, Words
from support.matrix.scenarios import scenarios

pytestmark = pytest.mark.slow("every scenario on every medium")

SCENARIOS = {scenario.name: scenario for scenario in scenarios()}
FIRST, *OTHERS = MEDIA
CALL = "call inside WhatsApp"
"""A further medium, which is played only by its own test."""
OTHER_LANGUAGES = ("bho", "ur", MADE_UP)
"""Languages that are off by default, and one that a folder of this test adds."""
IN_OTHER_LANGUAGES = {
    f"arms, with a photo, in {language}": replace(SCENARIOS["arms, with a photo"], language=language)
    for language in OTHER_LANGUAGES
}
ELSEWHERE = replace(
    SCENARIOS["mining, a place that nobody knows"],
    exchanges=tuple(
        (question, Words("near the bus stand, Azamgarh") if question == "place" else action)
        for question, action in SCENARIOS["mining, a place that nobody knows"].exchanges
        if question != "district"
    ),
)
"""A scenario with a place outside the range."""
CLASSES = ["chat", "chat", "sms", "voice", "web"]
"""The channel class in a tip, for each medium."""
CALLS_AT_ONCE = 4
"""Each call is a hundred packets a second, which must not come late beside other tests."""
WITHOUT_A_TIP = {"forgotten in the middle"}
WORDS = (
    "मिल के पीछे ट्रक, दो लोग।",
    "They meet behind the mill; nobody stops them.",
    "“वही” लोग — फिर से",
    "men sell a 'quoted' thing there",
)
"""Words that answer no question but the one they are given to: none says when, so "now" is asked."""
STATIONS = {"lanka": (25.2810, 82.9990), "luxa": (25.3105, 82.9975), "ramnagar": (25.2690, 83.0290)}
NAMES = {"lanka": "लंका", "luxa": "Luxa", "ramnagar": "रामनगर"}
FILES: tuple[FileName, ...] = ("photo", "video", "paper")
ACCUSED = ("station", "outpost", "other_station", "circle", "district", "unknown")
DETAILS: dict[str, st.SearchStrategy[Any]] = {
    "when": st.just("now"),
    "who": st.sampled_from(WORDS).map(Words),
    "vehicle": st.sampled_from(WORDS).map(Speak),
    "danger": st.sampled_from(("yes", "no", "unknown")),
    "known_by": st.sampled_from(("few", "many", "unknown")),
}
words_or_speech = st.sampled_from(WORDS).flatmap(lambda words: st.sampled_from((Words(words), Speak(words))))


@st.composite
def walks(draw: st.DrawFn) -> Scenario:
    """Generate a conversation through the flow, with detours."""
    exchanges: list[Exchange] = []

    def ask(question: str, action: Any) -> Any:
        detour = draw(st.sampled_from(("", "", "", "", "repeat", "again", "language")))
        if detour == "repeat":
            exchanges.append((question, Do("repeat")))
        elif (
            detour == "again" and any(name in {"category", "what"} for name, _ in exchanges) and question != "@details"
        ):
            exchanges.extend([(question, Do("again")), ("@restart", "no")])
        elif detour == "language":
            exchanges.extend([(question, Do("language")), ("@language", draw(st.sampled_from(("hi", "en"))))])
        exchanges.append((question, action))
        return action

    category = ask("category", draw(st.sampled_from(("COW", "GAMBL", "POLCOR", "HEIN", "OTHER"))))
    if draw(st.booleans()):
        exchanges.extend([("what", Do("back")), ("category", category)])
    ask("what", draw(words_or_speech))
    now = ask("now", draw(st.sampled_from(("yes", "no", "files")))) if category == "HEIN" else "files"
    _place(draw, ask, exchanges)
    if category == "POLCOR" or ask("police", draw(st.sampled_from(("yes", "no", "unknown")))) == "yes":
        if ask("police_unit", draw(st.sampled_from(ACCUSED))) == "other_station":
            ask("police_station", draw(st.sampled_from((*STATIONS, "unknown"))))
        ask("police_who", draw(st.one_of(words_or_speech, st.just(Do("skip")))))
    if now == "files":
        _files(draw, ask, exchanges)
    for detail in draw(st.lists(st.sampled_from(tuple(DETAILS)), unique=True, max_size=2)):
        # No detour here: after a change of language the form shows the review, not the chosen detail.
        exchanges.extend([("review", "details"), ("@details", detail), (detail, draw(DETAILS[detail]))])
    ask("review", "send")
    return Scenario("walk", draw(st.sampled_from(("hi", "en"))), tuple(exchanges))


def _files(draw: st.DrawFn, ask: Any, exchanges: list[Exchange]) -> None:
    files = draw(st.lists(st.sampled_from(FILES), max_size=2, unique=True))  # the same again counts once
    exchanges.extend([("evidence", Send(file, draw(st.sampled_from(("", *WORDS))))) for file in files])
    ask("evidence", Do("done" if files else "skip"))
    if "video" in files:
        # No detour here: a call does not ask it.
        exchanges.append(("film_sound", draw(st.sampled_from(("remove", "keep")))))


def _place(draw: st.DrawFn, ask: Any, exchanges: list[Exchange]) -> None:
    station = draw(st.sampled_from(tuple(STATIONS)))
    ways = (
        Words(NAMES[station]),
        Point(STATIONS[station], NAMES[station]),
        Speak(NAMES[station]),
        None,
    )
    way = draw(st.sampled_from(ways))
    ask("place", way or Words("by the two old palms"))
    if way is None:
        # No detour here: a call does not ask it, since its place is spoken.
        exchanges.append(("district", "varanasi"))


class MatrixThread:
    """A matrix installation in a separate thread, so that synchronous tests can play scenarios on it."""

    def __init__(self, portal: BlockingPortal, matrix: MatrixInstallation) -> None:
        self._portal = portal
        self._matrix = matrix
        self._callers = count()
        self._lines = portal.call(Semaphore, CALLS_AT_ONCE)

    def begin(self, scenario: Scenario, medium: str) -> tuple[Driver, Future[str]]:
        """Start playing a scenario on a medium. A call waits until one of the lines is free."""
        if medium == CALL:
            driver = self._caller()
            return driver, self._portal.start_task_soon(self._call, scenario, driver)
        driver = self._matrix.driver(medium)
        return driver, self._portal.start_task_soon(play, scenario, driver)

    async def _call(self, scenario: Scenario, driver: Driver) -> str:
        async with self._lines:
            return await play(scenario, driver)

    def _caller(self) -> Driver:
        installation = self._matrix.installation
        return CallInsideWhatsAppDriver(TextCaller(installation, installation.citizen(500_000 + next(self._callers))))

    def tips(self) -> Any:
        """Open all tips."""
        return self._portal.call(self._matrix.tips)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatrixThread]:
    """One running service for the module, in every language of Satark and one from a folder."""
    folder = tmp_path_factory.mktemp("languages")
    make_language(folder)
    use_folder(folder)
    offered = {"SATARK_LANGUAGES": json.dumps(["hi", "en", *OTHER_LANGUAGES]), "SATARK_LANGUAGES_FOLDER": str(folder)}
    try:
        with start_blocking_portal() as portal:
            prepared = matrix_installation(tmp_path_factory.mktemp("matrix"), offered, service=CallsService)
            with portal.wrap_async_context_manager(prepared) as installation:
                yield MatrixThread(portal, installation)
    finally:
        use_folder(None)


class Played:
    """The result of scenarios on some media. All are played at once."""

    def __init__(self, matrix: MatrixThread, scenarios: Mapping[str, Scenario], media: Sequence[str] = MEDIA) -> None:
        self._begun = {(name, medium): matrix.begin(s, medium) for name, s in scenarios.items() for medium in media}
        for _, future in self._begun.values():
            future.exception()
        self._tips = matrix.tips()

    def driver(self, name: str, medium: str) -> Driver:
        """Return the driver that played a scenario on a medium."""
        return self._begun[name, medium][0]

    def tip(self, name: str, medium: str) -> tuple[Any, tuple[str, ...]]:
        """Return the tip and its desks; raise the exception that stopped the scenario."""
        number = self._begun[name, medium][1].result()
        return self._tips[number] if number else (None, ())


@pytest.fixture(scope="module")
def played(matrix: MatrixThread) -> Played:
    """All scenarios, played once."""
    return Played(matrix, {**SCENARIOS, **IN_OTHER_LANGUAGES})


@pytest.fixture(scope="module")
def few(matrix: MatrixThread) -> Played:
    """One scenario in each further language, and one elsewhere, played once."""
    return Played(matrix, {**IN_OTHER_LANGUAGES, "elsewhere": ELSEWHERE})


@pytest.mark.full("every scenario")
@pytest.mark.parametrize("name", [*SCENARIOS, *IN_OTHER_LANGUAGES])
@pytest.mark.parametrize("medium", OTHERS)
def test_a_scenario_gives_the_same_tip_on_every_medium(played: Played, name: str, medium: str) -> None:
    can = played.driver(name, FIRST).can & played.driver(name, medium).can
    expected, got = (canonical(*played.tip(name, which), can=can) for which in (FIRST, medium))
    assert got == expected
    assert (got == b"null") == (name in WITHOUT_A_TIP)


@pytest.fixture(scope="module")
def called(matrix: MatrixThread) -> Played:
    """All scenarios, played once by calls inside WhatsApp."""
    return Played(matrix, {**SCENARIOS, **IN_OTHER_LANGUAGES}, [CALL])


@pytest.mark.full("every scenario")
@pytest.mark.parametrize("name", [*SCENARIOS, *IN_OTHER_LANGUAGES])
def test_a_scenario_gives_the_same_tip_by_a_call_inside_whatsapp(played: Played, called: Played, name: str) -> None:
    can = called.driver(name, CALL).can
    expected, got = canonical(*played.tip(name, FIRST), can=can), canonical(*called.tip(name, CALL), can=can)
    assert got == expected


@pytest.mark.full("every scenario")
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_tip_reveals_only_the_class_of_its_channel(played: Played, name: str) -> None:
    tips = [played.tip(name, medium)[0] for medium in MEDIA]
    if name not in WITHOUT_A_TIP:
        assert [tip["channel"] for tip in tips] == CLASSES


@pytest.mark.parametrize(("medium", "class_"), [*zip(MEDIA, CLASSES, strict=True)])
@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_a_tip_can_be_sent_in_any_language_and_reveals_only_the_class_of_its_channel(
    few: Played, medium: str, class_: str, language: str
) -> None:
    tip, desks = few.tip(f"arms, with a photo, in {language}", medium)
    assert (tip["language"], tip["category"], set(desks)) == (language, "ARMS", {"sp", "dig"})
    assert tip["channel"] == class_


@pytest.mark.parametrize("medium", MEDIA)
def test_a_tip_on_a_place_in_another_district_reaches_the_range_desk(few: Played, medium: str) -> None:
    tip, desks = few.tip("elsewhere", medium)
    if "type" in few.driver("elsewhere", medium).can:
        assert (tip["district"], tip["station"], set(desks)) == ("elsewhere", "", {"dig"})
        assert tip["answers"]["place"] == {"text": "near the bus stand, Azamgarh", "district": "elsewhere"}
    else:  # a spoken place is whoever's listens to it
        assert (tip["district"], set(desks)) == ("", {"sp", "dig"})


# No shrinking: each walk of a failure is printed in full and can be played as a scenario.
@pytest.mark.full("random walks")
@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(some=st.lists(walks(), min_size=6, max_size=6))
def test_any_generated_conversation_gives_the_same_tip_on_every_medium(
    matrix: MatrixThread, some: list[Scenario]
) -> None:
    begun = [[matrix.begin(walk, medium) for medium in MEDIA] for walk in some]
    numbers = [[future.result() for _, future in played] for played in begun]
    tips = matrix.tips()
    for walk, played, sent in zip(some, begun, numbers, strict=True):
        for (driver, _), number in zip(played, sent, strict=True):
            first, other = (canonical(*tips[which], can=driver.can) for which in (sent[0], number))
            assert other == first, walk


def test_there_are_at_least_thirty_different_scenarios() -> None:
    assert len(SCENARIOS) >= 30
    assert len({scenario.exchanges for scenario in SCENARIOS.values()}) == len(SCENARIOS)
    categories = {action for s in SCENARIOS.values() for question, action in s.exchanges if question == "category"}
    assert len([category for category in categories if isinstance(category, str)]) == 12
