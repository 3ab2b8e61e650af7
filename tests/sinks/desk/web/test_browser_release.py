"""Text that leaves the desk, in a real browser: marks while an officer writes, and the printed page of a tip."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pypdfium2
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.async_api import Browser, Page, expect

from satark.api.routing import Desk
from satark.services import Services
from support.tips import SeededTip, seed_tip

pytestmark = pytest.mark.needs("chromium")

OpenTip = Callable[[Page, SeededTip], Awaitable[None]]


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip at the SP. Its words point to its sender."""
    answers = {"what": "मेरी दुकान के सामने रोज़ शाम को शराब बिकती है", "who": "Kallu", "known_by": "few"}
    return seed_tip(services, [desk("sp")], answers=answers, category="INTOX")


async def axe_violations(page: Page) -> list[str]:
    results = await Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in results.response["violations"]]


@pytest.mark.full("a browser, in every language")
@pytest.mark.parametrize(("locale", "width"), [("en-IN", 1280), ("hi-IN", 360)])
async def test_text_that_points_to_the_tipster_is_marked_while_the_officer_writes(
    chromium: Browser, open_tip: OpenTip, tip: SeededTip, locale: str, width: int
) -> None:
    page = await (await chromium.new_context(locale=locale, viewport={"width": width, "height": 900})).new_page()
    await open_tip(page, tip)
    await page.keyboard.press("d")
    form = page.locator("details.act[open]")
    await form.locator("[name=rewording]").fill("My shop is near")
    await expect(page.locator("#release-hints mark")).to_have_text("My shop")
    await form.locator("[name=rewording]").fill("Liquor near the market")
    await expect(page.locator("#release-hints mark")).to_have_count(0)
    assert await axe_violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await form.locator("[name=to]").select_option("lanka")
    await form.locator("[name=text]").fill("look tonight")
    await form.locator("button").click()
    await page.wait_for_url("**/direct?draft=*")
    await expect(page.locator("dl")).to_contain_text("Liquor near the market")
    assert await axe_violations(page) == []
    await page.locator("[name=confirmed]").click()
    await page.locator("#directions ~ ul button").click()
    await expect(page.locator("#directions ~ ul a").first).to_have_attribute("download", "")
    assert await axe_violations(page) == []


async def test_printing_a_tips_page_gives_no_word_of_the_tip(
    chromium: Browser, open_tip: OpenTip, tip: SeededTip
) -> None:
    page = await (await chromium.new_context(locale="en-IN")).new_page()
    await open_tip(page, tip)
    document = pypdfium2.PdfDocument(await page.pdf())
    printed = " ".join(one.get_textpage().get_text_range() for one in document)
    assert "A tip is not printed" in printed
    for hidden in ("Kallu", "दुकान", tip.number, "WhatsApp", "Written in", "Sign out", "Figures"):
        assert hidden not in printed
