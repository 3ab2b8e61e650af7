"""The desk in a browser while others act and networks fail: nothing typed, ticked or open is lost or out of date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, Dialog, Page, Route, expect

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from support.tips import SeededTip, erase, seed_message, seed_tip

pytestmark = pytest.mark.needs("chromium")

FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]
NETWORK = "#network"
NOTE = "on the roof since six"


@pytest.fixture
def seeded(services: Services, desk: FindDesk) -> SeededTip:
    """A tip of a desk that has no other."""
    return seed_tip(services, [desk("sp")], answers={"what": "पार्क में जुआ होता है"})


async def sign_in(browser: Browser, address: str, of: str = "sp", path: str = "", locale: str = "en-IN") -> Page:
    page = await (await browser.new_context(locale=locale)).new_page()
    await page.goto(f"{address}/{path}")
    for name, value in (("desk", of), ("officer", f"{of}-1"), ("passphrase", f"{of} passphrase 1")):
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main button").click()
    await expect(page.locator("nav.sections")).to_be_visible()
    await page.wait_for_load_state()
    return page


async def write(page: Page, act: str = "note", text: str = NOTE) -> None:
    """Type into the form of an act."""
    await page.locator(f"[data-act={act}]").click()
    await page.locator("details.act[open] [name=text]").fill(text)


def stay(page: Page) -> list[str]:
    """Stay on a page whenever its browser asks; return the kinds of its questions, which grow."""
    asked: list[str] = []

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", answer)
    return asked


def direct(services: Services, casework: Cases, tip: SeededTip) -> DeskActs:
    """Direct a tip to the station; return the acts of the desk that directed it."""
    acts = DeskActs(services, casework("sp"), Clocks())
    acts.perform(casework("sp").open(tip.number), DeskAct(name="direct", to="lanka", text="look", rewording="Look."))
    return acts


async def test_what_an_officer_opened_in_the_queue_stays_open_while_news_come(
    chromium: Browser, address: str, services: Services, desk: FindDesk
) -> None:
    flood = [
        seed_tip(services, [desk("sp")], answers={"what": "पार्क की ज़मीन बेच दी गई है सब शिकायत भेजें"}) for _ in range(5)
    ]
    page = await sign_in(chromium, address, path=f"tips/{flood[0].number}")
    for act in ("note", "ask"):
        async with page.expect_response("**/typed"):
            await write(page, act)
    await page.goto(address + "/")
    for kind in ("details.notice", "details.flood"):
        await page.locator(f"{kind} summary").click()
    new = seed_tip(services, [desk("sp")], priority="urgent")
    await expect(page.locator(f"#tip-{new.number}")).to_be_visible()
    for kind in ("details.notice", "details.flood"):
        await expect(page.locator(kind)).to_have_attribute("open", "")


async def test_several_texts_that_are_not_sent_are_one_line_of_a_phone_that_opens_to_them(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}", locale="hi-IN")
    await page.set_viewport_size({"width": 390, "height": 844})
    for act in ("note", "ask", "status"):
        async with page.expect_response("**/typed"):
            await write(page, act)
    await page.goto(address + "/")
    notice = page.locator("#counts .notice")
    assert await notice.evaluate("one => one.clientHeight") < 2 * 24 + 20, "of two lines of text at most"
    await notice.locator("summary").click()
    rows = await notice.locator("p").evaluate_all("all => all.map(one => one.clientHeight / 24)")
    assert len(rows) == 3
    assert max(rows) <= 2


async def test_a_ticked_tip_that_new_ones_push_off_the_page_stays_ticked(
    chromium: Browser, address: str, seeded: SeededTip, services: Services, desk: FindDesk
) -> None:
    page = await sign_in(chromium, address)
    await page.locator(f"#choose-{seeded.number}").check()
    for _ in range(6):
        new = seed_tip(services, [desk("sp")], priority="urgent")
    await expect(page.locator(f"#tip-{new.number}")).to_be_visible()
    await expect(page.locator(f"#tip-{seeded.number}")).to_have_count(0)
    await page.locator(".bulk summary").click()
    await expect(page.locator("#bulk").get_by_label(seeded.number)).to_be_checked()
    later = seed_tip(services, [desk("sp")], priority="urgent")
    await expect(page.locator(f"#tip-{later.number}")).to_be_visible()
    await expect(page.locator("#bulk").get_by_label(seeded.number)).to_have_count(1)
    await page.locator("#bulk [name=kind]").select_option("assign")
    await page.locator("#bulk [name=officer]").select_option("sp-1")
    await page.locator("#bulk button").click()
    await expect(page.locator("main")).to_contain_text(seeded.number)


async def test_the_first_tip_of_an_empty_queue_can_be_ticked_and_acted_on(
    chromium: Browser, address: str, services: Services, desk: FindDesk
) -> None:
    page = await sign_in(chromium, address)
    await expect(page.locator(".bulk")).not_to_be_visible()
    new = seed_tip(services, [desk("sp")], priority="urgent")
    await page.locator(f"#choose-{new.number}").check()
    await expect(page.locator(".bulk")).to_be_visible()


@pytest.mark.parametrize("answer", ["abort", "502"])
async def test_news_whose_page_is_lost_on_the_way_are_asked_for_again(
    *, answer: str, chromium: Browser, address: str, seeded: SeededTip, services: Services, desk: FindDesk
) -> None:
    page = await sign_in(chromium, address)
    lost = asyncio.Event()

    async def lose(route: Route) -> None:
        lost.set()
        await (route.abort() if answer == "abort" else route.fulfill(status=502, body="Bad Gateway"))

    await page.route("**page=1&poll=1", lose)
    new = seed_tip(services, [desk("sp")], priority="urgent")
    await asyncio.wait_for(lost.wait(), 10)
    await expect(page.locator(f"#tip-{seeded.number}")).to_be_visible()
    await page.unroute("**page=1&poll=1")
    await expect(page.locator(f"#tip-{new.number}")).to_be_visible()


@pytest.mark.full("waits as long as an officer")
async def test_a_network_that_swallows_requests_is_told_like_one_that_is_cut(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}")
    await page.route("**/desk/**", lambda _: None)
    await write(page)
    send = page.locator("details.act[open] form button").last
    await send.click()
    await expect(send).to_have_attribute("aria-busy", "true")
    await expect(page.locator(NETWORK)).not_to_be_empty(timeout=15000)
    await expect(page.locator(NETWORK)).to_contain_text("Nothing was sent", timeout=15000)
    await expect(send).not_to_have_attribute("aria-busy", "true")
    await expect(page.locator("details.act[open] [name=text]")).to_have_value(NOTE)


async def test_a_page_with_text_that_could_not_be_kept_asks_before_it_is_left(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}")
    asked = stay(page)
    await page.context.set_offline(True)
    await write(page)
    await expect(page.locator(NETWORK)).not_to_be_empty()
    await page.locator("nav.sections a").first.click()
    await page.get_by_text("Sign out").press("Enter")
    await expect(page.locator(NETWORK)).to_contain_text("Nothing was sent")
    assert asked == ["beforeunload"]
    await page.context.set_offline(False)
    async with page.expect_response("**/typed"):
        pass
    await page.locator("nav.sections a").first.click()
    await expect(page.locator("#list")).to_be_visible()
    await page.locator("#counts .notice a").click()
    await expect(page.locator("details.act[open] [name=text]")).to_have_value(NOTE)


async def test_all_forms_that_were_typed_into_without_a_network_are_kept_once_it_is_back(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}")
    await page.context.set_offline(True)
    for act in ("note", "ask"):
        async with page.expect_event("requestfailed", lambda request: request.url.endswith("/typed")):
            await write(page, act)
    await page.context.set_offline(False)
    for _ in range(2):
        await page.wait_for_event("response", lambda response: response.url.endswith("/typed"))
    await page.goto(address + "/")
    await expect(page.locator("#counts .notice p")).to_have_count(2)


async def test_words_typed_just_before_they_are_sent_are_kept_until_they_are_confirmed(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}")
    await write(page)
    await page.locator("details.act[open] [name=text]").press("Enter")
    await page.locator("details.act[open] form button").last.click()
    await expect(page.locator("blockquote")).to_contain_text(NOTE)
    await page.goto(address + "/")
    await page.locator("#counts .notice a").click()
    await expect(page.locator("details.act[open] [name=text]")).to_have_value(f"{NOTE}\n")


@pytest.mark.parametrize("race", ["withdrawn", "erased"])
async def test_the_page_of_a_tip_that_is_taken_from_its_writer_shows_what_they_wrote(
    *, race: str, chromium: Browser, address: str, seeded: SeededTip, services: Services, casework: Cases
) -> None:
    acts = direct(services, casework, seeded)
    page = await sign_in(chromium, address, "lanka", f"tips/{seeded.number}")
    await write(page, "report")
    if race == "withdrawn":
        acts.perform(casework("sp").open(seeded.number), DeskAct(name="withdraw", to="lanka", text="another's"))
    else:
        services.write_now(lambda unit: erase(unit, seeded.id))
    await expect(page.locator("h1")).to_have_text("You no longer have this tip")
    await expect(page.locator("textarea")).to_have_value(NOTE)
    await page.get_by_role("button", name="Delete what I wrote").click()
    await expect(page.locator("#list")).to_be_visible()
    await expect(page.locator("#counts .notice")).to_have_count(0)


async def test_a_draft_of_an_act_that_a_colleague_did_meanwhile_can_be_read_and_deleted(
    chromium: Browser, address: str, seeded: SeededTip, services: Services, casework: Cases
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}")
    await write(page, "close")
    async with page.expect_response("**/typed"):
        await page.locator("details.act[open] [name=reason]").fill("Nobody was there.")
    closing = DeskAct(name="close", outcome="false", text="for desks", reason="Nobody.")
    DeskActs(services, casework("sp"), Clocks()).perform(casework("sp").open(seeded.number), closing)
    await page.goto(address + "/")
    await page.locator("#counts .notice a").click()
    await expect(page.locator("#form")).to_be_visible()
    for words in (NOTE, "Nobody was there."):
        await expect(page.locator("main")).to_contain_text(words)
    await page.get_by_role("button", name="Delete what I wrote").click()
    await expect(page.locator("#list")).to_be_visible()
    await expect(page.locator("#counts .notice")).to_have_count(0)


async def test_a_page_whose_session_is_over_says_so_and_keeps_the_text(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}")
    async with page.expect_response("**/typed"):
        await write(page)
    other = await page.context.new_page()
    await other.goto(f"{address}/help")
    await other.get_by_text("Sign out").click()
    await expect(page.locator(NETWORK)).to_contain_text("Your session is over")
    await expect(page.locator("details.act[open] [name=text]")).to_have_value(NOTE)
    await page.context.set_offline(True)
    await page.locator("details.act[open] form button").last.click()
    await expect(page.locator(NETWORK)).to_contain_text("Nothing was sent")
    await page.context.set_offline(False)
    await expect(page.locator(NETWORK)).to_contain_text("Your session is over")
    await page.locator(f"{NETWORK} a").click()
    await expect(page.locator("h1")).to_have_text("Sign in")
    for name, value in (("desk", "sp"), ("officer", "sp-1"), ("passphrase", "sp passphrase 1")):
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main button").click()
    await expect(page.locator("h1")).to_contain_text(seeded.number)
    await page.locator("main .notice a").click()
    await expect(page.locator("details.act[open] [name=text]")).to_have_value(NOTE)


async def test_a_page_whose_officer_signed_out_elsewhere_asks_before_it_loses_what_is_typed_on(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}")
    await page.context.clear_cookies()
    async with page.expect_response("**/typed"):
        await write(page)
    await expect(page.locator(NETWORK)).to_contain_text("Your session is over")
    asked = stay(page)
    await page.locator(f"{NETWORK} a").click()
    await expect(page.locator("details.act[open] [name=text]")).to_have_value(NOTE)
    assert asked == ["beforeunload"]


async def test_a_message_on_an_open_tip_leaves_the_form_and_its_ticks_alone(
    chromium: Browser, address: str, seeded: SeededTip, services: Services
) -> None:
    page = await sign_in(chromium, address, path=f"tips/{seeded.number}")
    await write(page)
    await page.locator("details.act[open] [name=private]").check()
    seed_message(services, seeded, Message(sender="tipster", text="वे छत पर हैं"))
    await expect(page.locator("#messages")).to_contain_text("वे छत पर हैं")
    await expect(page.locator("details.act[open] [name=private]")).to_be_checked()
