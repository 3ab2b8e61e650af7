"""The PDF of the week counts the tips of seven days, and all open tips."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from httpx2 import Client
from pypdfium2 import PdfDocument

from satark.api.routing import Desk
from satark.identity.time_buckets import band
from satark.services import Services
from satark_desk.figures import Pace
from satark_desk.web.page_text import PageText
from satark_desk.week_pdf import pace_text
from support.tips import seed_tip

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
