"""Players in a real browser: a speed is chosen, by keyboard and in both languages; a waveform takes the position."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from PIL import Image
from playwright.async_api import Browser, Page, expect

from satark.desk import Desk
from satark.services import Services
from satark.testing.tips import SeededTip, seed_file, seed_tip
from satark.testing.waiting import limit

pytestmark = pytest.mark.needs("chromium")

OpenTip = Callable[[Page, SeededTip], Awaitable[None]]


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip with a film."""
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    film: Any = {"mime": "video/mp4", "kind": "video"}
    seed_file(services, seeded, "1", b"film", b"film, sound", muted=b"film", **film)
    return seeded


@pytest.fixture
def recordings(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip with a recording of twenty seconds, and one of the tipster's own voice that is as long."""
    seeded = seed_tip(services, [desk("sp")], answers={"what": {"voice": "2"}, "whose_voice": "other"}, evidence=("1",))
    sound, preview = io.BytesIO(), io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(bytes([128]) * 8000 * 20)
    Image.new("RGB", (400, 60), "#369").save(preview, "PNG")
    clean = sound.getvalue()
    about: Any = {"mime": "audio/wav", "preview": preview.getvalue(), "preview_mime": "image/png"}
    seed_file(services, seeded, "1", clean, clean, kind="audio", **about)
    seed_file(services, seeded, "2", clean, clean, kind="voice", role="what", disguised=clean, **about)
    return seeded


@pytest.mark.parametrize("ordinal", ["1", "2"])
async def test_a_click_on_a_waveform_goes_to_that_moment_and_shows_it(
    chromium: Browser, open_tip: OpenTip, recordings: SeededTip, ordinal: str
) -> None:
    page = await (await chromium.new_context(locale="en-IN")).new_page()
    await open_tip(page, recordings)
    drawn = page.locator(f"#file-{ordinal} .wave")
    box = await drawn.bounding_box()
    assert box
    await drawn.click(position={"x": box["width"] * 3 / 4, "y": 5})
    player = page.locator(f"#file-{ordinal} audio[data-speed]")
    async with limit():
        while (now := await player.evaluate("one => one.currentTime")) == 0:  # noqa: ASYNC110 - it is being loaded
            await asyncio.sleep(0.05)
    assert now == pytest.approx(15, abs=0.3)
    played = page.locator(f"#file-{ordinal} progress")
    await expect(played).not_to_have_js_property("value", 0)
    assert await played.evaluate("one => one.value") == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize(("locale", "width", "label"), [("en-IN", 1280, "Speed"), ("hi-IN", 360, "गति")])
async def test_a_player_has_a_speed(
    chromium: Browser, open_tip: OpenTip, tip: SeededTip, *, locale: str, width: int, label: str
) -> None:
    page = await (await chromium.new_context(locale=locale, viewport={"width": width, "height": 740})).new_page()
    await open_tip(page, tip)
    await page.get_by_label(label).focus()
    await page.keyboard.press("ArrowDown")
    assert await page.locator("video").evaluate("one => one.playbackRate") == 1.25
    assert (await Axe().run(page)).response["violations"] == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
