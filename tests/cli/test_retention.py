"""`satark retention`: lists due and held tips, and erases due ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from satark.casework.hold_acts import TipKeeping
from satark.cli.main import cli
from satark.retention.schedule import Term, store_term
from satark.services import Services
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import SeededTip, seed_tip


@pytest.fixture
def services(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The store in the data folder."""
    monkeypatch.setenv("SATARK_PLUGINS", "[]")
    monkeypatch.setattr("satark.retention.schedule.least_days", lambda _: 0)
    services = fresh_services(data)
    yield services
    services.close()


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    return SeededDesk(services, "sp")


def retention(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, ["retention", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def three_tips(services: Services, sp: SeededDesk) -> list[SeededTip]:
    """Store a tip that is due, one that is due and held, and one that is kept."""
    retention()
    due, held, kept = (seed_tip(services, [sp.desk]) for _ in range(3))
    for tip in (due, held):
        services.write_now(lambda unit: store_term(unit, tip.id, Term(due=unit.day), tip.identity))  # noqa: B023 - called at once
    rao = sp.casework_of("rao")
    TipKeeping(services, rao).ask(rao.open(held.number), "ask_hold", "court")
    return [due, held, kept]


@pytest.mark.slow("a whole command")
def test_the_command_shows_due_and_held_tips_and_erases_nothing(services: Services, sp: SeededDesk) -> None:
    due, held, _ = three_tips(services, sp)
    shown = retention().stdout
    assert f"{due.number}  due since" in shown
    assert f"{held.number}  held" in shown
    assert "3 tips kept, 1 of them due, 1 held" in shown
    assert len(sp.casework.summaries()) == 3


@pytest.mark.slow("a whole command")
def test_erase_erases_due_tips_and_no_others(services: Services, sp: SeededDesk) -> None:
    due, held, kept = three_tips(services, sp)
    *lines, counts = retention("--erase").stdout.splitlines()
    assert lines == [f"{due.number}  erased", f"{held.number}  held"]
    assert counts == "2 tips kept, 0 of them due, 1 held"
    assert {one.header.number for one in sp.casework.summaries()} == {held.number, kept.number}
    verified = CliRunner().invoke(cli, ["audit", "verify"], catch_exceptions=False)
    assert (verified.exit_code, "1 tip erased (term)" in verified.stdout) == (0, True)


@pytest.mark.slow("a whole command")
def test_without_the_automatic_job_a_due_tip_waits_for_two_officers(
    services: Services, sp: SeededDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    due, *_ = three_tips(services, sp)
    monkeypatch.setenv("SATARK_RETENTION__AUTOMATIC", "false")
    shown = retention("--erase").stdout
    assert f"{due.number}  due since" in shown
    assert "waits for two officers" in shown
    assert len(sp.casework.summaries()) == 3
