"""Help in a real browser: `?` opens it over every page, Escape closes it, and without JavaScript it is a page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from satark.desk import Desk
from satark.services import Services
from satark.testing.processes.serving import serve
from satark.testing.tips import SeededTip, seed_tip

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
async def address(site: Starlette) -> AsyncIterator[str]:
    """The address of the desk."""
    async with serve(site) as url:
        yield f"{url}/desk"


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    return seed_tip(services, [desk("sp"), desk("dig")])


async def open_tip(browser: Browser, address: str, tip: SeededTip, *, javascript: bool = True) -> Page:
    context = await browser.new_context(
        locale="hi-IN", viewport={"width": 360, "height": 740}, java_script_enabled=javascript
    )
    page = await context.new_page()
    await page.goto(f"{address}/tips/{tip.number}")
    for name, value in (("desk", "sp"), ("officer", "sp-1"), ("passphrase", "sp passphrase 1")):
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main button").click()
    await expect(page.locator("h1")).to_contain_text(tip.number)
    return page


async def test_a_key_opens_the_help_over_the_page_and_escape_closes_it(
    chromium: Browser, address: str, tip: SeededTip
) -> None:
    page = await open_tip(chromium, address, tip)
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


async def test_without_javascript_the_help_is_a_page(chromium: Browser, address: str, tip: SeededTip) -> None:
    page = await open_tip(chromium, address, tip, javascript=False)
    await page.get_by_role("link", name="मदद", exact=True).click()
    await expect(page.locator("h1")).to_have_text("मदद")
    assert page.url.endswith("/help#tip")
    await expect(page.locator("h2#tip")).to_be_in_viewport()
