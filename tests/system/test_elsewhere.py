"""A draft goes on on another channel: the same tip comes of it as if nobody had changed the phone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from satark.store import tables
from satark.store.engines import make_engine
from satark.testing.identifier_search import everything_written, search
from satark.testing.matrix import Driver, Scenario, canonical, go_on, play, scenarios
from satark.testing.matrix.installation import MatrixInstallation, matrix_installation
from satark.testing.matrix.scenario import Do, Exchange

pytestmark = pytest.mark.timeout(180)

WHOLE = next(scenario for scenario in scenarios() if scenario.name == "liquor, in English")
PHOTO = next(scenario for scenario in scenarios() if scenario.name == "arms, with a photo")
CODE = re.compile(r"(?<!\d)\d(?:\d{3}(?: \d{4}){2}|(?: ?\d){11})(?!\d)")


def parted(scenario: Scenario, at: str) -> tuple[Scenario, Scenario]:
    """Cut a scenario before a question's last answer: the first part ends with the wish to go on elsewhere."""
    cut = max(n for n, (question, _) in enumerate(scenario.moves) if question == at)
    wish: Exchange = (at, Do("elsewhere"))
    before = Scenario(scenario.name, scenario.language, (*scenario.moves[:cut], wish))
    return before, Scenario(scenario.name, scenario.language, scenario.moves[cut:])


def code_of(driver: Driver) -> str:
    """Read the code that was told."""
    found = CODE.search(driver.heard.replace("\n", " "))
    assert found, driver.heard
    return found[0].replace(" ", "")


async def come(driver: Driver, code: str) -> None:
    """Come with a code, as one does on this medium."""
    if driver.channel == "voice":
        await driver.greet()
        caller: Any = driver._caller  # type: ignore[attr-defined]
        await caller.press("0")
        await caller.press(f"{code}#")
    else:
        await driver.type(f"/start {code}" if driver.channel == "telegram" else f"continue {code}")


async def moved(matrix: MatrixInstallation, scenario: Scenario, at: str, way: tuple[str, str]) -> tuple[str, str]:
    """Begin on one medium and end on another; give the tip's number and the code."""
    before, after = parted(scenario, at)
    here, there = (matrix.driver(medium) for medium in way)
    await play(before, here)
    code = code_of(here)
    await come(there, code)
    return await go_on(after, there), code


WAYS = {
    ("whatsapp", "telegram"): (PHOTO, "evidence"),
    ("telegram", "voice"): (WHOLE, "police"),
    ("voice", "sms"): (WHOLE, "police"),
    ("sms", "whatsapp"): (PHOTO, "evidence"),
}


async def test_the_same_tip_comes_of_it(tmp_path: Path, environment: Mapping[str, str], databases: Any) -> None:
    async with matrix_installation(tmp_path, environment) as matrix:
        numbers = await asyncio.gather(*(moved(matrix, *how, way) for way, how in WAYS.items()))
        stayed = {s.name: await play(s, matrix.driver("whatsapp")) for s in (WHOLE, PHOTO)}
        tips = await matrix.tips()
        told = [sent.text for sent in matrix.installation.peer.sent] + [sent.text for sent in matrix.telegram.sent]
        told += [message.body for message in matrix.twilio.sent]
        service = matrix.installation.service
        places = everything_written(service.folder, service.log, databases.main, databases.keys)
    for (way, (scenario, _)), (number, _) in zip(WAYS.items(), numbers, strict=True):
        can = frozenset[Any]() if "voice" in way else frozenset[Any](("type", "send"))
        assert canonical(*tips[number], can=can) == canonical(*tips[stayed[scenario.name]], can=can), way
        assert tips[number][0]["channel"] == {"telegram": "chat", "whatsapp": "chat"}.get(way[1], way[1])
    assert sum("goes on elsewhere" in text or "दूसरी जगह आगे" in text for text in told) == 3, "on the phone nobody rings"
    assert search(places, {f"code {n}": code for n, (_, code) in enumerate(numbers)}) == []


async def test_a_code_is_good_once_and_for_a_while_and_every_other_answer_is_the_same(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    before, _ = parted(WHOLE, "police")
    async with matrix_installation(tmp_path, environment) as matrix:
        url = environment["SATARK_DATABASE_URL"]
        people = [matrix.driver("whatsapp") for _ in range(3)]
        await asyncio.gather(*(play(before, who) for who in people))
        used, old, late = (code_of(who) for who in people)
        await come(matrix.driver("telegram"), used)
        again = matrix.driver("whatsapp")
        await again.type(f"continue {used}")
        engine = make_engine(url)
        with engine.begin() as database:
            database.execute(update(tables.handoff_code).values(expires_at=tables.handoff_code.c.expires_at - 900))
        engine.dispose()
        expired, unknown, by_phone = matrix.driver("sms"), matrix.driver("sms"), matrix.driver("whatsapp")
        await expired.type(f"continue {late}")
        await unknown.type("continue 111122223333")
        await by_phone.type(f"continue {old}")
        assert expired.heard == unknown.heard
        assert again.heard == by_phone.heard
        assert "not right" in expired.heard
        comers = [matrix.driver(medium) for medium in ("whatsapp", "telegram", "sms", "whatsapp", "telegram", "sms")]
        newest = matrix.driver("whatsapp")
        await play(before, newest)
        await asyncio.gather(*(come(comer, code_of(newest)) for comer in comers))
        assert sorted("goes on here" in comer.heard for comer in comers) == [False] * 5 + [True]
