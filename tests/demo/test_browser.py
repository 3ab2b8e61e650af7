"""The simulator works in a real browser: tips on every medium, keyboard use, and accessibility by axe."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.async_api import Browser, FilePayload, Page, expect

from satark_demo import samples

pytestmark = pytest.mark.needs("chromium")

Open = Callable[[Path], Awaitable[Any]]
WHAT = "गली में रोज़ रात को कच्ची शराब बिकती है"
CALL = {"पुलिस को भेज दें": "1", "किस थाने": "1", "पुलिसवाला मिला": "2"}
"""Spoken words → the key to press."""
SMALL = {"width": 360, "height": 740}
LARGE = {"width": 1280, "height": 860}


async def _page(browser: Browser, url: str, errors: list[str], **context: Any) -> Page:
    page = await (await browser.new_context(locale="hi-IN", **context)).new_page()
    page.on("console", lambda said: errors.extend([said.text] if said.type in {"warning", "error"} else []))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(url) else errors.append(request.url))
    await page.goto(f"{url}/simulator")
    return page


async def _answered(page: Page, count: int) -> None:
    await expect(page.locator(".theirs")).to_have_count(count)


async def _tap(page: Page, label: str) -> None:
    await page.locator(".theirs").last.get_by_role("button", name=label, exact=True).click()


async def _begin(page: Page) -> None:
    """Answer every question from "Hi" up to the question for evidence."""
    await page.get_by_role("button", name="शुरू करने के लिए Hi भेजें").click()
    await _answered(page, 1)
    await _tap(page, "हिन्दी")
    await _answered(page, 2)
    await page.locator(".theirs .offer").last.click()
    await page.get_by_role("radio", name="अवैध शराब / नशा").check()
    await page.locator("#sheet").get_by_role("button", name="भेजें").click()
    await _answered(page, 3)
    await page.locator("#text").fill(WHAT)
    await page.keyboard.press("Enter")
    await _answered(page, 4)
    await _tap(page, "जगह भेजें")
    await page.get_by_role("button", name="अस्सी घाट").click()
    await _answered(page, 5)
    await _tap(page, "नहीं")
    await _answered(page, 6)


async def _finish(page: Page) -> str:
    """Attach a photo from the gallery and send the tip; return its number."""
    await page.get_by_role("button", name="फ़ाइल जोड़ें").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="फ़ोटो या वीडियो").click()
    photo = FilePayload(name="IMG.jpg", mimeType="image/jpeg", buffer=samples.photograph("pickup"))
    await (await chooser.value).set_files([photo])
    await _answered(page, 7)
    answers = 7
    labels = ["हो गया", "हाँ, भेज दें"]
    while labels:
        await _tap(page, labels[0])
        answers += 1
        await _answered(page, answers)
        # Once the photo is examined, the service asks about its place: before the review, or after "send".
        if await page.locator(".theirs").last.get_by_role("button", name="नहीं, मिटा दें", exact=True).count():
            await _tap(page, "नहीं, मिटा दें")
            answers += 1
            await _answered(page, answers)
            labels = ["", "हाँ, भेज दें"]
        labels = labels[1:]
    await expect(page.locator(".theirs").last).to_contain_text("गुप्त कोड")
    return await page.locator("[data-desk=sp] .number").inner_text()


async def _officer_sees(browser: Browser, url: str, desk: str, passphrase: str, number: str) -> None:
    page = await (await browser.new_context()).new_page()
    await page.goto(f"{url}/desk/")
    for name, value in (("desk", desk), ("officer", desk), ("passphrase", passphrase)):
        await page.locator(f"[name={name}]").fill(value)
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name=number).first.click()
    await expect(page.locator("body")).to_contain_text(WHAT)
    photo = page.locator("figure img").last
    await expect(photo).to_be_visible()
    assert await photo.evaluate("image => image.decode().then(() => image.naturalWidth)") == 480


async def test_a_whatsapp_tip_in_hindi_reaches_both_desks(chromium: Browser, open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    url, errors = visitor.url.removesuffix("/simulator"), list[str]()
    page = await _page(chromium, url, errors, viewport=LARGE)
    await _begin(page)
    number = await _finish(page)
    for desk in ("sp", "dig"):
        tip = page.locator(f"[data-desk={desk}] details")
        await expect(tip).to_contain_text("फ़ाइलें: 1")
        await tip.locator("summary").click()
        await expect(tip).to_contain_text(WHAT)
        await expect(tip).to_contain_text("मेटाडेटा: कोई नहीं")
        assert await tip.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 960
        passphrase = (tmp_path / "d" / "officers" / f"{desk}.txt").read_text().strip()
        await _officer_sees(chromium, url, desk, passphrase, number)
    assert errors == []


async def _by_telegram(page: Page) -> None:
    await page.get_by_role("button", name="Telegram").click()
    await page.get_by_role("button", name="शुरू करें").click()
    for number, label in enumerate(("हिन्दी", "अवैध शराब / नशा"), 1):
        await _answered(page, number)
        await page.locator("#log").get_by_role("button", name=label).click()
    await _answered(page, 3)
    await page.locator("#text").fill(WHAT)
    await page.keyboard.press("Enter")
    await _answered(page, 4)
    await page.locator("#text").fill("लंका")
    await page.keyboard.press("Enter")
    await _answered(page, 5)
    for number, label in enumerate(("नहीं", "छोड़ें", "हाँ, भेज दें"), 6):
        await page.locator(".theirs").last.get_by_role("button", name=label, exact=True).click()
        await _answered(page, number)
    await expect(page.locator(".theirs").last).to_contain_text("गुप्त कोड")


async def _by_text_message(page: Page) -> None:
    await page.get_by_role("button", name="SMS").click()
    for number, text in enumerate(("Hi", "1", "3", WHAT, "लंका", "2", "छोड़ें", "भेजें")):
        await _answered(page, number)
        await page.locator("#text").fill(text)
        await page.keyboard.press("Enter")
    await expect(page.locator(".theirs", has_text="कोड:")).to_be_visible()


async def _by_call(page: Page) -> None:
    """Call, press keys on the page and on the keyboard, speak into the microphone and play the sample clip."""
    await page.get_by_role("button", name="कॉल", exact=True).click()
    await page.get_by_role("button", name="कॉल करें").click()
    await _answered(page, 1)
    await page.get_by_role("button", name="1", exact=True).click()
    await _answered(page, 2)
    await page.keyboard.press("3")
    await _answered(page, 3)
    await page.get_by_role("button", name="बोलें").click()
    await page.wait_for_timeout(1500)  # a recorder that is stopped at once has recorded nothing
    await page.get_by_role("button", name="पूरा हुआ").click()
    await _answered(page, 4)
    await page.get_by_role("button", name="नमूना चलाएँ").click()
    await _answered(page, 5)
    for number in range(6, 20):
        spoken = await page.locator(".theirs").last.inner_text()
        if "गुप्त कोड" in spoken:
            break
        await page.keyboard.press(next((key for asked, key in CALL.items() if asked in spoken), "8"))
        await _answered(page, number)
    await expect(page.get_by_role("button", name="कॉल करें")).to_be_visible()


@pytest.mark.full("a browser, on every medium")
async def test_a_tip_by_each_other_medium_reaches_the_queues(
    chromium: Browser, open_demo: Open, tmp_path: Path
) -> None:
    visitor = await open_demo(tmp_path / "d")
    errors = list[str]()
    url = visitor.url.removesuffix("/simulator")
    page = await _page(chromium, url, errors, viewport=SMALL, permissions=["microphone"])
    for number, file_tip in enumerate((_by_telegram, _by_text_message, _by_call), 1):
        await file_tip(page)
        for desk in ("sp", "dig"):
            await expect(page.locator(f"[data-desk={desk}] .number")).to_have_count(number)
    assert errors == []


@pytest.mark.full("axe on every page")
async def test_axe_finds_no_accessibility_fault(chromium: Browser, open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("bottles"))
    url = visitor.url.removesuffix("/simulator")
    for viewport, scheme in itertools.product((SMALL, LARGE), ("light", "dark")):
        await _examine(chromium, url, viewport, scheme)
    for viewport, scheme in ((SMALL, "dark"), (LARGE, "light")):
        await _examine_media(chromium, url, viewport, scheme)


async def _examine(chromium: Browser, url: str, viewport: dict[str, int], scheme: str) -> None:
    page = await _page(
        chromium, url, [], viewport=viewport, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    await page.locator("[data-desk=sp] summary").click()
    await page.locator("#police summary").click()
    await page.locator("#reading-list summary").click()
    await page.locator("#reading-lines").fill("they will kill me\nreview | mat bhejo")
    await page.locator("#reading-form button").click()
    await page.locator("#readings-of-list .danger").wait_for()
    await expect(page.locator("#readings-of-list li")).to_have_count(2)
    await _axe(page)
    assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    await page.locator("#attach-button").click()
    await page.locator("#sheet").evaluate("sheet => Promise.all(sheet.getAnimations().map(one => one.finished))")
    await _axe(page)


async def _examine_media(chromium: Browser, url: str, viewport: dict[str, int], scheme: str) -> None:
    page = await _page(
        chromium, url, [], viewport=viewport, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    for medium, begin in (("telegram", ".begin"), ("sms", ".begin"), ("voice", "#call")):
        await page.locator(f"#medium-{medium}").click()
        if await page.locator(begin).count():
            await page.locator(begin).click()
        await page.locator(".theirs").first.wait_for()
        await _axe(page)
        assert await page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    await page.locator("#call-hang-up").click()
    await page.locator("#call").wait_for()


async def _axe(page: Page) -> None:
    found = (await Axe().run(page)).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []


@pytest.mark.full("a browser")
async def test_the_page_shows_the_police_systems_events_and_sends_its_answers(
    chromium: Browser, open_demo: Open, tmp_path: Path
) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("bottles"))
    url, errors = visitor.url.removesuffix("/simulator"), list[str]()
    page = await _page(chromium, url, errors, viewport=SMALL)
    event = page.locator(
        "#police .event"
    ).last  # the newest stands first, and the photo is cleaned after the tip was sent
    await event.get_by_text("जैसा संदेश मिला").click()
    await expect(event.locator("pre")).to_contain_text('"type": "satark.tip.submitted"')
    await event.get_by_role("button", name="कार्रवाई हुई").click()
    await expect(page.locator("#police [aria-pressed=true]")).to_have_count(1)
    await expect(page.locator("[data-desk=sp] .status")).to_have_class("status ACTED")
    await expect(event.locator("pre")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == SMALL["width"]
    assert errors == []


async def test_the_simulator_works_by_keyboard(chromium: Browser, open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    page = await _page(chromium, visitor.url.removesuffix("/simulator"), [], viewport=SMALL)
    await page.locator("#text").focus()
    await page.keyboard.type("Hi")
    await page.keyboard.press("Enter")
    await _answered(page, 1)
    await page.locator("#log").get_by_role("button", name="English").focus()
    await page.keyboard.press("Enter")
    await _answered(page, 2)
    await page.locator(".theirs .offer").last.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#sheet input").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#sheet")).to_be_hidden()
    await expect(page.locator(".theirs .offer").last).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await _answered(page, 3)
    await expect(page.locator(".mine").last).to_contain_text("Illegal liquor / drugs")


async def test_a_message_is_edited_and_deleted_on_the_page(chromium: Browser, open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    page = await _page(chromium, visitor.url.removesuffix("/simulator"), [], viewport=LARGE)
    await page.get_by_role("button", name="फ़ोन 2").click()
    await page.locator("#text").fill("*नमस्ते*")
    await page.keyboard.press("Enter")
    await _answered(page, 1)
    await expect(page.locator(".mine strong")).to_have_text("नमस्ते")
    await page.locator(".mine .bubble").click(button="right")
    await page.get_by_role("button", name="बदलें", exact=True).click()
    await page.locator("#sheet textarea").fill("नमस्कार")
    await page.get_by_role("button", name="सहेजें").click()
    await expect(page.locator(".mine")).to_contain_text("बदला गया")
    await page.locator(".mine .menu").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="सबके लिए मिटाएँ").click()
    await expect(page.locator(".mine")).to_contain_text("आपने यह संदेश मिटा दिया")


@pytest.mark.full("a browser")
async def test_a_voice_note_is_recorded_and_arrives(chromium: Browser, open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    page = await _page(chromium, visitor.url.removesuffix("/simulator"), [], viewport=SMALL, permissions=["microphone"])
    await page.locator("#text").fill("Hi")
    await page.keyboard.press("Enter")
    await _answered(page, 1)
    await page.get_by_role("button", name="वॉइस संदेश रिकॉर्ड करें").click()
    await page.wait_for_timeout(1500)  # a recorder that is stopped at once has recorded nothing
    await page.get_by_role("button", name="रोकें और भेजें").click()
    await _answered(page, 2)
    await expect(page.locator(".mine audio")).to_be_visible()
    [voice] = [message for message in visitor.messages.values() if message.get("kind") == "voice"]
    status, sound = await visitor.fetch(f"/phones/1/whatsapp/files/{voice['id']}")
    assert (status, len(sound) > 100) == (200, True)


@pytest.mark.full("a browser")
async def test_hanging_up_during_a_recording_sends_it_and_the_next_call_begins_anew(
    chromium: Browser, open_demo: Open, tmp_path: Path
) -> None:
    visitor = await open_demo(tmp_path / "d")
    errors = list[str]()
    url = visitor.url.removesuffix("/simulator")
    page = await _page(chromium, url, errors, viewport=SMALL, permissions=["microphone"])
    await page.locator("#medium-voice").click()
    await page.locator("#call").click()
    for key, question in (("2", "What is this about"), ("3", "What is happening")):
        await page.locator(f"#key-{key}").click()
        await expect(page.locator("#log")).to_contain_text(question)
    await page.locator("#call-speak").click()
    await expect(page.locator("#presence")).to_contain_text("रिकॉर्ड हो रहा है")
    await expect(page.locator("#key-1")).to_be_disabled()
    await page.wait_for_timeout(1500)  # records something
    await page.locator("#call-hang-up").click()
    await page.locator("#call").click()
    for key, question in (("2", "What is this about"), ("3", "What is happening")):
        await page.locator(f"#key-{key}").click()
        await expect(page.locator("#log")).to_contain_text(question)
    await expect(page.locator("#log")).not_to_contain_text("unfinished report")
    await page.locator("#call-silence").click()
    await expect(page.locator("#presence")).to_have_text("बीप के बाद बोलें")
    assert errors == []
