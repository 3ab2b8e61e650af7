"""A draft continued on another channel becomes the same tip as on one channel."""

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
from satark_testing.identifier_search import everything_written, search
from satark_testing.installation import MatrixInstallation
from satark_testing.matrix.drivers import Driver
from support.matrix.canonical_form import canonical
from support.matrix.player import play, resume
from support.matrix.scenario import Do, Exchange, Scenario
from support.matrix.scenarios import scenarios
from support.processes.forked import matrix_installation

pytestmark = pytest.mark.slow("a process")

LIQUOR = next(scenario for scenario in scenarios() if scenario.name == "liquor, in English")
PHOTO = next(scenario for scenario in scenarios() if scenario.name == "arms, with a photo")
CODE = re.compile(r"(?<!\d)\d(?:\d{3}(?: \d{4}){2}|(?: ?\d){11})(?!\d)")


@pytest.fixture
def environment(databases: Any) -> Mapping[str, str]:
    """Environment variables that make a process use the databases."""
    return {"SATARK_DATABASE_URL": databases.main, "SATARK_KEYS_URL": databases.keys}


def split(scenario: Scenario, at: str) -> tuple[Scenario, Scenario]:
    """Split a scenario before a question's last answer; the first part ends with the command to continue elsewhere."""
    cut = max(n for n, (question, _) in enumerate(scenario.exchanges) if question == at)
    command: Exchange = (at, Do("elsewhere"))
    before = Scenario(scenario.name, scenario.language, (*scenario.exchanges[:cut], command))
    return before, Scenario(scenario.name, scenario.language, scenario.exchanges[cut:])


def code_of(driver: Driver) -> str:
    """Return the handoff code in the last answer."""
    found = CODE.search(driver.last_answer.replace("\n", " "))
    assert found, driver.last_answer
    return found[0].replace(" ", "")


async def enter_code(driver: Driver, code: str) -> None:
    """Enter a handoff code, as this medium expects it."""
    if driver.channel == "voice":
        await driver.greet()
        caller: Any = driver._caller  # type: ignore[attr-defined]
        await caller.press("0")
        await caller.press(f"{code}#")
    elif driver.channel == "web_form":
        browser: Any = driver._browser  # type: ignore[attr-defined]
        await browser.open("/")
        await browser.press("English", {"handoff": "111122223333"})
        assert "wrong, used or too old" in browser.page.text
        await browser.press("हिन्दी", {"handoff": code})
    else:
        await driver.type(f"/start {code}" if driver.channel == "telegram" else f"continue {code}")


async def hand_off(matrix: MatrixInstallation, scenario: Scenario, at: str, route: tuple[str, str]) -> tuple[str, str]:
    """Begin on one medium and finish on another; return the tip's number and the code."""
    before, after = split(scenario, at)
    here, there = (matrix.driver(medium) for medium in route)
    await play(before, here)
    code = code_of(here)
    await enter_code(there, code)
    return await resume(after, there), code


ROUTES = {
    ("whatsapp", "telegram"): (PHOTO, "evidence"),
    ("telegram", "voice"): (LIQUOR, "police"),
    ("voice", "sms"): (LIQUOR, "police"),
    ("sms", "whatsapp"): (PHOTO, "evidence"),
    ("telegram", "web_form"): (LIQUOR, "police"),
}


async def test_a_continued_draft_becomes_the_same_tip(
    tmp_path: Path, environment: Mapping[str, str], databases: Any
) -> None:
    async with matrix_installation(tmp_path, environment) as matrix:
        numbers = await asyncio.gather(*(hand_off(matrix, *plan, route) for route, plan in ROUTES.items()))
        unmoved = {s.name: await play(s, matrix.driver("whatsapp")) for s in (LIQUOR, PHOTO)}
        tips = await matrix.tips()
        texts = [sent.text for sent in matrix.installation.peer.sent] + [sent.text for sent in matrix.telegram.sent]
        texts += [message.body for message in matrix.twilio.sent]
        service = matrix.installation.service
        places = everything_written(service.folder, service.log, databases.main, databases.keys)
    for (route, (scenario, _)), (number, _) in zip(ROUTES.items(), numbers, strict=True):
        can = frozenset[Any]() if "voice" in route else frozenset[Any](("type", "send"))
        assert canonical(*tips[number], can=can) == canonical(*tips[unmoved[scenario.name]], can=can), route
        assert tips[number][0]["channel"] == {"telegram": "chat", "whatsapp": "chat", "web_form": "web"}.get(
            route[1], route[1]
        )
    assert sum("goes on elsewhere" in text or "दूसरी जगह आगे" in text for text in texts) == 4, "a call has ended by then"
    assert search(places, {f"code {n}": code for n, (_, code) in enumerate(numbers)}) == []


async def test_a_code_works_once_for_minutes_and_every_other_code_gets_the_same_answer(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    before, _ = split(LIQUOR, "police")
    async with matrix_installation(tmp_path, environment) as matrix:
        url = environment["SATARK_DATABASE_URL"]
        beginners = [matrix.driver("whatsapp") for _ in range(3)]
        await asyncio.gather(*(play(before, driver) for driver in beginners))
        used, old, expiring = (code_of(driver) for driver in beginners)
        await enter_code(matrix.driver("telegram"), used)
        again = matrix.driver("whatsapp")
        await again.type(f"continue {used}")
        engine = make_engine(url)
        with engine.begin() as database:
            database.execute(update(tables.handoff_code).values(expires_at=tables.handoff_code.c.expires_at - 900))
        engine.dispose()
        expired, unknown, by_phone = matrix.driver("sms"), matrix.driver("sms"), matrix.driver("whatsapp")
        await expired.type(f"continue {expiring}")
        await unknown.type("continue 111122223333")
        await by_phone.type(f"continue {old}")
        assert expired.last_answer == unknown.last_answer
        assert again.last_answer == by_phone.last_answer
        assert "not right" in expired.last_answer
        claimants = [matrix.driver(medium) for medium in ("whatsapp", "telegram", "sms", "whatsapp", "telegram", "sms")]
        newest = matrix.driver("whatsapp")
        await play(before, newest)
        await asyncio.gather(*(enter_code(claimant, code_of(newest)) for claimant in claimants))
        assert sorted("goes on here" in claimant.last_answer for claimant in claimants) == [False] * 5 + [True]
