"""Reading a tip in a real browser: the map of its place."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from PIL import Image
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from satark.desk import Desk
from satark.services import Services
from satark.testing.processes.serving import serve
from satark.testing.tips import SeededTip, seed_file, seed_tip
from satark.tip import Origin

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

Look = Callable[..., Any]
LOOKS = [
    {"locale": "en-IN", "viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    {"locale": "hi-IN", "viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
]


@pytest.fixture
async def address(site: Starlette) -> AsyncIterator[str]:
    """The address of the desk."""
    async with serve(site) as url:
        yield f"{url}/desk"


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip with a pin and two photos, one of them upright and damaged."""
    place = {
        "text": "Samne Ghat",
        "latitude": 25.2765,
        "longitude": 83.0085,
        "district": "varanasi",
        "station": "lanka",
    }
    seeded = seed_tip(services, [desk("sp")], answers={"what": "x", "place": place}, evidence=("1", "2"))
    origin = Origin(latitude=25.2802, longitude=83.0105, taken="2026-11-20T21:15")
    for ordinal, size, about in (
        ("1", (1600, 1200), {"caption": "दुकान", "origin": origin}),
        ("2", (900, 1600), {"readable": 80}),
    ):
        picture = io.BytesIO()
        Image.new("RGB", size, "#a63").save(picture, "JPEG")
        seed_file(services, seeded, ordinal, picture.getvalue(), picture.getvalue(), **about)
    return seeded


@pytest.fixture
def problems() -> list[str]:
    """What a page complained of, and every address that is not the desk's own."""
    return []


@pytest.fixture
def look(chromium: Browser, address: str, tip: SeededTip, problems: list[str]) -> Look:
    """Open the tip's page as the SP's officer, in a browser that may use the clipboard."""

    async def open_tip(**context: Any) -> Page:
        opened = await chromium.new_context(permissions=["clipboard-read", "clipboard-write"], **context)
        page = await opened.new_page()
        page.on("console", lambda said: problems.append(said.text) if said.type in {"warning", "error"} else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else problems.append(sent.url))
        await page.goto(f"{address}/tips/{tip.number}")
        for name, value in (("desk", "sp"), ("officer", "sp-1"), ("passphrase", "sp passphrase 1")):
            await page.locator(f"[name={name}]").fill(value)
        await page.locator("main button").click()
        await expect(page.locator("h1")).to_contain_text(tip.number)
        return page

    return open_tip


@pytest.mark.parametrize("view", LOOKS, ids=["desktop", "phone"])
async def test_the_place_is_read_and_copied_and_nothing_is_asked_of_others(
    look: Look, problems: list[str], view: dict[str, Any]
) -> None:
    page = await look(**view)
    drawing = await page.locator(".place .map").bounding_box()
    assert drawing
    assert 300 < drawing["width"] <= 520
    await page.locator("[data-copy]").click()
    await expect(page.locator("[data-copied]")).not_to_be_empty()
    assert await page.evaluate("navigator.clipboard.readText()") == "25.27650, 83.00850"
    assert await page.evaluate("document.documentElement.scrollWidth") <= view["viewport"]["width"]
    assert (await Axe().run(page)).response["violations"] == []
    assert problems == []


async def test_without_javascript_the_place_is_read_and_no_button_stands_idle(look: Look) -> None:
    page = await look(locale="en-IN", java_script_enabled=False)
    await expect(page.locator(".place .map")).to_be_visible()
    await expect(page.locator(".place")).to_contain_text("25.27650, 83.00850")
    await expect(page.locator("[data-copy]")).to_be_hidden()
