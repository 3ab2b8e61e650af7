"""The desk in a real browser: an officer's work, with and without JavaScript, and accessibility (axe)."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from PIL import Image
from playwright.async_api import Browser, Page, expect

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.wordings import Wording, save
from satark_testing.waiting import limit
from support.tips import SeededTip, erase, seed_file, seed_file_state, seed_message, seed_tip

pytestmark = pytest.mark.needs("chromium")

FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


@pytest.fixture
def seeded(services: Services, desk: FindDesk) -> SeededTip:
    """A tip with a photo and everything that a tip's page can show. It is the newest tip of a queue of two pages."""
    for day in range(1, 8):
        seed_tip(services, [desk("sp")], category="ARMS", received=f"2026-11-{day:02}T06/PT6H", priority="high")
    seeded = seed_tip(
        services,
        [desk("sp")],
        category="INTOX",
        priority="urgent",
        answers={"what": "नशे का सामान <script>alert(1)</script>", "place": {"text": "लंका"}},
        evidence=("1", "2", "3"),
    )
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "#a63").save(picture, "JPEG")
    seed_file(services, seeded, "1", picture.getvalue(), picture.getvalue(), caption="दुकान")
    seed_file_state(services, seeded, "2", "due")
    seed_file_state(services, seeded, "3", "lost")
    seed_message(services, seeded, Message(sender="tipster", text="रात को", band="2026-11-24T06/PT6H"))
    return seeded


@pytest.fixture
def wording(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> str:
    """The text of a wording of the desk."""
    new = Wording(language="en", name="when", text="When does it happen?")
    save(services, unlocked("sp"), new)
    return new.text


async def sign_in(browser: Browser, address: str, problems: list[str], **context: Any) -> Page:
    page = await (await browser.new_context(**context)).new_page()
    page.on("console", lambda said: problems.extend([said.text] if said.type in {"warning", "error"} else []))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith((address, "data:")) else problems.append(request.url),
    )
    await page.goto(f"{address}/")
    for name, value in (("desk", "sp"), ("officer", "sp-1"), ("passphrase", "sp passphrase 1")):
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main button").click()
    await expect(page.locator(".tips")).to_be_visible()
    return page


async def press(page: Page, key: str) -> None:
    await page.wait_for_load_state()
    await page.keyboard.press(key)


@pytest.mark.parametrize("javascript", [True, False])
async def test_an_officer_opens_a_tip_answers_it_and_directs_it(
    javascript: bool,  # noqa: FBT001 - pytest's
    chromium: Browser,
    address: str,
    seeded: SeededTip,
    casework: Cases,
) -> None:
    problems: list[str] = []
    page = await sign_in(chromium, address, problems, locale="en-IN", java_script_enabled=javascript)
    await page.locator(".tips a").first.click()
    await expect(page.locator("h1")).to_contain_text(seeded.number)
    photo = page.locator(".files img")
    await photo.scroll_into_view_if_needed()
    async with limit():
        while (box := await photo.bounding_box()) is None or box["width"] < 64:  # noqa: ASYNC110 - it is being loaded
            await asyncio.sleep(0.05)

    await page.get_by_text("Set the status").click()
    await page.locator("details[open] select").select_option("ACTION")
    await page.locator("details[open] textarea").fill("जाँच हो रही है")
    await page.locator("details[open] button").click()
    await expect(page.locator("blockquote")).to_contain_text("जाँच हो रही है")
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator(".notice.good")).to_have_text("The status is set.")

    await page.get_by_text("Direct to a station or desk").click()
    await page.locator("details[open] select").select_option("lanka")
    await page.locator("details[open] [name=text]").fill("आज रात")
    await page.locator("details[open] button").click()
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator(".notice.good")).to_have_text("The tip is directed.")

    assert casework("sp").open(seeded.number).status == "ACTION"
    assert casework("lanka").open(seeded.number).thread[-1].message.text.endswith("आज रात")
    await page.get_by_text("Sign out").click()
    await expect(page.locator("h1")).to_have_text("Sign in")
    await page.goto(f"{address}/tips/{seeded.number}")
    await expect(page.locator("h1")).to_have_text("Sign in")
    assert problems == []


