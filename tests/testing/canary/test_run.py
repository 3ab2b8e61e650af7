"""The canary finds nothing in a synthetic installation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from satark_testing.canary.run import run_canary
from satark_testing.peers.rabbitmq import is_installed

pytestmark = pytest.mark.slow("a broker")


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> str:
    """URL of the RabbitMQ that tests share; empty where it is not installed, and for PostgreSQL."""
    # What a broker is sent does not depend on the database.
    needed = request.node.callspec.params["databases"] == "sqlite"
    return request.getfixturevalue("rabbitmq").url if needed and is_installed() else ""


@pytest.mark.slow("a whole run")
async def test_nothing_that_is_written_identifies_a_tipster(
    tmp_path: Path, databases: Any, environment: Mapping[str, str], broker: str
) -> None:
    (tmp_path / "canary").mkdir()
    report = await run_canary(tmp_path / "canary", environment, broker=broker)
    assert report.finds == ()
    assert report.interrupted == ()
    assert report.kinds >= 14
    assert report.places > 50
