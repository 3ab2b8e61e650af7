"""An officer's account in a real browser: passkeys; all the rest without JavaScript; Hindi and English."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pyotp
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.async_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette

from satark.services import Services
from satark_desk.officers import NewOfficer, add_officer, unlock
from satark_testing.processes.serving import serve

pytestmark = pytest.mark.needs("chromium")

OLD, NEW = "sp passphrase 1", "purana kuan neem ka ped"


@pytest.fixture
async def address(site: Starlette) -> AsyncIterator[str]:
    """The address of the desk. Passkeys need a name, or TLS."""
    async with serve(site) as url:
        yield f"{url.replace('127.0.0.1', 'localhost')}/desk"


async def new_page(browser: Browser, problems: list[str], **options: Any) -> Page:
    page = await (await browser.new_context(**options)).new_page()
    page.on("console", lambda said: problems.extend([said.text] if said.type in {"warning", "error"} else []))
    page.on("pageerror", lambda error: problems.append(str(error)))
    return page


async def sign_in(page: Page, address: str, officer: str = "sp-1", passphrase: str = OLD) -> None:
    await page.goto(f"{address}/sign-in")
    for name, value in (("desk", "sp"), ("officer", officer), ("passphrase", passphrase)):
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main form button").click()


async def add_authenticator(context: BrowserContext, page: Page) -> None:
    session = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
    options = {**key, "hasUserVerification": True, "isUserVerified": True}
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.full("a browser with a passkey")
async def test_a_passkey_is_added_and_used(chromium: Browser, address: str) -> None:
    problems: list[str] = []
    page = await new_page(chromium, problems, locale="en-IN")
    await add_authenticator(page.context, page)
    await sign_in(page, address)
    await page.goto(f"{address}/account/passkey")
    await page.locator("[name=name]").fill("blue key")
    await page.locator("[name=passphrase]").fill(OLD)
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.locator(".entries").first).to_contain_text("blue key")
    for _ in range(2):
        await page.get_by_role("button", name="Sign out").click()
        await sign_in(page, address)
        await expect(page.locator("h1")).to_have_text("Second factor")
        await page.get_by_role("button", name="Use the passkey").click()
        await expect(page.locator("h1")).to_have_text("Tips")
    assert problems == []


async def test_the_page_says_that_a_passkey_was_refused(chromium: Browser, address: str) -> None:
    page = await new_page(chromium, [], locale="en-IN")
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await sign_in(page, address)
    await page.goto(f"{address}/account/passkey")
    await page.evaluate("() => { navigator.credentials.create = () => Promise.reject(new Error('no')); }")
    await page.locator("[name=passphrase]").fill(OLD)
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")


async def test_without_javascript_a_new_officer_sets_a_passphrase_and_adds_and_uses_an_app(
    chromium: Browser, address: str, services: Services
) -> None:
    head = unlock(services, "sp", "sp-1", OLD)
    add_officer(services, head, NewOfficer(name="naya", passphrase="another passphrase", temporary=True))
    problems: list[str] = []
    page = await new_page(chromium, problems, locale="hi-IN", java_script_enabled=False)
    await sign_in(page, address, "naya", "another passphrase")
    await expect(page.locator("h1")).to_have_text("पासफ़्रेज़ बदलें")
    for old, new in (("another passphrase", "12345678"), ("another passphrase", NEW)):
        await page.locator("[name=old]").fill(old)
        await page.locator("[name=new]").fill(new)
        await page.locator("[name=again]").fill(new)
        await page.get_by_role("button", name="पासफ़्रेज़ रखें").click()
    await expect(page.locator(".notice.good")).to_contain_text("पासफ़्रेज़ बदल गया")
    await page.get_by_role("button", name="प्रमाणक ऐप जोड़ें").click()
    secret = re.sub(r"\s", "", await page.locator(".secret").inner_text())
    await page.locator("[name=code]").fill(pyotp.TOTP(secret).at(int(time.time())))
    await page.locator("[name=passphrase]").fill(NEW)
    await page.get_by_role("button", name="प्रमाणक ऐप जोड़ें").click()
    await expect(page.locator(".notice.good")).to_contain_text("दूसरा प्रमाण जुड़ गया")
    await page.get_by_role("button", name="साइन आउट").click()
    await sign_in(page, address, "naya", NEW)
    await page.locator("[name=code]").fill(pyotp.TOTP(secret).at(int(time.time()) + 30))
    await page.get_by_role("button", name="आगे बढ़ें").click()
    await expect(page.locator("h1")).to_have_text("सूचनाएँ")
    # The browser reports the answer to the weak passphrase, and nothing else.
    assert [problem for problem in problems if "422" not in problem] == []


@pytest.mark.full("a browser without JavaScript")
async def test_without_javascript_an_officer_recovers_with_another_officers_approval(
    chromium: Browser, address: str, services: Services
) -> None:
    head = unlock(services, "sp", "sp-1", OLD)
    add_officer(services, head, NewOfficer(name="second", passphrase="another passphrase"))
    lost = await new_page(chromium, [], locale="en-IN", java_script_enabled=False)
    other = await new_page(chromium, [], locale="en-IN", java_script_enabled=False)
    await lost.goto(f"{address}/sign-in")
    await lost.get_by_role("link", name="Lost passphrase or second factor").click()
    for name, value in (("desk", "sp"), ("officer", "sp-1"), ("new", NEW), ("again", NEW)):
        await lost.locator(f"[name={name}]").fill(value)
    await lost.get_by_role("button", name="Get the code").click()
    code = await lost.locator(".code").inner_text()
    await sign_in(other, address, "second", "another passphrase")
    await other.locator(".who a").click()
    await other.get_by_role("link", name="Approve the new passphrase").click()
    await other.locator("[name=code]").fill(code)
    await other.get_by_role("button", name="Approve").click()
    await expect(other.locator(".notice.good")).to_contain_text("can sign in with the new passphrase")
    await sign_in(lost, address, "sp-1", NEW)
    await expect(lost.locator("h1")).to_have_text("Tips")


@pytest.mark.full("axe on every page")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [(360, "hi-IN"), (1280, "en-IN")], ids=["phone", "desktop"])
async def test_no_account_page_has_accessibility_violations_or_scrolls_sideways(
    chromium: Browser, address: str, services: Services, scheme: str, screen: tuple[int, str]
) -> None:
    head = unlock(services, "sp", "sp-1", OLD)
    add_officer(services, head, NewOfficer(name="second", passphrase="another passphrase"))
    width, locale = screen
    viewport = {"width": width, "height": 800}
    page = await new_page(chromium, [], locale=locale, viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    await page.goto(f"{address}/recover")
    for name, value in (("desk", "sp"), ("officer", "second"), ("new", NEW), ("again", NEW)):
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main form button").click()
    violations = {"code": (await Axe().run(page)).response["violations"]}
    await sign_in(page, address)
    await sign_in(page, address)
    for path in ("account", "passphrase", "account/app", "account/passkey", "recoveries", "recover", "sign-in"):
        await page.goto(f"{address}/{path}")
        for details in await page.locator("details").all():
            await details.evaluate("element => { element.open = true; }")
        violations[path] = (await Axe().run(page)).response["violations"]
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    assert not any(violations.values()), violations