async def test_the_queue_can_be_worked_by_keyboard(chromium: Browser, address: str, seeded: SeededTip) -> None:
    problems: list[str] = []
    page = await sign_in(chromium, address, problems, locale="en-IN")
    for key in ("j", "j", "k", "Enter"):
        await press(page, key)
    await expect(page.locator("h1")).to_contain_text(seeded.number)
    await press(page, "j")
    await expect(page.locator("h1")).not_to_contain_text(seeded.number)
    await press(page, "k")
    await expect(page.locator("h1")).to_contain_text(seeded.number)
    await press(page, "o")
    await page.keyboard.type("seen")
    await press(page, "Tab")
    await press(page, "Enter")
    await expect(page.locator("blockquote")).to_have_text("seen")
    await expect(page.get_by_role("button", name="Confirm")).to_be_focused()
    await press(page, "Enter")
    await expect(page.locator(".notice.good")).to_have_text("The note is added.")
    await page.go_back()
    await expect(page.locator("h1")).to_contain_text(seeded.number)
    await press(page, "u")
    await expect(page.locator(".tips")).to_be_visible()
    await press(page, "/")
    await page.keyboard.type(seeded.number)
    await press(page, "Enter")
    await expect(page.locator(".tips a")).to_have_count(1)
    assert problems == []


async def test_who_goes_on_at_once_in_a_form_that_a_key_opened_is_not_taken_back(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, [])
    await page.goto(f"{address}/tips/{seeded.number}")
    form = await page.evaluate("""async () => {
        document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "o", bubbles: true, cancelable: true}));
        const field = document.activeElement;
        field.form.querySelector("button:not([data-wording])").focus();
        await new Promise((resolve) => setTimeout(resolve, 50));
        return [field.name, document.activeElement.tagName];
    }""")
    assert form == ["text", "BUTTON"]


async def test_a_new_tip_appears_by_itself(
    chromium: Browser, address: str, seeded: SeededTip, services: Services, desk: FindDesk
) -> None:
    problems: list[str] = []
    page = await sign_in(chromium, address, problems, locale="en-IN")
    counted = int(await page.locator("[aria-current] b").inner_text())
    other = seed_tip(services, [desk("sp")], priority="urgent", received="2026-11-23T12/PT6H")
    await page.evaluate("htmx.trigger('#queue', 'refresh')")
    await expect(page.locator(".tips a").first).to_contain_text(other.number)
    await expect(page.locator("[aria-current] b")).to_have_text(f"{counted + 1}")
    assert problems == []


async def test_an_open_tip_shows_a_new_message_by_itself_and_an_urgent_tip_is_heard(
    chromium: Browser, address: str, seeded: SeededTip, services: Services, desk: FindDesk
) -> None:
    problems: list[str] = []
    page = await sign_in(chromium, address, problems, locale="en-IN")
    await page.add_init_script("Audio = class { async play() { document.documentElement.dataset.rung = ''; } };")
    await page.goto(f"{address}/tips/{seeded.number}")
    await page.locator("summary", has_text="Add a note").click()
    await page.locator("details[open] textarea").fill("half a note")
    seed_message(services, seeded, Message(sender="tipster", text="वे छत पर चाकू लिए हैं"))
    await expect(page.locator("#messages")).to_contain_text("वे छत पर चाकू लिए हैं")
    await expect(page.locator("details[open] textarea")).to_have_value("half a note")
    seed_tip(services, [desk("sp")], priority="urgent")
    await expect(page.locator("[data-rung]")).to_have_count(1)
    assert problems == []


