"""The overview of a desk."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable

import pytest
from click.testing import Result
from httpx2 import Client
from pypdfium2 import PdfDocument

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.identity.time_buckets import band
from satark.services import Services
from support.tips import SeededTip, seed_message, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


@pytest.fixture
def seeded(services: Services, desk: FindDesk) -> SeededTip:
    """A tip at the SP and the DIG."""
    return seed_tip(services, [desk("sp"), desk("dig")])


def test_the_figures_count_only_the_tips_of_the_desk(
    services: Services, browser: Browser, desk: FindDesk, seeded: SeededTip, casework: Cases
) -> None:
    seed_tip(services, [desk("dig")], category="ARMS")
    seed_tip(services, [desk("sp")], category="ARMS")
    sp = casework("sp")
    closing = DeskAct(name="close", outcome="seizure", text="x", reason="done")
    DeskActs(services, sp, Clocks()).perform(sp.open(seeded.number), closing)
    seed_message(services, seeded, Message(sender="tipster", text="no", feedback="no"))
    page = browser("sp").get("/desk/figures").text
    cells = re.findall(r'<th scope="row">([^<]*)</th>.*?<td class="count">(\d+)</td>', page)
    assert {("Illegal arms", "1"), ("Reopened", "1"), ("Seizure", "1"), ("sp title", "1")} <= set(cells)
    assert "<b>2</b> All" in page


def test_the_figures_of_a_period_say_what_is_pending_by_station_and_month(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    for received, station in (("2026-10-30T06", "lanka"), ("2026-10-31T18", "lanka"), ("2026-11-02T06", "")):
        last = seed_tip(services, [desk("sp")], received=f"{received}/PT6H", station=station)
    sp = casework("sp")
    DeskActs(services, sp, Clocks()).perform(sp.open(last.number), DeskAct(name="status", status="UNCONFIRMED"))
    client = browser("sp")

    def rows(query: str = "") -> dict[str, list[str]]:
        page = client.get(f"/desk/figures?{query}").text
        found = re.findall(r'<th scope="row">([^<]*)</th>((?:<td class="count">\d+</td>){3})', page)
        return {name: re.findall(r"\d+", cells.replace('class="count"', "")) for name, cells in found}

    # The band from 23:30 on 31 October in India counts for the day after, in which most of it lies.
    by_station = {"Lanka": ["2", "2", "2"], "Place unknown": ["1", "0", "0"]}
    assert rows() == {"October 2026": ["1", "1", "1"], "November 2026": ["2", "1", "1"], **by_station}
    assert rows("since=2026-11-01")["November 2026"] == ["2", "1", "1"]
    assert set(rows("since=2026-11-01&until=2026-11-01")) == {"November 2026", "Lanka"}
    assert rows("until=2026-10-30")["Lanka"] == ["1", "1", "1"]


def test_arrests_and_seizures_of_reports_and_closings_are_shown_counted_and_exported(
    services: Services, browser: Browser, desk: FindDesk, seeded: SeededTip, casework: Cases
) -> None:
    other = seed_tip(services, [desk("sp")])
    dig, sp = casework("dig"), browser("sp")
    DeskActs(services, dig, Clocks()).perform(
        dig.open(seeded.number), DeskAct(name="direct", to="lanka", text="look", rewording="a shed")
    )
    station, address = browser("lanka"), f"/desk/tips/{seeded.number}"
    report = {"text": "A shed.", "arrests": "two", "seizures": "1"}
    refused = station.post(f"{address}/report", data=report)
    assert "Give arrests and seizures as numbers up to 9999." in refused.text
    assert 'name="arrests" value="two"' in refused.text
    report["arrests"] = "2"
    confirmation = station.post(f"{address}/report", data=report)
    assert re.search(r"<dt>Arrests so far</dt><dd>2</dd>", confirmation.text)
    station.post(f"{address}/report", data={**report, "confirmed": "yes", "once": "1"})
    assert "Arrests so far: 2 · Seizures so far: 1" in sp.get(address).text
    closing = {"outcome": "seizure", "text": "x", "reason": "done", "arrests": "3", "confirmed": "yes", "once": "2"}
    sp.post(f"/desk/tips/{other.number}/close", data=closing)
    page = sp.get("/desk/figures").text
    assert "<b>5</b> Arrests" in page
    assert "<b>1</b> Seizures" in page
    lines = csv.DictReader(io.StringIO(sp.get("/desk/cases.csv").content.decode("utf-8-sig")))
    found = {line["Number"]: (line["Arrests"], line["Seizures"]) for line in lines}
    assert found == {seeded.number: ("2", "1"), other.number: ("3", "")}


Run = Callable[..., Result]


def test_the_overview_shows_charts_with_their_numbers_and_hours_and_the_week_as_a_pdf(
    services: Services, browser: Callable[..., Client], desk: FindDesk, casework: Callable[[str], Casework]
) -> None:
    seeded = seed_tip(services, [desk("sp")], received=band(int(time.time())), category="INTOX")
    client = browser("sp")
    client.get(f"/desk/tips/{seeded.number}")
    work = casework("sp")
    act = DeskAct(name="direct", to="dig", text="see to it")
    DeskActs(services, work, Clocks()).perform(work.open(seeded.id), act)
    page = client.get("/desk/figures").text
    assert '<rect x="' in page
    assert '<td class="count">1</td>' in page
    assert "From the tip to the first look" in page
    assert "half within 0.0 h" in page
    answer = client.get("/desk/figures/week.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    document = PdfDocument(answer.content)
    texts = [document[at].get_textpage().get_text_range() for at in range(len(document))]
    assert len(texts) == 2
    assert "Tips that came" in texts[0]
    assert "Illegal liquor / drugs: 1" in " ".join(texts[0].split())


@pytest.mark.usefixtures("hidden")
def test_the_figures_and_the_list_of_cases_have_the_tips_that_the_queue_hides(browser: Callable[..., Client]) -> None:
    client = browser("sp")
    assert "6 tips of one day" in client.get("/desk/").text
    assert "<b>7</b> All" in client.get("/desk/figures").text
    assert len(client.get("/desk/cases.csv").text.splitlines()) == 1 + 7
