"""Players in a real browser.

An officer chooses the speed by keyboard, in both languages, and the position on a waveform.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from PIL import Image
from playwright.async_api import Browser, Page, expect

from satark.api.routing import Desk
from satark.services import Services
from satark_testing.waiting import limit
from support.tips import SeededTip, seed_file, seed_tip

pytestmark = pytest.mark.needs("chromium")

INK: str = """(canvas, part) => {
  const half = canvas.width / 2;
  const pixels = canvas.getContext("2d").getImageData(canvas.width * part, 0, half, canvas.height).data;
  return pixels.filter((value, at) => at % 4 === 3 && value > 0).length;
}"""
"""Script that counts the drawn pixels of one half of a canvas, to the right of `part` of its width."""

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
    """A tip with two recordings of twenty seconds each. The second is the tipster's own voice."""
    seeded = seed_tip(
        services, [desk("sp")], answers={"what": {"voice": "2"}}, consents={"1": "other"}, evidence=("1",)
    )
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


@pytest.mark.full("a browser")
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


@pytest.fixture
def loud_then_silent(services: Services, desk: Callable[[str], Desk], tmp_path: Path) -> SeededTip:
    """A tip with a film of four seconds and its sound: two seconds of a tone, then two seconds of silence."""
    picture, tone = "testsrc=size=64x48:rate=5:duration=4", "sine=duration=2,apad=whole_dur=4"
    made = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-c:v", "libvpx", "-c:a", "libopus"]
    path = tmp_path / "film.webm"  # not a pipe: the film's length is written last, into its beginning
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *made, path], check=True)
    film = path.read_bytes()
    seeded = seed_tip(services, [desk("sp")], consents={"1": "keep"}, evidence=("1",))
    seed_file(services, seeded, "1", film, film, muted=b"film", mime="video/webm", kind="video")
    return seeded


@pytest.mark.full("a browser")
async def test_a_played_film_shows_its_waveform_and_a_click_there_goes_to_that_moment(
    chromium: Browser, open_tip: OpenTip, loud_then_silent: SeededTip
) -> None:
    page = await (await chromium.new_context(locale="en-IN")).new_page()
    await open_tip(page, loud_then_silent)
    drawn, player = page.locator("#file-1 canvas.wave"), page.locator("#file-1 video")
    assert await drawn.count() == 0
    await player.evaluate("one => { one.muted = true; one.play(); }")
    await expect(drawn).to_be_visible()
    loud, silent = await drawn.evaluate(INK, 0), await drawn.evaluate(INK, 0.5)
    assert loud > 10 * silent > 0, "a line is drawn where nothing is heard"
    await player.evaluate("one => one.pause()")
    box = await drawn.bounding_box()
    assert box
    await drawn.click(position={"x": box["width"] * 3 / 4, "y": 5})
    assert await player.evaluate("one => one.currentTime") == pytest.approx(3, abs=0.3)
    assert (await Axe().run(page)).response["violations"] == []


@pytest.mark.full("a browser")
@pytest.mark.parametrize(("locale", "width", "label"), [("en-IN", 1280, "Speed"), ("hi-IN", 360, "गति")])
async def test_an_officer_chooses_the_speed_of_a_player(
    chromium: Browser, open_tip: OpenTip, tip: SeededTip, *, locale: str, width: int, label: str
) -> None:
    page = await (await chromium.new_context(locale=locale, viewport={"width": width, "height": 740})).new_page()
    await open_tip(page, tip)
    await page.get_by_label(label).focus()
    await page.keyboard.press("ArrowDown")
    assert await page.locator("video").evaluate("one => one.playbackRate") == 1.25
    assert (await Axe().run(page)).response["violations"] == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
