"""Related tips, floods and bulk acts on the command line."""

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
def test_related_tips_and_floods_are_listed(flood: list[SeededTip], run: Callable[..., Result]) -> None:
    numbers = [tip.number for tip in flood]
    lines = run("desk", "related", "sp", numbers[0], "--json", by="sp").stdout.splitlines()
    assert {json.loads(line)["number"] for line in lines} == set(numbers[1:])
    assert "nearly the same words" in run("desk", "related", "sp", numbers[0], by="sp").stdout
    (found,) = [json.loads(line) for line in run("desk", "floods", "sp", "--json", by="sp").stdout.splitlines()]
    assert found["numbers"] == numbers
    assert "मेयर" in run("desk", "floods", "sp", "--language", "hi", by="sp").stdout


@pytest.mark.slow("a whole desk")
def test_a_bulk_act_names_what_it_did_not_do_and_then_fails(
    flood: list[SeededTip], run: Callable[..., Result], casework: Callable[[str], Casework]
) -> None:
    numbers = [tip.number for tip in flood]
    merged = run("desk", "bulk", "sp", "merge", *numbers, by="sp")
    assert (merged.exit_code, merged.stdout.count("done")) == (0, 3)
    assert {casework("sp").open(number).work.merged_into for number in numbers[1:]} == {numbers[0]}
    failed = run("desk", "bulk", "sp", "aside", numbers[0], numbers[1], "K999-9999", "--json", by="sp")
    problems = {record["number"]: record["problem"] for record in map(json.loads, failed.stdout.splitlines())}
    assert (failed.exit_code, problems) == (1, {numbers[0]: "", numbers[1]: "merged", "K999-9999": "gone"})
    assert run("desk", "unmerge", "sp", numbers[1], by="sp").exit_code == 0
    assert casework("sp").open(numbers[1]).status == "RECEIVED"
