"""Reading a tip in a real browser: the map of its place, and the viewer of its photos; the map of the overview."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from PIL import Image
from playwright.async_api import Browser, Page, expect

from satark.api.routing import Desk
from satark.services import Services
from satark_files.origin import Origin
from satark_testing.waiting import limit
from support.tips import SeededTip, seed_file, seed_tip

pytestmark = pytest.mark.needs("chromium")

Look = Callable[..., Any]
OpenTip = Callable[[Page, SeededTip], Awaitable[None]]
LOOKS = [
    {"locale": "en-IN", "viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    {"locale": "hi-IN", "viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
]


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip with a pin and two photos. One photo is upright and damaged."""
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
    """The errors that a page reported, and every requested address outside the desk."""
    return []


@pytest.fixture
def look(chromium: Browser, address: str, open_tip: OpenTip, tip: SeededTip, problems: list[str]) -> Look:
    """Open the tip's page as the SP's officer, in a browser that may use the clipboard."""

    async def looked_at(**context: Any) -> Page:
        opened = await chromium.new_context(permissions=["clipboard-read", "clipboard-write"], **context)
        page = await opened.new_page()
        page.on("console", lambda said: problems.append(said.text) if said.type in {"warning", "error"} else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else problems.append(sent.url))
        await open_tip(page, tip)
        return page

    return looked_at


@pytest.mark.parametrize("view", LOOKS, ids=["desktop", "phone"])
async def test_an_officer_reads_and_copies_the_place_and_the_page_asks_no_other_server(
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


@pytest.mark.full("a browser")
@pytest.mark.parametrize("view", LOOKS, ids=["desktop", "phone"])
async def test_the_overview_shows_the_tips_on_a_map(
    look: Look, address: str, problems: list[str], view: dict[str, Any]
) -> None:
    page = await look(**view)
    await page.goto(f"{address}/figures")
    await expect(page.locator(".map .tips")).to_have_count(1)
    await expect(page.locator(".map .tips title")).to_have_text("Lanka: 1" if view["locale"] == "en-IN" else "लंका: 1")
    assert await page.evaluate("document.documentElement.scrollWidth") <= view["viewport"]["width"]
    assert (await Axe().run(page)).response["violations"] == []
    assert problems == []


async def test_without_javascript_the_page_shows_the_place_and_no_button_without_effect(look: Look) -> None:
    page = await look(locale="en-IN", java_script_enabled=False)
    await expect(page.locator(".place .map")).to_be_visible()
    await expect(page.locator(".place")).to_contain_text("25.27650, 83.00850")
    await expect(page.locator("[data-copy]")).to_be_hidden()


async def shown(page: Page) -> list[float]:
    """Return the photo's box within the stage: left, top, width, height, in pixels."""
    await expect(page.locator(".stage img")).not_to_have_js_property("naturalWidth", 0)
    stage, photo = await page.locator(".stage").bounding_box(), await page.locator(".stage img").bounding_box()
    assert stage
    assert photo
    return [
        round(photo["x"] - stage["x"]),
        round(photo["y"] - stage["y"]),
        round(photo["width"]),
        round(photo["height"]),
    ]


async def wider(page: Page, width: float) -> list[float]:
    """Wait until the photo is wider than so many pixels; return its box."""
    async with limit():
        while (box := await shown(page))[2] <= width:  # noqa: ASYNC110 - it is being drawn
            await asyncio.sleep(0.05)
    return box


@pytest.mark.full("a browser")
@pytest.mark.parametrize("view", LOOKS, ids=["desktop", "phone"])
async def test_a_photo_is_enlarged_moved_and_turned_by_keys(
    look: Look, problems: list[str], view: dict[str, Any]
) -> None:
    page = await look(**view)
    await page.locator("[data-photo]").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".stage")).to_be_focused()
    left, top, width, height = await shown(page)
    room = await page.locator(".stage").evaluate("one => [one.clientWidth, one.clientHeight]")
    assert width <= room[0]
    assert height <= room[1]
    assert width / height == pytest.approx(4 / 3, abs=0.02)
    assert (await Axe().run(page)).response["violations"] == []

    for _ in range(3):
        await page.keyboard.press("+")
    assert (await shown(page))[2] == pytest.approx(width * 1.4**3, abs=2)
    before = await shown(page)
    await page.keyboard.press("ArrowRight")
    assert (await shown(page))[0] == before[0] - 60
    await expect(page.locator("output")).to_have_text("1 / 2")
    await page.keyboard.press("0")
    assert await shown(page) == [left, top, width, height]

    await page.keyboard.press("r")
    _, _, turned_width, turned_height = await shown(page)
    assert turned_width / turned_height == pytest.approx(3 / 4, abs=0.02)
    assert turned_height <= room[1]
    await page.keyboard.press("Escape")
    await expect(page.locator(".viewer")).to_be_hidden()
    await expect(page.locator("[data-photo]").first).to_be_focused()
    assert problems == []


async def test_the_viewer_shows_the_next_photo_with_its_text_and_no_key_reaches_the_page_below(look: Look) -> None:
    page = await look(**LOOKS[0])
    address = page.url
    await page.locator("[data-photo]").first.click()
    about = page.locator("[data-about]")
    await expect(about).to_contain_text("दुकान")
    await page.get_by_role("button", name="Next photo").click()
    await expect(page.locator("output")).to_have_text("2 / 2")
    await expect(about).to_contain_text("80")
    await expect(about).not_to_contain_text("दुकान")
    await page.locator(".stage").focus()
    for key in ("u", "s", "d", "j"):
        await page.keyboard.press(key)
    assert page.url == address
    await expect(page.locator("details.act[open]")).to_have_count(0)
    await page.keyboard.press("PageDown")
    await expect(page.locator("output")).to_have_text("1 / 2")


async def test_a_photo_is_enlarged_at_the_pointer_and_dragged(look: Look) -> None:
    page = await look(**LOOKS[0])
    await page.locator("[data-photo]").first.click()
    left, top, width, height = await shown(page)
    stage = await page.locator(".stage").bounding_box()
    assert stage
    pointed = left + width / 4, top + height / 4
    await page.mouse.move(stage["x"] + pointed[0], stage["y"] + pointed[1])
    await page.mouse.wheel(0, -100)
    larger = await wider(page, width + 1)
    assert larger[0] + larger[2] / 4 == pytest.approx(pointed[0], abs=2)
    await page.mouse.down()
    await page.mouse.move(stage["x"] + pointed[0] + 40, stage["y"] + pointed[1])
    await page.mouse.up()
    assert (await shown(page))[0] == pytest.approx(larger[0] + 40, abs=1)
    await page.mouse.move(stage["x"] + pointed[0] + 90, stage["y"] + pointed[1])
    assert (await shown(page))[0] == pytest.approx(larger[0] + 40, abs=1)


async def test_two_fingers_enlarge_a_photo(look: Look) -> None:
    page = await look(**LOOKS[1], has_touch=True, is_mobile=True)
    await page.locator("[data-photo]").first.tap()
    _, _, width, _ = await shown(page)
    hand = await page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        fingers = [{"x": 180 + side * apart, "y": 200, "id": side + 1} for side in (-1, 1)]
        await hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    await hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert (await wider(page, width * 1.9))[2] == pytest.approx(width * 2, abs=3)


async def test_without_javascript_a_photos_link_opens_its_clean_copy(look: Look, tip: SeededTip) -> None:
    page = await look(locale="en-IN", java_script_enabled=False)
    await page.locator("[data-photo]").first.click()
    await page.wait_for_url(f"**/tips/{tip.number}/files/1")
