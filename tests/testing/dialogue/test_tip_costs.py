"""A tip needs seven answers by taps and three if the first message tells the story, on every channel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from satark_testing.dialogue import tip_costs as command
from satark_testing.dialogue.tip_costs import CHANNELS, Road, TipCosts, every_cost
from support.commands import run
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


RATES = """
currency = "INR"
[channels]
whatsapp = {message = 0.115}
sms = {segment = 0.2}
voice = {tip = 1.5}
"""


@pytest.fixture(autouse=True)
def walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def two(_: object) -> Iterator[tuple[str, str, str, TipCosts]]:
        yield "taps", "whatsapp", "hi", TipCosts(answers=7, incoming=8, outgoing=9, segments=0)
        yield "story", "sms", "hi", TipCosts(answers=3, incoming=4, outgoing=5, segments=10)

    monkeypatch.setattr(command, "every_cost", two)


def lines(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("cost", "--json", *arguments).stdout.splitlines()]


def test_messages_and_segments_are_priced(data: Path, tmp_path: Path) -> None:
    (tmp_path / "rates.toml").write_text(RATES)
    found = lines("--rates", str(tmp_path / "rates.toml"))
    assert [(one["channel"], one["messages"], one["segments"], one["price"]) for one in found] == [
        ("whatsapp", 9, 0, 1.035),
        ("sms", 5, 10, 2.0),
    ]
    table = run("cost", "--rates", str(tmp_path / "rates.toml")).stdout.splitlines()
    assert table[0].split() == ["channel", "language", "told", "by", "messages", "segments", "INR"]
    assert table[2].split() == ["sms", "hi", "story", "5", "10", "2.00"]
    assert not (data / "satark.db").exists(), "it needs no database"


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(("tips", "price"), [("100", 0.0), ("111", 0.0), ("200", 0.46), ("100000", 1.0339)])
def test_messages_that_are_free_each_month_are_shared_by_the_tips(tips: str, price: float, tmp_path: Path) -> None:
    (tmp_path / "rates.toml").write_text(RATES.replace("{message = 0.115}", "{message = 0.115, free = 1000}"))
    whatsapp, sms = lines("--rates", str(tmp_path / "rates.toml"), "--tips", tips)
    assert (whatsapp["price"], sms["price"]) == (price, 2.0)


def test_an_error_in_the_rates_file_is_named(tmp_path: Path, data: Path) -> None:
    (tmp_path / "rates.toml").write_text('currency = "INR"\n[channels]\nsms = {part = 1}\n')
    assert "unknown field `part`" in run("cost", "--rates", str(tmp_path / "rates.toml"), code=1).stderr
