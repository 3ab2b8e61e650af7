"""Figures of a desk, and how many hours its work takes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from httpx2 import Client
from pypdfium2 import PdfDocument

from satark.api.routing import Desk
from satark.api.tip import CaseStep, Message
from satark.casework.work import PostedMessage
from satark.identity.time_buckets import band
from satark.services import Services
from satark_desk.figures import pace_text
from satark_desk.step_hours import Pace, paces_of, waits_of
from satark_desk.web.page_text import PageText
from support.tips import seed_tip

HOUR = 3600


def step(kind: str, desk: str, at: int, to: str = "") -> PostedMessage:
    case = CaseStep(kind=kind, to=to)  # type: ignore[arg-type]
    return PostedMessage(1, Message(sender="desk", desk=desk, internal=True, case=case), "rao", at)


def test_paces_are_counted_from_the_tip_and_from_the_direction() -> None:
    thread = [step("directed", "sp", 10 * HOUR, "lanka"), step("reported", "lanka", 34 * HOUR)]
    paces = paces_of([*waits_of(4 * HOUR, thread), *waits_of(0, [])])
    assert (paces["direction"].tips, paces["direction"].median) == (1, 6.0)
    assert (paces["report"].tips, paces["report"].longest) == (1, 24.0)


def test_a_step_that_nobody_took_has_no_pace() -> None:
    assert paces_of(waits_of(0, [step("reported", "lanka", 5)])) == {}


DAY = 86_400


@pytest.mark.slow("a third of a second of a processor")
def test_an_older_tip_counts_as_open_and_not_as_received_this_week(
    services: Services, desk: Callable[[str], Desk], browser: Callable[..., Client]
) -> None:
    for days in (0, 2, 8):
        seed_tip(services, [desk("sp")], received=band(int(time.time()) - days * DAY))
    document = PdfDocument(browser("sp").get("/desk/figures/week.pdf").content)
    pages = [page.get_textpage().get_text_range() for page in document]
    (english,) = (page for page in pages if "Tips that came" in page)
    lines = [" ".join(line.split()) for line in english.splitlines()]
    assert len(pages) == 2
    assert "Tips that came 2" in lines, lines
    assert "Unfinished, from all weeks 3" in " ".join(english.split()).replace("- ", ""), lines[6:]


def test_the_text_of_a_pace_has_its_median_its_longest_time_and_the_number_of_tips(services: Services) -> None:
    text = PageText("en", services.geography, 5.5, services.questionnaire)
    said = pace_text(Pace(tips=7, median=2.5, longest=31.0), text)
    assert all(number in said for number in ("7", "2.5", "31"))
