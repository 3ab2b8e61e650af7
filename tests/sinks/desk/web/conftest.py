"""Fixtures of the pages: the desk in a browser, and a tip with everything that a page can show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.services import Services
from satark_files.origin import Origin
from satark_testing.processes.serving import serve
from support.tips import SeededTip, seed_file, seed_file_state, seed_message, seed_tip

FindDesk = Callable[[str], Desk]


@pytest.fixture
async def address(site: Starlette) -> AsyncIterator[str]:
    """The address of the desk."""
    async with serve(site) as url:
        yield f"{url}/desk"


@pytest.fixture
def open_tip(address: str) -> Callable[[Page, SeededTip], Awaitable[None]]:
    """Sign in as the SP's first officer in a browser, and open the page of a tip."""

    async def sign_in(page: Page, tip: SeededTip) -> None:
        await page.goto(f"{address}/tips/{tip.number}")
        for name, value in (("desk", "sp"), ("officer", "sp-1"), ("passphrase", "sp passphrase 1")):
            await page.locator(f"[name={name}]").fill(value)
        await page.locator("main button").click()
        await expect(page.locator("h1")).to_contain_text(tip.number)
        await page.wait_for_load_state()  # its script listens to keys

    return sign_in


@pytest.fixture
def full_tip(services: Services, desk: FindDesk) -> SeededTip:
    """A tip with every kind of answer, file and message, and with markup that must not run."""
    answers = {
        "category": "INTOX",
        "what": "पहली पंक्ति\n<img src=x onerror=alert(1)>",
        "place": {"text": "लंका", "latitude": 25.281, "longitude": 82.999, "district": "varanasi", "station": "lanka"},
        "police": "no",
        "who": None,
        "vehicle": {"voice": "4"},
        "custom_step": ["a", "b"],
        "count": 3,
        "agreed": True,
        "evidence": None,
    }
    seeded = seed_tip(services, [desk("sp")], answers=answers, category="INTOX", evidence=("1", "2", "3", "5", "6"))
    seed_file(services, seeded, "1", b"one", b"clean one", caption='"><script>alert(2)</script>')
    filmed = Origin(latitude=25.3, longitude=82.9, taken="2026-11-20T21:15")
    film: Any = {"mime": "video/mp4", "kind": "video", "origin": filmed}
    seed_file(services, seeded, "2", b"two", b"two, sound", muted=b"clean two", **film)
    seed_file(services, seeded, "3", b"three", b"<svg onload=alert(3)>", mime="image/svg+xml")
    seed_file(services, seeded, "4", b"four", b"clean four", mime="audio/ogg", kind="voice", role="vehicle")
    seed_file(services, seeded, "5", b"five", mime="application/x-strange", problem="unknown")
    seed_file_state(services, seeded, "6", "due")
    seed_file_state(services, seeded, "7", "lost")
    seed_message(services, seeded, Message(sender="tipster", text="<b onclick=alert(4)>", band="2026-11-24T06/PT6H"))
    return seeded
