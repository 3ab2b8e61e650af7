"""Public statistics: the differences between a year's weekly reports reveal no small cell."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from satark.api.routing import Desk
from satark.services import Services
from satark_desk import public_statistics
from satark_desk.public_statistics import SMALLEST, WeekReport, reports_of, week_report
from support.tips import seed_tip

KEY = b"k" * 32
CATEGORIES = ["ARMS", "CATTLE", "DOWRY", "GAMBLING", "INTOX", "MINING", "OTHER", "TRAFFICKING"]
MONDAYS = [date(2026, 1, 5) + timedelta(weeks=week) for week in range(52)]
Week = Mapping[str, int]


def a_year(seed: int) -> dict[date, Week]:
    """Return a year of weekly numbers, small ones and others."""
    chance = random.Random(seed)
    usual = {category: chance.choice((1, 3, 6, 9, 12, 25, 60)) for category in CATEGORIES}
    return {monday: {one: max(0, round(chance.gauss(most, 2))) for one, most in usual.items()} for monday in MONDAYS}


def some_later(week: Week, chance: random.Random) -> Week:
    """Return a week's numbers after a few more tips. The number of these further tips is a small cell too."""
    return {category: number + chance.choice((0, 1, 2, 5, 9)) for category, number in week.items()}


def opened_in_one_report(true: Week, report: WeekReport) -> int:
    """Count the small cells that a report shows, or that follow from gaps in the report's sum."""
    shown = sum(report.tips[one] is not None for one, number in true.items() if number < SMALLEST)
    hidden = [one for one, number in report.tips.items() if number is None]
    missing = report.total - sum(number for number in report.tips.values() if number is not None)
    return shown + (len(hidden) == 1 and 0 < missing == true[hidden[0]])


def opened_by_two_editions(true: tuple[Week, Week], reports: tuple[WeekReport, WeekReport]) -> int:
    """Count the numbers of tips between two editions that an attacker finds.

    The attacker finds a number if it is right and more likely than not. The attacker knows how the noise is made, and
    that one to nine tips came between, each number as likely.
    """
    opened = 0
    for category in CATEGORIES:
        between = true[1][category] - true[0][category]
        before, after = (report.tips[category] for report in reports)
        if between and before is not None and after is not None:
            likely = {small: chance_of(after - before - small) for small in range(1, SMALLEST)}
            best = max(likely, key=lambda small: likely[small])
            opened += best == between and likely[best] > sum(likely.values()) / 2
    return opened


def chance_of(step: int) -> float:
    """Return, up to a constant factor, the probability that the noise of two numbers differs by `step`."""
    fading = public_statistics.FADING
    return sum(fading ** (abs(one) + abs(one - step)) for one in range(-40, 41))


def attack(seed: int) -> int:
    """Return how many small cells a year of reports opens, with a second edition of each."""
    chance, opened = random.Random(seed), 0
    for monday, week in a_year(seed).items():
        later = some_later(week, chance)
        first, second = (week_report(monday, one, CATEGORIES, KEY) for one in (week, later))
        opened += opened_in_one_report(week, first) + opened_in_one_report(later, second)
        opened += opened_by_two_editions((week, later), (first, second))
    return opened


@pytest.mark.parametrize("seed", range(5))
def test_subtracting_52_weekly_reports_opens_no_small_cell(seed: int) -> None:
    assert attack(seed) == 0


def test_the_attack_opens_cells_if_small_numbers_are_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_statistics, "SMALLEST", 0)
    assert attack(1) > 0


def test_the_attack_opens_cells_if_numbers_have_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_statistics, "FADING", 1e-12)
    assert attack(1) > 0


def test_copies_of_a_report_are_the_same_so_that_no_average_removes_the_noise() -> None:
    week = a_year(3)[MONDAYS[0]]
    copies = [week_report(MONDAYS[0], week, CATEGORIES, KEY) for _ in range(20)]
    assert all(one == copies[0] for one in copies)
    assert copies[0] != week_report(MONDAYS[0], week, CATEGORIES, b"another key")


def test_the_published_sum_of_a_year_is_close_to_the_true_sum() -> None:
    year = {monday: {"INTOX": 40} for monday in MONDAYS}
    shown = sum(week_report(monday, week, ["INTOX"], KEY).total for monday, week in year.items())
    assert shown == pytest.approx(52 * 40, rel=0.03)


def test_only_weeks_that_are_over_have_a_report() -> None:
    received = [(date(2026, 11, 2), "INTOX")] * 30 + [(date(2026, 11, 16), "INTOX")] * 30
    reports = reports_of(received, ["INTOX", "ARMS"], KEY, today=date(2026, 11, 22))
    assert [one.week for one in reports] == ["2026-W45", "2026-W46"]
    assert reports[0].tips.keys() == {"INTOX", "ARMS"}
    assert reports[1].total == 0
    assert reports_of(received, ["INTOX"], KEY, today=date(2026, 11, 23))[-1].week == "2026-W47"
    assert reports_of([], ["INTOX"], KEY, today=date(2026, 11, 23)) == []
    assert Counter(one.tips["ARMS"] for one in reports) == {None: 2}


pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]


@pytest.fixture
def weeks(services: Services, desk: FindDesk, monkeypatch: pytest.MonkeyPatch) -> Services:
    """A desk with 30 tips of one category and 3 of another in a week that is over.

    The noise is fixed to one that a key may give. With a random key, the noise brings 30 under ten once in 600 runs.
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
