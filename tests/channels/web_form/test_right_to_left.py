"""The form in Urdu, from right to left, in a real browser: on phone and desktop, accessible, without cut-off text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.async_api import Browser, Page, expect

from support.form.service import form_service

pytestmark = pytest.mark.needs("chromium")

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 860}
HINDI = "स्कूल के पीछे"


@pytest.mark.full("a browser, in Urdu")
async def test_a_tip_in_urdu_is_written_from_right_to_left(chromium: Browser, tmp_path: Path) -> None:
    async with form_service(tmp_path, {"proof_wait_seconds": 0}, ["hi", "en", "bho", "ur"]) as served:
        context = await chromium.new_context(viewport=PHONE, locale="ur-IN")  # type: ignore[arg-type] # a TypedDict
        page = await context.new_page()
        await page.goto(f"{served.url}/")
        await expect(page.locator("p.lead")).to_have_attribute("lang", "ur")
        assert await page.locator("details[lang]").evaluate_all("all => all.map(one => one.lang)") == [
            "hi",
            "en",
            "bho",
        ]
        await _check(page)
        await page.locator("button[value=ur]").click()
        await page.locator("[value=INTOX]").check()
        await _check(page)
        await page.locator(".actions button").click()
        await page.locator("textarea").fill(HINDI)
        await page.locator(".actions button").click()
        await page.locator("summary").first.click()
        assert await page.locator(".map svg").evaluate("one => getComputedStyle(one).direction") == "ltr"
        await _check(page)
        await page.goto(f"{served.url}/all")
        for choice in ("[name='a.category'][value=INTOX]", "[name='a.now'][value=no]", "[name='a.police'][value=no]"):
            await page.locator(choice).check()
        await page.locator("[id='a.place']").fill("लंका")
        await page.locator(".actions button").click()
        await expect(page.locator("#caption")).to_be_visible()
        await page.locator(".actions button").click()
        await expect(page.locator("dl.answers")).to_contain_text(HINDI)
        await page.set_viewport_size(DESKTOP)  # type: ignore[arg-type] # a TypedDict
        await _check(page)
        await page.locator("form[action='/send'] button").click()
        code = page.locator(".receipt .code span")
        await expect(code).to_have_text(re.compile(r"^\W?\d{4}( \d{4}){3}\W?$"))
        await expect(code).to_have_css("direction", "ltr")
        await context.close()


async def _check(page: Page) -> None:
    """Check the direction, that nothing is wider than the window, and that axe finds nothing."""
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await expect(page.locator("html")).to_have_attribute("lang", "ur")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = await Axe().run(page)
    assert [violation["id"] for violation in found.response["violations"]] == []
