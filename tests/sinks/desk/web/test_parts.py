"""Sessions, throttle, words and marks, by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from satark.catalogues import Catalogue
from satark.geography.geography import Geography
from satark.services import DeskContext
from satark.web import preferred
from satark_desk.officers import Opened
from satark_desk.settings import DeskSettings
from satark_desk.web import app
from satark_desk.web.queue import Row, neighbours
from satark_desk.web.sessions import Sessions
from satark_desk.web.throttle import FREE, LONGEST, Throttle
from satark_desk.web.words import LANGUAGES, Words

WEB = Path(app.__file__).parent


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends_when_nobody_used_it(context: DeskContext, opened: Callable[[str], Opened]) -> None:
    clock = Clock()
    sessions = Sessions(context, DeskSettings(idle_minutes=10, session_hours=1), clock)
    token = sessions.begin(opened("sp"))
    clock.now += 9 * 60
    assert sessions.find(token) is not None
    clock.now += 9 * 60
    # A page that refreshes itself is nobody who works.
    assert sessions.find(token, used=False) is not None
    clock.now += 2 * 60
    assert sessions.find(token) is None


def test_a_session_ends_at_last_however_busy_it_is(context: DeskContext, opened: Callable[[str], Opened]) -> None:
    clock = Clock()
    sessions = Sessions(context, DeskSettings(idle_minutes=10, session_hours=1), clock)
    token = sessions.begin(opened("sp"))
    for _ in range(8):
        clock.now += 8 * 60
        found = sessions.find(token)
    assert found is None
    assert sessions.find("") is None
    assert repr(Sessions(context, DeskSettings()).begin(opened("sp"))).count("'") == 2


def test_waiting_grows_with_the_failures_and_has_an_end() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(20):
        throttle.failed("a")
        waits.append(throttle.wait("a"))
    assert waits[:FREE] == [0.0] * FREE
    assert waits[FREE : FREE + 3] == [2.0, 4.0, 8.0]
    assert waits[-1] == LONGEST
    assert throttle.wait("b") == 0.0
    clock.now += LONGEST
    assert throttle.wait("a") == 0.0
    throttle.passed("a")
    throttle.failed("a")
    assert throttle.wait("a") == 0.0


def test_strangers_can_not_fill_the_memory() -> None:
    throttle = Throttle(Clock())
    for number in range(10_050):
        throttle.failed(str(number))
    assert len(throttle._failures) == 10_000


def catalogue(language: str) -> Catalogue:
    return Catalogue.read(language, (WEB / "texts" / f"{language}.po").read_text("utf-8"))


def test_hindi_and_english_say_the_same_things() -> None:
    hindi, english = catalogue("hi"), catalogue("en")
    assert set(hindi) == set(english)
    for key in english:
        assert hindi.places(key) == english.places(key), key


def test_every_text_of_the_pages_is_there_and_none_is_left_over() -> None:
    sources = [*(WEB / "templates").glob("*.html"), *WEB.glob("*.py")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    english = set(catalogue("en"))
    used = set(re.findall(r"""\bt\(["']([a-z_.0-9]+)["'][,)]""", text))
    assert used <= english
    stems = set(re.findall(r"""["']([a-z_]+\.)["'] ~""", text)) | {
        "priority.",
        "mark.",
        "problem.",
        "error.",
        "sign_in.",
    }
    unused = {key for key in english if key not in used and f'"{key}"' not in text}
    assert {key for key in unused if not key.startswith(tuple(stems))} == set()


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", "hi"),
        ("en-IN,en;q=0.9", "en"),
        ("hi-IN", "hi"),
        ("ta,en;q=0.5", "en"),
        ("ta", "hi"),
        (",;;=,*", "hi"),
        ("\x00" * 50, "hi"),
    ],
)
def test_the_browsers_language_is_followed_where_it_is_ours(asked: str, given: str) -> None:
    assert preferred(asked, LANGUAGES) == given


def test_times_are_told_by_the_officers_clock_and_never_finer_than_known() -> None:
    words = Words("en", Geography.sample(), 5.5)
    assert words.band("2026-11-24T18/PT6H") == "24 Nov 2026, 23:30–05:30"
    assert words.age("2026-11-24T18/PT6H", 1795564800) == words.age("2026-11-24T00/PT6H", 1795564800)
    assert words.age("2099-01-01T00/PT6H", 0) == 0
    for junk in ("", "yesterday", "2026-99-99T00/PT6H"):
        assert (words.band(junk), words.day(junk), words.age(junk, 0)) == ("", "", 0)


@pytest.mark.parametrize(
    ("step", "value", "says"),
    [
        ("police", "no", "No"),
        ("category", "ARMS", "Illegal arms"),
        ("district", "varanasi", "Varanasi"),
        ("what", "Typed as it is", "Typed as it is"),
        ("place", {"latitude": "not a number", "longitude": 1}, '{"latitude":"not a number","longitude":1}'),
        ("place", {}, "{}"),
        ("agreed", False, "No"),
        ("what", {"voice": "1", "text": "and this"}, "and this\nspoken: file 1"),
        ("what", None, ""),
        ("count", 0, "0"),
    ],
)
def test_answers_are_told_in_words(step: str, value: object, says: str) -> None:
    assert Words("en", Geography.sample(), 5.5).answer(step, value) == says


@pytest.mark.parametrize(("language", "name"), [("hi", "Hindi"), ("xx", "xx"), ("", ""), ("../x", "../x")])
def test_languages_have_names(language: str, name: str) -> None:
    assert Words("en", Geography.sample(), 5.5).name_of(language) == name


def test_a_tip_outside_the_queue_has_no_neighbours() -> None:
    rows: list[Row] = []
    assert neighbours(rows, "x").unread == ""
