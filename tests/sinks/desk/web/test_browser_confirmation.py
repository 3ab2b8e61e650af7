"""The page on which an officer confirms an act, in a real browser, while others write and act on the same tip."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from satark.api.routing import Desk
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.web.form_drafts import FormDrafts, Owner
from support.tips import SeededTip, seed_tip

pytestmark = pytest.mark.needs("chromium")

CLOSING = {"outcome": "false", "text": "nobody was there", "reason": "We found nothing."}


@pytest.mark.parametrize(("locale", "width"), [("en-IN", 1440), ("hi-IN", 390)])
async def test_an_officer_reads_what_came_before_they_can_confirm(
    *,
    locale: str,
    width: int,
    chromium: Browser,
    open_tip: Callable[[Page, SeededTip], Awaitable[None]],
    services: Services,
    desk: Callable[[str], Desk],
    unlocked: Callable[[str], UnlockedDesk],
    casework: Callable[[str], Casework],
) -> None:
    tip = seed_tip(services, [desk("sp"), desk("dig")])
    page = await (await chromium.new_context(locale=locale, viewport={"width": width, "height": 900})).new_page()
    await open_tip(page, tip)
    await page.locator("[data-act=close]").click()
    form = page.locator("details.act[open]")
    await form.locator("[name=outcome]").select_option(CLOSING["outcome"])
    for name in ("text", "reason"):
        await form.locator(f"[name={name}]").fill(CLOSING[name])
    await form.locator("button").click()
    await page.wait_for_url("**/close?draft=*")
    colleague = replace(unlocked("sp"), officer="sp-2")
    FormDrafts(services).keep_typed(Owner.of(colleague), {"path": f"/desk/tips/{tip.number}/note", "text": "on the"})
    await expect(page.locator("#since")).to_contain_text("sp-2")
    confirm = page.locator("[name=confirmed]")
    await expect(confirm).to_be_visible()
    dig = casework("dig")
    act = DeskAct(name="note", text="I am at the door")
    DeskActs(services, dig, Clocks()).perform(dig.open(tip.number), act)
    await expect(page.locator("#since .thread")).to_contain_text("I am at the door", timeout=2_500)
    await expect(confirm).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    results = await Axe().run(page)
    assert results.response["violations"] == []
    await page.locator("[name=edit]").click()
    await expect(form.locator(".thread")).to_contain_text("I am at the door")
    await expect(form.locator("[name=text]")).to_have_value(CLOSING["text"])
    await form.locator("button").last.click()
    await confirm.click()
    await expect(page.locator("#state")).to_be_visible()
    assert casework("sp").open(tip.number).status == "CLOSED"
