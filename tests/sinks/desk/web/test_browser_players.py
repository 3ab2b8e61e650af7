"""Players in a real browser: a speed can be chosen, by keyboard and in both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from satark.desk import Desk
from satark.services import Services
from satark.testing.processes.serving import serve
from satark.testing.tips import SeededTip, seed_file, seed_tip

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
async def address(site: Starlette) -> AsyncIterator[str]:
    """The address of the desk."""
    async with serve(site) as url:
        yield f"{url}/desk"


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip with a film."""
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    film: Any = {"mime": "video/mp4", "kind": "video"}
    seed_file(services, seeded, "1", b"film", b"film, sound", muted=b"film", **film)
    return seeded


@pytest.mark.parametrize(("locale", "width", "label"), [("en-IN", 1280, "Speed"), ("hi-IN", 360, "गति")])
async def test_a_player_has_a_speed(
    chromium: Browser, address: str, tip: SeededTip, *, locale: str, width: int, label: str
) -> None:
    page = await (await chromium.new_context(locale=locale, viewport={"width": width, "height": 740})).new_page()
    await page.goto(f"{address}/tips/{tip.number}")
    for name, value in (("desk", "sp"), ("officer", "sp-1"), ("passphrase", "sp passphrase 1")):
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main button").click()
    await expect(page.locator("h1")).to_contain_text(tip.number)
    await page.get_by_label(label).focus()
    await page.keyboard.press("ArrowDown")
    assert await page.locator("video").evaluate("one => one.playbackRate") == 1.25
    assert (await Axe().run(page)).response["violations"] == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
