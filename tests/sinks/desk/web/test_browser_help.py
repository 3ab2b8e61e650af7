"""Help in a real browser: `?` opens it over every page, Escape closes it, and without JavaScript it is a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

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
    return seed_tip(services, [desk("sp"), desk("dig")])


async def phone(browser: Browser, *, javascript: bool = True) -> Page:
    """Open a page on a phone in Hindi."""
    screen: Any = {"width": 360, "height": 740}
    return await (await browser.new_context(locale="hi-IN", viewport=screen, java_script_enabled=javascript)).new_page()


@pytest.mark.full("a browser")
async def test_a_key_opens_the_help_over_the_page_and_escape_closes_it(
    chromium: Browser, open_tip: OpenTip, tip: SeededTip
) -> None:
    page = await phone(chromium)
    await open_tip(page, tip)
    dialog, form = page.locator("#help"), page.locator("details.act[open]")
    await expect(dialog).to_be_hidden()
    await page.keyboard.press("?")
    await expect(dialog).to_be_visible()
    await expect(dialog.locator("h2")).to_be_in_viewport()
    await expect(dialog.locator("kbd", has_text="d").first).to_be_visible()
    assert (await Axe().run(page)).response["violations"] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.keyboard.press("d")
    assert await form.count() == 0
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.keyboard.press("d")
    await expect(form).to_be_visible()


async def test_without_javascript_the_help_is_a_page(chromium: Browser, open_tip: OpenTip, tip: SeededTip) -> None:
    page = await phone(chromium, javascript=False)
    await open_tip(page, tip)
    await page.get_by_role("link", name="मदद", exact=True).click()
    await expect(page.locator("h1")).to_have_text("मदद")
    assert page.url.endswith("/help#tip")
    await expect(page.locator("h2#tip")).to_be_in_viewport()
