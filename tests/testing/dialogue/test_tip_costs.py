"""A tip needs seven answers by taps and three if the first message tells the story, on every channel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from satark_testing.dialogue.tip_costs import CHANNELS, Road, TipCosts, every_cost
from support.dialogue import understanding

pytestmark = pytest.mark.slow("whole conversations")

Costs = Sequence[tuple[Road, str, str, TipCosts]]


@pytest.fixture(scope="module")
def every() -> Costs:
    """Road, channel, language and script, and costs of every tip. Computed on first use, not during collection."""
    return tuple(every_cost())


@pytest.mark.parametrize(("road", "most"), [("taps", 7), ("story", 3), ("call", 7)])
def test_a_tip_needs_few_answers_on_every_channel(every: Costs, road: Road, most: int) -> None:
    taken = {(channel, written): costs.answers for one, channel, written, costs in every if one == road}
    assert {channel for channel, _ in taken} == set(CHANNELS[road])
    assert {written for _, written in taken} >= {"hi", "en"}
    assert max(taken.values()) <= most


def test_no_tip_exceeds_its_ceiling_of_messages_and_segments(every: Costs) -> None:
    for road, channel, written, costs in every:
        most = understanding.CEILINGS[road]
        assert costs.outgoing <= most.outgoing, (road, channel, written)
        assert costs.segments <= most.segments, (road, channel, written)


def test_the_command_prints_the_costs_of_a_tip_and_fails_above_a_ceiling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = CliRunner().invoke(understanding.main, [str(tmp_path)])
    assert report.exit_code == 0, report.output
    assert "taps    whatsapp      hi              7         9         -" in report.output
    fewer = {
        road: msgspec.structs.replace(most, segments=most.segments - 1) for road, most in understanding.CEILINGS.items()
    }
    monkeypatch.setattr(understanding, "CEILINGS", fewer)
    report = CliRunner().invoke(understanding.main, [str(tmp_path)])
    assert report.exit_code == 1
    assert "TOO MANY" in report.output
