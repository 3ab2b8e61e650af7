"""A tip's page shows due times that count only working hours."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from httpx2 import Client
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.api.routing import Desk
from satark.api.tip import Priority
from satark.identity.time_buckets import band
from satark.services import DeskContext, Services
from satark_desk.settings import DeskSettings
from satark_desk.web.app import build
from support.tips import seed_tip

MONDAY_MORNING = DeskSettings(
    working_days=("mon",), working_hours="10:00-11:00", first_act_hours_normal=1, report_hours_normal=1
)


@pytest.fixture
def site(context: DeskContext) -> Starlette:
    """The pages of the desks. The desks work one hour a week."""
    return Starlette(routes=[Mount("/desk", build(context, MONDAY_MORNING))])


@pytest.fixture
def page(browser: Callable[..., Client], services: Services, desk: Callable[[str], Desk]) -> Callable[..., str]:
    """Return the page, in this language, of a tip of this priority that came now."""

    def show(priority: Priority = "normal", language: str = "en") -> str:
        tip = seed_tip(services, [desk("sp"), desk("dig")], priority=priority, received=band(int(time.time())))
        client = browser("dig")
        client.post("/desk/language", data={"language": language, "next": ""})
        return client.get(f"/desk/tips/{tip.number}").text

    return show


def usual_due(page: str) -> datetime:
    return datetime.fromisoformat(re.findall(r'name="due" value="([^"]+)"', page)[0])


def test_the_usual_time_of_a_report_is_within_working_hours_and_the_page_says_so(page: Callable[..., str]) -> None:
    shown = page()
    due = usual_due(shown)
    assert (due.weekday(), "10:00" < f"{due:%H:%M}" <= "11:00") == (0, True)
    assert "As usual, counted in working hours" in shown


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", r"A desk must act by \d+ \w+ \d+, 11:00, counted in working hours"),
        ("hi", r"\d+ \S+ \d+, 11:00 तक कार्रवाई करनी है; केवल काम के घंटे गिने गए हैं"),
    ],
)
def test_the_time_of_the_first_act_is_told_in_the_officers_language(
    page: Callable[..., str], language: str, said: str
) -> None:
    assert re.search(said, page(language=language))


def test_every_hour_counts_for_an_urgent_tip(page: Callable[..., str]) -> None:
    shown = page("urgent")
    assert "A desk must act by" in shown
    assert "working hours" not in shown
