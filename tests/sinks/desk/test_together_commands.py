"""Related and merged tips on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from satark.api.routing import Desk
from satark.casework import Casework
from satark.services import Services
from support.tips import SeededTip, seed_tip

FLOOD = "मेयर साहब ने पार्क की ज़मीन बेच दी है सब लोग शिकायत भेजें नहीं तो बच्चे कहाँ खेलेंगे"


@pytest.fixture
def flood(services: Services, desk: Callable[[str], Desk]) -> list[SeededTip]:
    """Four copies of one text at the SP."""
    copies = [seed_tip(services, [desk("sp")], answers={"what": FLOOD}) for _ in range(4)]
    return sorted(copies, key=lambda tip: tip.number)


@pytest.mark.slow("a third of a second of a processor")
def test_related_tips_are_listed(flood: list[SeededTip], run: Callable[..., Result]) -> None:
    numbers = [tip.number for tip in flood]
    lines = run("desk", "related", "sp", numbers[0], "--json", by="sp").stdout.splitlines()
    assert {json.loads(line)["number"] for line in lines} == set(numbers[1:])
    assert "nearly the same words" in run("desk", "related", "sp", numbers[0], by="sp").stdout


@pytest.mark.slow("a whole desk")
def test_a_merge_is_undone(
    flood: list[SeededTip], run: Callable[..., Result], casework: Callable[[str], Casework]
) -> None:
    leading, merged = (tip.number for tip in flood[:2])
    assert run("desk", "merge", "sp", merged, "--into", leading, "--reason", "the same", by="sp").exit_code == 0
    assert casework("sp").open(merged).work.merged_into == leading
    assert run("desk", "unmerge", "sp", merged, by="sp").exit_code == 0
    assert casework("sp").open(merged).status == "RECEIVED"