@pytest.mark.parametrize("race", ["erased", "network"])
async def test_an_open_tip_disappears_once_erased_and_catches_up_after_a_network_failure(
    race: str, chromium: Browser, address: str, seeded: SeededTip, services: Services
) -> None:
    page = await sign_in(chromium, address, [], locale="en-IN")
    await page.goto(f"{address}/tips/{seeded.number}")
    await expect(page.locator("#messages")).to_contain_text("रात को")
    if race == "erased":
        services.write_now(lambda unit: erase(unit, seeded.id))
        await expect(page.locator("main")).not_to_contain_text("रात को")
    else:
        await page.context.set_offline(True)
        seed_message(services, seeded, Message(sender="tipster", text="वे छत पर हैं"))
        async with page.expect_event("requestfailed"):
            pass
        await page.context.set_offline(False)
        await expect(page.locator("#messages")).to_contain_text("वे छत पर हैं")


async def test_a_refresh_changes_neither_focus_nor_typed_text(
    chromium: Browser, address: str, seeded: SeededTip, services: Services, desk: FindDesk
) -> None:
    page = await sign_in(chromium, address, [], locale="en-IN")
    await press(page, "/")
    await page.keyboard.type("half a wo")
    for _ in range(2):
        seed_tip(services, [desk("sp")])
        async with page.expect_response("**page=1&poll=1"):
            await page.evaluate("htmx.trigger('#queue', 'refresh')")
    await expect(page.locator("[data-search]")).to_be_focused()
    await page.keyboard.type("rd")
    await expect(page.locator("[data-search]")).to_have_value("half a word")
    row = page.locator(f"#tip-{seeded.number}")
    await row.focus()
    later = seed_tip(services, [desk("sp")], priority="urgent", received="2026-11-25T12/PT6H")
    await page.evaluate("htmx.trigger('#queue', 'refresh')")
    await expect(page.locator(f"#tip-{later.number}")).to_be_visible()
    await expect(row).to_be_focused()


async def test_one_key_opens_the_first_unread_tip(chromium: Browser, address: str, seeded: SeededTip) -> None:
    page = await sign_in(chromium, address, [], locale="en-IN")
    first = await page.locator(".tips .number").first.inner_text()
    await press(page, "n")
    await expect(page.locator("h1")).to_contain_text(first)


@pytest.mark.full("a browser")
@pytest.mark.parametrize("javascript", [True, False])
async def test_a_picked_wording_is_put_into_the_form_after_the_typed_text(
    javascript: bool,  # noqa: FBT001 - pytest's
    chromium: Browser,
    address: str,
    seeded: SeededTip,
    wording: str,
) -> None:
    problems: list[str] = []
    page = await sign_in(chromium, address, problems, locale="en-IN", java_script_enabled=javascript)
    await page.goto(f"{address}/tips/{seeded.number}")
    await page.get_by_text("Ask a question").click()
    form = page.locator("details.act[open]")
    if javascript:
        await form.locator("textarea").fill("Thank you.")
    await form.get_by_text("Pick a wording").click()
    await form.get_by_role("link", name="when").click()
    await expect(form.locator("textarea")).to_have_value(f"Thank you.\n{wording}" if javascript else wording)
    assert problems == []


@pytest.mark.full("axe on every page")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [(360, "hi-IN"), (360, "en-IN"), (1280, "en-IN")], ids=["hindi", "phone", "desktop"])
async def test_no_page_has_accessibility_violations_or_scrolls_sideways(
    chromium: Browser, address: str, seeded: SeededTip, scheme: str, screen: tuple[int, str]
) -> None:
    problems: list[str] = []
    width, locale = screen
    viewport = {"width": width, "height": 800}
    page = await sign_in(
        chromium, address, problems, locale=locale, viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    )
    violations = {}
    oversight = ("/audit", "/figures", "/retention", f"/retention/{seeded.number}")
    people = ("/handover", "/wordings", "/help")
    for path in ("/", "/?q=x&status=CLOSED", f"/tips/{seeded.number}", *oversight, *people, "/tips/none", "/sign-in"):
        await page.goto(address + path)
        for details in await page.locator("details").all():
            await details.evaluate("element => { element.removeAttribute('name'); element.open = true; }")
        found = (await Axe().run(page)).response["violations"]
        violations[path] = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    await page.goto(f"{address}/tips/{seeded.number}")
    await page.locator("details.act:has(form[action$='/note']) summary").click()
    await page.locator("details[open] textarea").fill("x")
    await page.locator("details[open] button").click()
    await expect(page.locator("blockquote")).to_be_visible()
    violations["confirm"] = (await Axe().run(page)).response["violations"]
    assert not any(violations.values()), violations


