"""The benchmark runs, and its citizens answer as a person does."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satark_bench.citizen import answer
from satark_bench.results import Result, middle
from satark_bench.scenarios import SCENARIOS
from satark_bench.webhooks import RECEIPT, BotMessage

ROWS = [{"id": f"row-{n}", "title": f"Row {n}"} for n in range(10)]
BUTTONS = [{"type": "reply", "reply": {"id": f"button-{n}", "title": f"Button {n}"}} for n in range(3)]


def bot_message(interactive: dict[str, Any]) -> BotMessage:
    """Decode an interactive message as the stub Graph API does."""
    return msgspec.convert({"to": "917000000000", "type": "interactive", "interactive": interactive}, BotMessage)


def test_the_floor_answers_every_message_in_every_scenario() -> None:
    command = [
        sys.executable,
        "-m",
        "satark_bench",
        "--only",
        "floor",
        "--seconds",
        "0.5",
        "--citizens",
        "32",
        "--json",
    ]
    scenarios = [option for name in SCENARIOS if name != "burst" for option in ("--scenario", name)]
    run = subprocess.run([*command, *scenarios], capture_output=True, cwd=Path(__file__).parent, check=True)
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert [result["scenario"] for result in results] == [name for name in SCENARIOS if name != "burst"]
    for result in results:
        assert result["contestant"] == "floor"
        assert result["messages_per_second"] > 0
        assert (result["refused"], result["unanswered"]) == (0, 0)


def one_round(number: int) -> Result:
    return Result(
        contestant="floor",
        messages_per_second=number,
        cpu_seconds_per_1000=number,
        ack_p50_ms=number,
        ack_p99_ms=number,
        reply_p50_ms=number,
        reply_p99_ms=number,
        rss_mb=number,
        driver_cpu_share=number,
        foreign_load=number,
        receipts=number,
        gave_up=0,
        refused=number,
        unanswered=0,
    )


def test_the_median_of_the_rounds_counts_and_what_went_wrong_is_added_up() -> None:
    found = middle([one_round(n) for n in (1, 9, 2)])
    assert (found.messages_per_second, found.foreign_load, found.receipts, found.refused) == (2.0, 2.0, 12, 12)


def test_a_citizen_taps_the_first_button() -> None:
    offered = bot_message({"type": "button", "body": {"text": "Send it?"}, "action": {"buttons": BUTTONS}})
    reply = answer(offered, 5, random.Random(1))["interactive"]
    assert reply == {"type": "button_reply", "button_reply": {"id": "button-0", "title": "Button 0"}}


def test_a_citizen_types_where_only_back_is_offered() -> None:
    back = [{"type": "reply", "reply": {"id": "what:@back:3", "title": "पीछे"}}]
    offered = bot_message({"type": "button", "body": {"text": "What is happening?"}, "action": {"buttons": back}})
    assert answer(offered, 3, random.Random(1))["type"] == "text"


def test_citizens_choose_different_languages() -> None:
    offered = bot_message({"type": "button", "body": {"text": "Language?"}, "action": {"buttons": BUTTONS}})
    chance = random.Random(1)
    assert len({answer(offered, 1, chance)["interactive"]["button_reply"]["id"] for _ in range(50)}) == 3


def test_a_citizen_chooses_an_existing_row() -> None:
    offered = bot_message({"type": "list", "body": {"text": "What?"}, "action": {"sections": [{"rows": ROWS}]}})
    reply = answer(offered, 2, random.Random(1))["interactive"]["list_reply"]
    assert reply in ROWS


def test_a_citizen_sends_the_location_that_is_asked_for() -> None:
    offered = bot_message({"type": "location_request_message", "body": {"text": "Where?"}})
    assert answer(offered, 4, random.Random(1))["type"] == "location"


CODES = ["1234 5678 9012 3456", "कोड: 1234-5678-9012-3456।", "*1234\u00a05678\u00a09012\u00a03456*"]


@pytest.mark.parametrize("text", CODES)
def test_a_receipt_is_recognised(text: str) -> None:
    assert RECEIPT.search(text)
