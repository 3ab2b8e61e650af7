"""Figures of a desk: paces, the week as a PDF, and the public reports, which are written once."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from httpx2 import Client
from pypdfium2 import PdfDocument

from satark.api.routing import Desk
from satark.api.tip import CaseStep, Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.casework.posted_message import PostedMessage
from satark.identity.time_buckets import band
from satark.services import Services
from satark_desk import public_statistics
from satark_desk.figures import steps_of
from support.tips import seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]
HOUR = 3600


def step(kind: str, desk: str, at: int, to: str = "") -> PostedMessage:
    case = CaseStep(kind=kind, to=to)  # type: ignore[arg-type]
    return PostedMessage(1, Message(sender="desk", desk=desk, internal=True, case=case), "rao", at)


def test_paces_are_counted_from_the_tip_and_from_the_direction() -> None:
    thread = [step("directed", "sp", 10 * HOUR, "lanka"), step("reported", "lanka", 34 * HOUR)]
    paces = steps_of({"a": 4 * HOUR, "b": 0, "c": 0}, {"a": 5 * HOUR, "b": 3 * HOUR}, {"a": thread, "b": [], "c": []})
    assert (paces["look"].tips, paces["look"].median, paces["look"].longest) == (2, 2.0, 3.0)
    assert (paces["direction"].tips, paces["direction"].median) == (1, 6.0)
    assert (paces["report"].tips, paces["report"].longest) == (1, 24.0)


def test_a_step_that_nobody_took_has_no_pace() -> None:
    assert steps_of({"a": 0}, {}, {"a": [step("reported", "lanka", 5)]}) == {}


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


def test_stats_prints_hours_and_writes_the_week(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], received=band(int(time.time())))
    run("desk", "show", "sp", seeded.number, by="sp")
    file = tmp_path / "week.pdf"
    stats = json.loads(run("desk", "stats", "sp", "--json", "--pdf", file, by="sp").stdout)
    assert stats["hours"]["look"]["tips"] == 1
    assert file.read_bytes().startswith(b"%PDF")
    assert "From the tip to the first look" in run("desk", "stats", "sp", by="sp").stdout


@pytest.fixture
def hidden(services: Services, desk: FindDesk, casework: Callable[[str], Casework]) -> None:
    """A flood of six at the SP, which the queue shows as one, and a prank that was set aside, which it hides."""
    prank = seed_tip(services, [desk("sp")], answers={"what": "hello hello hello"})
    told = "Every evening they play cards for money on the steps of the ghat"
    for _ in range(6):
        seed_tip(services, [desk("sp")], answers={"what": told})
    work = casework("sp")
    act = DeskAct(name="status", status="SET_ASIDE", text="a prank")
    DeskActs(services, work, Clocks()).perform(work.open(prank.id), act)


@pytest.mark.usefixtures("hidden")
def test_what_the_queue_hides_is_counted_on_the_page_and_by_the_command(
    browser: Callable[..., Client], run: Run
) -> None:
    client = browser("sp")
    assert "6 tips of one day" in client.get("/desk/").text
    assert "<b>7</b> All" in client.get("/desk/figures").text
    assert json.loads(run("desk", "stats", "sp", "--json", by="sp").stdout)["tips"] == 7


@pytest.mark.usefixtures("hidden")
def test_what_the_queue_hides_is_in_the_list_of_cases(browser: Callable[..., Client], run: Run, tmp_path: Path) -> None:
    client = browser("sp")
    client.get("/desk/")
    assert len(client.get("/desk/cases.csv").text.splitlines()) == 1 + 7
    run("desk", "cases", "sp", tmp_path / "cases.csv", by="sp")
    assert len((tmp_path / "cases.csv").read_text().splitlines()) == 1 + 7


@pytest.fixture
def weeks(services: Services, desk: FindDesk, monkeypatch: pytest.MonkeyPatch) -> Services:
    """A desk with 30 tips of one category and 3 of another in a week that is over.

    The noise is one of those that the key may give: with the key of a run, 30 may come out as under ten, once in 600.
    """
    monkeypatch.setattr(public_statistics, "noise", lambda *_: -4)
    for category, count in (("INTOX", 30), ("ARMS", 3)):
        for _ in range(count):
            seed_tip(services, [desk("sp")], category=category, received="2026-11-17T06/PT6H")
    return services


def test_public_reports_leave_small_numbers_out_and_are_written_once(
    weeks: Services, run: Run, desk: FindDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: datetime(2026, 11, 25, tzinfo=UTC).timestamp())
    folder = tmp_path / "public"
    first = run("desk", "publish-stats", "sp", "--folder", folder, by="sp")
    assert first.stdout == f"{folder / '2026-W47.html'}\n"
    written = {file.name: file.read_text("utf-8") for file in folder.iterdir()}
    assert written.keys() == {"2026-W47.html", "2026-W47.csv", "2026-W47.json"}
    report = json.loads(written["2026-W47.json"])
    assert report["tips"]["ARMS"] is None
    assert report["tips"]["INTOX"] == report["total_of_published"] == 26
    rows = {row["category"]: row["tips"] for row in csv.DictReader(io.StringIO(written["2026-W47.csv"]))}
    assert rows["ARMS"] == "<10"
    assert "fewer than 10" in written["2026-W47.html"]
    assert "10 से कम" in written["2026-W47.html"]
    seed_tip(weeks, [desk("sp")], category="INTOX", received="2026-11-17T06/PT6H")
    assert run("desk", "publish-stats", "sp", "--folder", folder, by="sp").stdout == ""
    assert {file.name: file.read_text("utf-8") for file in folder.iterdir()} == written


def test_a_report_whose_writing_was_cut_off_is_written_again(
    weeks: Services, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: datetime(2026, 11, 25, tzinfo=UTC).timestamp())

    def fail(*_: object) -> str:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(public_statistics, "as_page", fail)
        assert run("desk", "publish-stats", "sp", "--folder", tmp_path, by="sp").exit_code
    assert not list(tmp_path.glob("*.json"))
    assert "2026-W47" in run("desk", "publish-stats", "sp", "--folder", tmp_path, by="sp").stdout
