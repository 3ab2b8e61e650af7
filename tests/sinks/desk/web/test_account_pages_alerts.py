"""Alerts by web push on the account page: one button turns them on, and a button or a sign-out turns them off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Client
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.services import DeskContext, Services
from satark_desk.known_browsers import browsers_of
from satark_desk.push import PushKeys
from satark_desk.settings import DeskSettings
from satark_desk.web.app import build

Start = Callable[..., Client]
ADDRESS = "https://fcm.googleapis.com/fcm/send/abc"
SUBSCRIBE = """PushManager.prototype.subscribe = async ({userVisibleOnly, applicationServerKey}) => {
  const key = atob(applicationServerKey.replaceAll("-", "+").replaceAll("_", "/"));
  if (!userVisibleOnly || key.length !== 65 || key.charCodeAt(0) !== 4) throw new Error("no key");
  return {endpoint: "ADDRESS"};
};""".replace("ADDRESS", ADDRESS)
"""Replaces the push service, because Chromium without a display reaches none."""


@pytest.fixture
def site(context: DeskContext) -> Starlette:
    """The desk's pages; officers of the SP's desk may have alerts."""
    return Starlette(routes=[Mount("/desk", build(context, DeskSettings(push=("sp",))))])


@pytest.fixture
def addresses(services: Services) -> Callable[[], list[str]]:
    """Open the addresses at which browsers of the SP's first officer are woken."""

    def read() -> list[str]:
        keys, found = PushKeys(services.secret_key), services.read(lambda c: browsers_of(c, "sp", "sp-1"))
        return [keys.open(one.push, ("sp", "sp-1", one.digest)) for one in found if one.push]

    return read


def test_alerts_are_turned_on_and_off(browser: Start, addresses: Callable[[], list[str]]) -> None:
    client = browser("sp")
    assert "Turn alerts on" in client.get("/desk/account").text
    on = client.post("/desk/account/push", data={"address": ADDRESS}).text
    assert "Alerts are on." in on
    assert "Turn alerts off" in on
    assert addresses() == [ADDRESS]
    assert "Alerts are off." in client.post("/desk/account/push", data={"address": ""}).text
    assert addresses() == []


def test_alerts_are_for_desks_that_the_operator_names(browser: Start, addresses: Callable[[], list[str]]) -> None:
    client = browser("dig")
    assert "alerts" not in client.get("/desk/account").text
    assert client.post("/desk/account/push", data={"address": ADDRESS}).status_code == 422


def test_an_address_that_is_no_push_services_is_refused(browser: Start, addresses: Callable[[], list[str]]) -> None:
    client = browser("sp")
    answer = client.post("/desk/account/push", data={"address": "https://10.0.0.1/x"})
    assert (answer.status_code, addresses()) == (422, [])


def test_a_sign_out_turns_alerts_off_only_in_its_own_browser(
    browser: Start, addresses: Callable[[], list[str]]
) -> None:
    here, there = browser("sp"), browser("sp")
    for client, end in ((here, "here"), (there, "there")):
        client.post("/desk/account/push", data={"address": ADDRESS + end})
    here.post("/desk/sign-out")
    assert addresses() == [f"{ADDRESS}there"]


def test_a_forgotten_browser_has_no_alerts(browser: Start, addresses: Callable[[], list[str]]) -> None:
    here, there = browser("sp"), browser("sp")
    there.post("/desk/account/push", data={"address": ADDRESS})
    here.post(
        "/desk/passphrase",
        data={"old": "sp passphrase 1", "new": "purana kuan neem ka ped", "again": "purana kuan neem ka ped"},
    )
    assert addresses() == []


async def open_account(chromium: Browser, address: str, problems: list[str], script: str) -> Page:
    context = await chromium.new_context(locale="hi-IN", viewport={"width": 390, "height": 844})
    await context.grant_permissions(["notifications"])
    page = await context.new_page()
    page.on("console", lambda said: problems.append(said.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.add_init_script(script)
    await page.goto(f"{address}/account")
    for name, value in (("desk", "sp"), ("officer", "sp-1"), ("passphrase", "sp passphrase 1")):
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main button").click()
    return page


@pytest.mark.needs("chromium")
async def test_the_button_registers_the_browser_and_a_push_shows_that_a_tip_has_come(
    chromium: Browser, address: str, addresses: Callable[[], list[str]], services: Services
) -> None:
    problems: list[str] = []
    page = await open_account(chromium, address, problems, SUBSCRIBE)
    session, registered = await page.context.new_cdp_session(page), list[Any]()
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: registered.extend(event["registrations"]))
    await session.send("ServiceWorker.enable")
    await page.get_by_role("button", name="अलर्ट चालू करें").click()
    await expect(page.locator(".notice.good")).to_have_text("अलर्ट चालू हैं।")
    assert addresses() == [ADDRESS]
    origin = address.removesuffix("/desk")
    push = {"origin": origin, "registrationId": registered[0]["registrationId"], "data": ""}
    await session.send("ServiceWorker.deliverPushMessage", push)
    shown = """async () => {
      const [found] = await navigator.serviceWorker.getRegistrations();
      for (;;) {
        const [one] = await found.getNotifications();
        if (one) return [one.title, one.body];
        await new Promise((done) => setTimeout(done, 20));
      }
    }"""
    assert await page.evaluate(shown) == ["Satark", "एक सूचना पर आपको काम करना है।"]
    await page.get_by_role("button", name="अलर्ट बंद करें").click()
    await expect(page.locator(".notice.good")).to_have_text("अलर्ट बंद हैं।")
    assert (addresses(), problems) == ([], [])


@pytest.mark.needs("chromium")
async def test_the_page_says_that_the_browser_does_not_allow_alerts(chromium: Browser, address: str) -> None:
    refusing = "PushManager.prototype.subscribe = () => Promise.reject(new Error('no'));"
    page = await open_account(chromium, address, [], refusing)
    await page.get_by_role("button", name="अलर्ट चालू करें").click()
    await expect(page.get_by_role("alert")).to_contain_text("अलर्ट चालू नहीं हुए")
