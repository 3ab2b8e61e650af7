"""The benchmark runs, and its citizens answer as people do."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from satark.store import tables
from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from support.bench.citizen import MAX_TURNS, Citizen, answer
from support.bench.process import BotError
from support.bench.provider import Provider
from support.bench.results import Counters, Result, middle
from support.bench.scenarios import SCENARIOS, Scenario
from support.bench.slow_disk import slow_flush
from support.bench.soak import Minute, growth
from support.bench.stored import store
from support.bench.whatsapp_webhooks import RECEIPT, BotMessage, Webhooks

ROWS = [{"id": f"row-{n}", "title": f"Row {n}"} for n in range(10)]
BUTTONS = [{"type": "reply", "reply": {"id": f"button-{n}", "title": f"Button {n}"}} for n in range(3)]


def bot_message(interactive: dict[str, Any]) -> BotMessage:
    """Decode an interactive message as the stub Graph API does."""
    return msgspec.convert({"to": "917000000000", "type": "interactive", "interactive": interactive}, BotMessage)


@pytest.mark.full("a benchmark")
def test_the_floor_answers_every_message_in_every_scenario() -> None:
    asked = ["--only", "floor", "--seconds", "0.5", "--citizens", "32", "--json"]
    names = [name for name, one in SCENARIOS.items() if not (one.burst or one.photos) and one.only != "PostgreSQL"]
    if not shutil.which("cc"):
        names.remove("slow-flush")
    scenarios = [option for name in (*names, "photos", "dump") for option in ("--scenario", name)]
    command = [sys.executable, "-m", "support.bench", *asked, *scenarios]
    run = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2], check=True)
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert [result["scenario"] for result in results] == names
    for result in results:
        assert result["contestant"] == "floor"
        assert result["messages_per_second"] > 0
        assert (result["refused"], result["unanswered"]) == (0, 0)


def test_a_slow_flush_without_a_compiler_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BotError, match="apt-get install gcc"):
        slow_flush(tmp_path, 0.004)
    assert slow_flush(tmp_path, 0) == {}


def test_a_years_worth_of_rows_is_stored(tmp_path: Path) -> None:
    main, keys = (f"sqlite:///{tmp_path / name}.db" for name in ("main", "keys"))
    Migrations(make_engine(main), make_engine(keys), ()).upgrade()
    store(main, keys, Scenario("some", stored_tips=30, parked=20))
    counts: dict[str, int | None] = {}
    for url, stored in ((main, (tables.tip, tables.conversation, tables.alias)), (keys, (tables.envelope,))):
        with make_engine(url).begin() as connection:
            counts |= {one.name: connection.scalar(select(func.count()).select_from(one)) for one in stored}
    assert counts == {"tip": 30, "conversation": 20, "alias": 20, "envelope": 90}
    with make_engine(main).begin() as connection:
        seen = connection.execute(select(tables.seen.c.key, tables.seen.c.day)).all()
    assert len({day for _, day in seen}) == len(seen) == 30
    assert all(key[:2] == day.to_bytes(2) for key, day in seen)


class Posts(asyncio.WriteTransport):
    """A connection that records written data."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[bytes] = []

    def write(self, data: Any) -> None:
        """Record a request."""
        self.requests.append(data)


@pytest.mark.parametrize(("late", "sent"), [(0.0, 1), (60.0, 0), (None, 0)])
async def test_a_webhook_is_sent_when_it_is_due(late: float | None, sent: int) -> None:
    due = None if late is None else time.perf_counter() + late
    counters = Counters()
    citizen = Citizen(counters, random.Random(1), lambda _: "917000000000")
    posts = Posts()
    Provider(lambda: citizen, Webhooks("s"), counters, SCENARIOS["steady"], lambda: due).connection_made(posts)
    assert len(posts.requests) == sent


def test_a_citizen_leaves_only_their_first_conversation_early() -> None:
    numbers = itertools.count(1)
    counters = Counters()
    citizen = Citizen(counters, random.Random(1), lambda _: str(next(numbers)), first_turns=2)
    written_as = []
    for _ in range(MAX_TURNS + 3):
        citizen.say(lambda: None)
        written_as.append(citizen.number)
        citizen.receive(BotMessage(to=citizen.number))
    assert written_as == ["1"] * 2 + ["2"] * MAX_TURNS + ["3"]
    assert counters.gave_up == 1


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


def test_the_result_has_the_median_of_the_rounds_and_the_sum_of_errors() -> None:
    found = middle([one_round(n) for n in (1, 9, 2)])
    assert (found.messages_per_second, found.foreign_load, found.receipts, found.refused) == (2.0, 2.0, 12, 12)


MINUTE = Minute(
    messages_per_second=300,
    reply_p50_ms=9,
    reply_p99_ms=30,
    rss_mb=200,
    handles=300,
    refused=0,
    unanswered=0,
    others=0.1,
)


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({}, []),
        ({"rss_mb": 209, "handles": 308}, []),
        ({"rss_mb": 211}, ["memory grew from 200 to 211 MB"]),
        ({"handles": 309}, ["handles grew from 300 to 309"]),
        ({"refused": 1, "unanswered": 2}, ["4 messages were refused, or not answered within a second"]),
    ],
)
def test_a_soak_reports_which_figures_grew(last: dict[str, Any], said: list[str]) -> None:
    warming = MINUTE._replace(rss_mb=120, handles=100)
    assert growth([warming, warming, *[MINUTE] * 4, *[MINUTE._replace(**last)] * 2]) == said


def test_a_citizen_taps_the_first_button() -> None:
    offered = bot_message({"type": "button", "body": {"text": "Send it?"}, "action": {"buttons": BUTTONS}})
    reply = answer(offered, 5, random.Random(1))["interactive"]
    assert reply == {"type": "button_reply", "button_reply": {"id": "button-0", "title": "Button 0"}}


def test_a_citizen_types_if_only_back_is_offered() -> None:
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
def test_a_citizen_recognises_a_receipt(text: str) -> None:
    assert RECEIPT.search(text)