async def test_a_list_with_ticked_tips_shows_a_new_tip_and_keeps_the_ticks(
    chromium: Browser, address: str, seeded: SeededTip, services: Services, desk: FindDesk
) -> None:
    problems: list[str] = []
    page = await sign_in(chromium, address, problems)
    box = page.locator(f"#choose-{seeded.number}")
    read = await box.input_value()
    await box.check()
    await box.focus()
    new = seed_tip(services, [desk("sp")], priority="urgent", received="2026-11-25T12/PT6H")
    await expect(page.locator(f"#tip-{new.number}")).to_be_visible()
    seed_message(services, seeded, Message(sender="tipster", text="वे छत पर हैं"))
    await expect(page.locator(f"li:has(#tip-{seeded.number}) .chip.new")).to_be_visible()
    await expect(box).to_be_checked()
    await expect(box).to_be_focused()
    assert await box.input_value() == read, "its officer has not read the message yet"
    assert await page.locator("[data-choose]:checked").count() == 1
    assert problems == []


@pytest.mark.parametrize(("locale", "nothing"), [("en-IN", "Nothing was sent"), ("hi-IN", "कुछ नहीं भेजा गया")])
async def test_a_form_stays_with_its_text_until_the_desk_can_be_reached(
    *, locale: str, nothing: str, chromium: Browser, address: str, seeded: SeededTip, casework: Cases
) -> None:
    page = await sign_in(chromium, address, [], locale=locale)
    await page.goto(f"{address}/tips/{seeded.number}")
    await page.locator("[data-act=note]").click()
    form = page.locator("details.act[open]")
    await page.context.set_offline(True)
    await form.locator("textarea").fill("on the roof since six")
    await form.locator("form button").last.click()
    network = page.locator("#network")
    await expect(network).to_contain_text(nothing)
    await expect(form.locator("textarea")).to_have_value("on the roof since six")
    await page.context.set_offline(False)
    await expect(network).to_be_empty()
    await form.locator("form button").last.click()
    await expect(page.locator("blockquote")).to_contain_text("on the roof since six")
    await page.context.set_offline(True)
    await page.locator("[name=confirmed]").click()
    await expect(network).to_contain_text(nothing)
    await page.context.set_offline(False)
    await page.locator("[name=confirmed]").click()
    await expect(page.locator("main .notice.good")).to_be_visible()
    assert [one.message.text for one in casework("sp").open(seeded.number).thread][-1:] == ["on the roof since six"]


async def test_an_open_page_says_that_the_desk_can_not_be_reached(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, [], locale="en-IN")
    for path in ("", f"tips/{seeded.number}"):
        await page.goto(f"{address}/{path}")
        await expect(page.locator("#network")).to_be_empty()
        await page.context.set_offline(True)
        await expect(page.locator("#network")).to_contain_text("No connection to the desk")
        await page.context.set_offline(False)
        await expect(page.locator("#network")).to_be_empty()


async def test_a_form_stays_with_its_text_while_a_proxy_answers_for_the_desk(
    chromium: Browser, address: str, seeded: SeededTip
) -> None:
    page = await sign_in(chromium, address, [], locale="en-IN")
    await page.goto(f"{address}/tips/{seeded.number}")
    await page.locator("[data-act=note]").click()
    form = page.locator("details.act[open]")
    await form.locator("textarea").fill("on the roof since six")
    await page.route("**/static/desk.js", lambda route: route.fulfill(status=502))
    await form.locator("form button").last.click()
    await expect(page.locator("#network")).to_contain_text("Nothing was sent")
    await expect(form.locator("textarea")).to_have_value("on the roof since six")
    await page.unroute("**/static/desk.js")
    await form.locator("form button").last.dblclick()
    await expect(page.locator("blockquote")).to_contain_text("on the roof since six")
