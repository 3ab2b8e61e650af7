"""The list of cases as CSV: one row per tip, no typed text, no time but days, no cell that a spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from support.tips import SeededTip, seed_message, seed_tip


@pytest.fixture
def seeded(services: Services, desk: Callable[[str], Desk], casework: Callable[[str], Casework]) -> SeededTip:
    """A tip with text by the tipster and by officers. The tip's category looks like a formula."""
    answers = {"what": "मेरी दुकान", "who": "Kallu"}
    tip = seed_tip(services, [desk("sp")], answers=answers, category="=1+1", received="2026-11-24T06/PT6H")
    seed_message(services, tip, Message(sender="tipster", text="my brother saw it"))
    work = casework("sp")
    direct = DeskAct(name="direct", to="lanka", text="look tonight", rewording="liquor near the market")
    DeskActs(services, work, Clocks()).perform(work.open(tip.number), direct)
    return tip


def test_a_row_has_the_state_of_a_case_and_no_text_that_anybody_wrote(
    seeded: SeededTip, browser: Callable[..., Client]
) -> None:
    answer = browser("sp").get("/desk/cases.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    cells = dict(zip(head, row, strict=True))
    assert (cells["Number"], cells["Received"], cells["Directed to"]) == (seeded.number, "2026-11-24", "lanka title")
    assert date.fromisoformat(cells["Report due"]) > date(2026, 11, 24)
    assert cells["Category"] == "'=1+1"
    for words in ("दुकान", "Kallu", "brother", "tonight", "market", "11:30", "06:00", "Hindi", "chat"):
        assert words not in answer.text
