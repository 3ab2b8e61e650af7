"""The public reports of a desk, which are written once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from satark.api.routing import Desk
from satark.services import Services
from satark_desk import public_statistics
from support.tips import seed_tip

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
