"""`satark audit verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, update

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.cli.main import cli
from satark.custody.comparison import note_stores
from satark.routing.desks import add_desk
from satark.store.tables import anchor, custody, custody_head
from support.store import fresh_services
from support.tips import seed_file, seed_tip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from satark.services import Services
    from support.tips import SeededTip


@pytest.fixture
def services(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The store in the data folder."""
    monkeypatch.setenv("SATARK_PLUGINS", "[]")
    services = fresh_services(data)
    yield services
    services.close()


@pytest.fixture
def tips(services: Services) -> list[SeededTip]:
    """Two tips with two files each. Row 4 of the log is that of the second tip's first file."""
    desk = Desk(name="sp", title="SP", level="district", area="", recipient=new_identity()[0])
    services.write_now(lambda unit: add_desk(unit, desk))
    tips = [seed_tip(services, [desk], evidence=("1", "2")) for _ in range(2)]
    for ordinal in ("1", "2"):
        for tip in tips:
            seed_file(services, tip, ordinal, f"original {ordinal}".encode(), b"clean")
    return tips


def verify(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["audit", "verify", *arguments], catch_exceptions=False)


def test_an_altered_log_is_named_and_fails(services: Services, tips: list[SeededTip]) -> None:
    intact = verify()
    assert (intact.exit_code, "is intact: 12 rows, 2 tips" in intact.stdout) == (0, True)
    with services.main.begin() as connection:
        connection.execute(update(custody).where(custody.c.position == 4).values(day=1))
    altered = verify()
    assert altered.exit_code == 1
    assert f"row 4, tip {tips[1].number}, file 1: this row was altered" in altered.stdout
    assert verify("--head", "nonsense").exit_code == 2


def test_a_log_that_lacks_the_part_that_this_machine_noted_is_not_intact(
    services: Services, tips: list[SeededTip]
) -> None:
    note_stores(services)
    with services.main.begin() as connection:
        connection.execute(delete(custody))
        connection.execute(delete(custody_head))
    with services.keys.begin() as connection:
        connection.execute(delete(anchor))
    lacking = verify()
    assert lacking.exit_code == 1
    assert "does not contain the head that was noted earlier" in lacking.stdout
