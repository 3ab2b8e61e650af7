"""The canary detects each of more than twenty one-line sabotages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from satark_testing.canary.identifiers import KINDS
from satark_testing.peers.rabbitmq import is_installed
from support.canary.sabotages import PACKAGES, SABOTAGES, Sabotage, SourceCopy, possible, run_sabotaged

GROUPS = sorted({sabotage.group for sabotage in SABOTAGES})


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> str:
    """URL of the RabbitMQ that tests share; empty where it is not installed, and for groups that need none."""
    group = request.node.callspec.params["group"]
    needed = any(sabotage.needs == "broker" for sabotage in SABOTAGES if sabotage.group == group)
    return request.getfixturevalue("rabbitmq").url if needed and is_installed() else ""


def test_there_are_at_least_twenty_sabotages_and_fourteen_kinds_of_identifiers() -> None:
    assert len({sabotage.name for sabotage in SABOTAGES}) == len(SABOTAGES) >= 20
    assert len(KINDS) >= 14


def test_every_sabotage_can_be_applied_to_the_code(tmp_path: Path) -> None:
    source = SourceCopy(tmp_path / "source", PACKAGES)
    for sabotage in SABOTAGES:
        sabotage.apply(source)
    for file in {sabotage.file for sabotage in SABOTAGES}:
        compile((source.folder / file).read_text(), file, "exec")


@pytest.mark.full("sabotages")
@pytest.mark.parametrize("group", GROUPS)
def test_the_canary_detects_every_sabotage(tmp_path: Path, group: int, broker: str) -> None:
    tried = possible([sabotage for sabotage in SABOTAGES if sabotage.group == group], broker)
    report = run_sabotaged(tmp_path, tried, broker)
    assert report.interrupted == (), "a sabotage breaks more than it should: adapt it to the code as it is now"
    assert missed(tried, report.finds) == []


def missed(tried: Sequence[Sabotage], finds: Sequence[str]) -> list[str]:
    """Return the names of the sabotages that no find reveals."""
    return [sabotage.name for sabotage in tried if not sabotage.is_caught(finds)]
