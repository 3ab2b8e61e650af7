"""Takes the screenshots of the documentation, from separate demos: `python docs/pictures.py` (some minutes).

No test checks the pictures: take them again when a page has changed, and look at them. `python docs/pictures.py desk
FOLDER` takes each state of each page of the desk into a folder, in both languages, on a phone and on a desktop.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.async_api import Browser, FilePayload, Locator, Page, async_playwright, expect

from satark_demo import samples
from satark_testing.processes.service import Service
from satark_testing.waiting import until
from support.form.citizen import SHORT, FormCitizen

IMAGES: Final = Path(__file__).parent / "images"
PHONE: Final = {"width": 360, "height": 740}
DESKTOP: Final = {"width": 1280, "height": 860}
WHAT: Final = "पुरानी मिल के पीछे वाली गली में रोज़ रात को कच्ची शराब बिकती है"
QUESTION: Final = "गाड़ी किस रंग की है, और किस समय आती है?"
SHOWN: Final = """[...document.images].filter(image => image.getBoundingClientRect().top < innerHeight)
    .every(image => image.complete)"""
"""Whether every image in the window is there."""
GAP: Final = 24
"""Pixels between two screenshots."""


def save(name: str, *shots: bytes) -> None:
    """Save screenshots, side by side, as one picture of 256 colours."""
    images = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    size = sum(one.width for one in images) + GAP * (len(images) - 1), max(one.height for one in images)
    sheet = Image.new("RGB", size, "white")
    left = 0
    for one in images:
        sheet.paste(one, (left, 0))
        left += one.width + GAP
    sheet.quantize(256, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
    sys.stdout.write(f"{name}.png {(IMAGES / f'{name}.png').stat().st_size // 1000} kB\n")


# ----------------------------------------------------------------- the simulator


async def received(page: Page, count: int) -> Locator:
    """Wait until the service has sent `count` messages; return the last one."""
    await expect(page.locator(".theirs")).to_have_count(count, timeout=20_000)
    return page.locator(".theirs").last


async def tap(page: Page, count: int, label: str) -> None:
    """Tap a button under message number `count`."""
    await (await received(page, count)).get_by_role("button", name=label, exact=True).click()


async def say(page: Page, count: int, text: str) -> None:
    """Answer message number `count` with a text."""
    await received(page, count)
    await page.locator("#text").fill(text)
    await page.keyboard.press("Enter")


async def whatsapp(page: Page) -> None:
    """Send a tip in Hindi, from "Hi" to the receipt, with a photo."""
    await page.locator(".begin").click()
    await tap(page, 1, "हिन्दी")
    await (await received(page, 2)).locator(".offer").last.click()
    await page.get_by_role("radio", name="अवैध शराब / नशा").check()
    await page.locator("#sheet").get_by_role("button", name="भेजें").click()
    await say(page, 3, WHAT)
    await tap(page, 4, "जगह भेजें")
    await page.get_by_role("button", name="अस्सी घाट").click()
    await tap(page, 5, "नहीं")
    await received(page, 6)
    await page.locator("#attach-button").click()
    await page.locator(".sample").first.click()
    await received(page, 7)
    await page.wait_for_timeout(4_000)  # the photo is examined and cleaned
    save("phone-hi", await page.locator("#device").screenshot())
    await tap(page, 7, "हो गया")
    for count in range(8, 12):
        message = await received(page, count)
        if "गुप्त कोड" in await message.inner_text():
            break
        # The service may ask first whether police may know where the photo was taken.
        label = "नहीं, मिटा दें" if await message.get_by_text("नहीं, मिटा दें").count() else "हाँ, भेज दें"
        await tap(page, count, label)


async def simulator(browser: Browser, url: str) -> None:
    """Take the phone beside the desks, then the phone's other media."""
    page = await (await browser.new_context(locale="hi-IN", viewport=DESKTOP, device_scale_factor=1.5)).new_page()  # type: ignore[arg-type] # a literal's type
    await page.goto(f"{url}/simulator")
    await whatsapp(page)
    await page.locator("#language").click()
    await page.locator("[data-desk=sp] summary").first.click(timeout=20_000)
    await page.locator("[data-desk=dig] summary").first.click()
    await expect(page.locator("[data-desk=dig] img")).to_be_visible()
    await page.wait_for_timeout(1_000)
    await page.evaluate("scrollTo(0, 0)")
    save("simulator", await page.screenshot())
    save("media", *[await medium(page) for medium in (telegram, sms, call)])


async def telegram(page: Page) -> bytes:
    """Take Telegram: the categories as buttons."""
    await page.locator("#medium-telegram").click()
    await page.locator(".begin").click()
    await tap(page, 1, "English")
    await received(page, 2)
    return await page.locator("#device").screenshot()


async def sms(page: Page) -> bytes:
    """Take a thread of text messages."""
    await page.locator("#medium-sms").click()
    for count, text in enumerate(("Hi", "2", "3")):
        await say(page, count, text)
    await received(page, 3)
    return await page.locator("#device").screenshot()


async def call(page: Page) -> bytes:
    """Take the keypad of a call."""
    await page.locator("#medium-voice").click()
    await page.locator("#call").click()
    for count, key in enumerate(("2", "3"), 1):
        await received(page, count)
        await page.keyboard.press(key)
    await received(page, 3)
    shot = await page.locator("#device").screenshot()
    await page.locator("#call-hang-up").click()
    return shot


# ----------------------------------------------------------------- the form and the mailbox


async def form(browser: Browser, url: str) -> tuple[str, str]:
    """Take the form on a phone, while a tip is sent in Hindi; return its number and code."""
    page = await (await browser.new_context(locale="hi-IN", viewport=PHONE, device_scale_factor=1.5)).new_page()  # type: ignore[arg-type] # a literal's type
    on = page.get_by_role("button", name="आगे बढ़ें", exact=True)
    await page.goto(url)
    shots = [await page.screenshot()]
    await page.locator("button[value=hi]").click()
    await page.locator("[value=INTOX]").check()
    await on.click()
    await page.locator("textarea").fill(WHAT)
    shots.append(await page.screenshot())
    await on.click()
    await page.locator("[id='a.place']").fill("अस्सी घाट")
    await on.click()
    await page.locator("[value=no]").check()
    await on.click()
    photo = FilePayload(name="IMG-20261124-WA0007.jpg", mimeType="image/jpeg", buffer=samples.photograph("bottles"))
    await page.locator("#files").set_input_files([photo])
    await expect(page.locator("[data-state=sent]")).to_be_visible(timeout=20_000)
    shots.append(await page.screenshot())
    await on.click()
    await expect(page.locator("dl.answers")).to_be_visible()
    shots.append(await page.screenshot())
    await page.locator("form[action='/send'] button").click()
    origin = page.get_by_role("button", name="नहीं, मिटा दें", exact=True)
    await expect(page.locator(".receipt").or_(origin)).to_be_visible(timeout=60_000)
    if await origin.count():  # the question whether police may know where the photo was taken
        await origin.click()
    receipt = await page.locator(".receipt").inner_text(timeout=60_000)
    shots.append(await page.screenshot())
    save("form", *shots)
    number, code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", receipt), re.search(r"\d{4}( \d{4}){3}", receipt)
    if not number or not code:
        raise AssertionError(receipt)
    return number[0], code[0]


async def others(url: str) -> None:
    """Send three more tips, so that the queue has some."""
    tips = {
        ("ARMS", "They make pistols in the room behind the workshop", "Lanka"): "yes",
        ("MINE", "Lorries take sand from the river at night", "Ramnagar"): "no",
        ("GAMBL", "Satta is taken in the tea shop by the crossing", "Sigra"): "no",
    }

    async def one(category: str, what: str, place: str, danger: str) -> None:
        async with FormCitizen(url, "en") as citizen:
            await citizen.to_review({**SHORT, "category": category, "what": what, "place": place})
            await citizen.follow("Add more details")
            await citizen.follow("Danger")
            await citizen.answer(danger)
            await citizen.press("Send")

    await asyncio.gather(*(one(*words, danger) for words, danger in tips.items()))


async def desktop_form(browser: Browser, url: str) -> None:
    """Take the form with all questions on one page, without JavaScript, with its error messages."""
    page = await (await browser.new_context(locale="en-IN", viewport=DESKTOP, java_script_enabled=False)).new_page()  # type: ignore[arg-type] # a literal's type
    await page.goto(url)
    await page.locator("button[value=en]").click()
    await page.goto(f"{url}/all")
    await page.locator("form[action='/all'] .actions button").click()
    save("form-desktop", await page.screenshot())


async def mailbox(browser: Browser, url: str, code: str) -> None:
    """Take an officer's question, its answer, and the page that says who can know."""
    context: dict[str, Any] = {"viewport": PHONE, "device_scale_factor": 1.5}
    page = await (await browser.new_context(locale="hi-IN", **context)).new_page()
    await page.goto(f"{url}/status?lang=hi")
    await page.locator("#code").fill(code)
    await page.get_by_role("button", name="खोलें", exact=True).click()
    await expect(page.locator(".message")).to_contain_text(QUESTION, timeout=60_000)
    shots = [await page.screenshot()]
    await page.locator("#message").fill("सफ़ेद पिकअप, रात दस बजे के बाद")
    await page.get_by_role("button", name="भेजें", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("पहुँचा दिया गया")
    shots.append(await page.screenshot())
    dark = await (await browser.new_context(locale="en-IN", color_scheme="dark", **context)).new_page()
    await dark.goto(f"{url}/who-can-know?lang=en")
    save("mailbox", *shots, await dark.screenshot())


# ----------------------------------------------------------------- the desk


async def sign_in(browser: Browser, service: Service) -> Page:
    """Sign in at the SP's desk, and view who may read, so that no page reports a change of readers."""
    page = await (await browser.new_context(locale="en-IN", viewport=DESKTOP)).new_page()  # type: ignore[arg-type] # a literal's type
    await page.goto(f"{service.url}/desk/")
    for name, value in (("desk", "sp"), ("officer", "sp"), ("passphrase", passphrase(service))):
        await page.locator(f"[name={name}]").fill(value)
    await page.keyboard.press("Enter")
    await expect(page.locator(".tips")).to_be_visible()
    await page.goto(f"{service.url}/desk/roster")
    await page.goto(f"{service.url}/desk/")
    return page


def passphrase(service: Service) -> str:
    """Return the passphrase of the SP's officer."""
    return (service.folder / "officers" / "sp.txt").read_text().split()[0]


async def tip(page: Page, link: Locator) -> bytes:
    """Open a tip, and take the top of its page."""
    await link.click()
    await expect(page.locator("#answers")).to_be_visible()
    while not await page.evaluate(SHOWN):  # noqa: ASYNC110 - the page tells nobody
        await asyncio.sleep(0.1)
    return await page.screenshot()


async def week(browser: Browser) -> None:
    """Take the SP's queue in the sample week, once a report is overdue, and a tip that is directed to a station."""
    async with demo("--sample-week") as service:
        await until(lambda: "the desks are filled" in service.log.read_text(), every=1)
        page = await sign_in(browser, service)
        while not await page.get_by_text("report was due").count():
            await asyncio.sleep(5)
            await page.reload()
        save("queue", await page.screenshot())
        save("directed", await tip(page, page.locator(".tips li", has_text="Assigned to me").get_by_role("link")))


@asynccontextmanager
async def demo(*options: str) -> AsyncIterator[Service]:
    """Run a demo with these options on an empty data folder."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(sys.executable).with_name("satark"))
        async with Service(
            Path(folder) / "data", {}, [program, "demo", *options, "--data-dir", f"{folder}/data"]
        ) as service:
            yield service


async def visit(browser: Browser) -> None:
    """Take the pages that a visitor of an empty demo sees, from the first message to the officer's question."""
    async with demo() as service:
        await simulator(browser, service.url)
        number, code = await form(browser, service.url)
        await desktop_form(browser, service.url)
        await others(service.url)
        secret = str(service.folder / "officers" / "sp.txt")
        asked = ["--status", "NEED_INFO", "--message", QUESTION, "--passphrase-file", secret]
        await asyncio.to_thread(service.run, "desk", "respond", "sp", number, *asked)
        await mailbox(browser, service.url, code)
        page = await sign_in(browser, service)
        save("desk", await tip(page, page.get_by_role("link", name=number)))


def gallery(folder: Path) -> int:
    """Take every state of the desk's pages: the gallery's tests take them while they review the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    tests = Path(__file__).parents[1] / "tests/sinks/desk/web/gallery"
    taken_to = {**os.environ, "SATARK_PICTURES": str(folder.resolve())}
    # In a process of its own: pytest refuses to rewrite the assertions of a package that is imported already.
    command = [sys.executable, "-m", "pytest", "-q", str(tests)]
    return subprocess.call(command, env=taken_to, cwd=tests.parents[4])  # noqa: S603 - our own tests


async def main() -> None:
    """Take every screenshot, or those of the sample week alone: `python docs/pictures.py week`."""
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream"]
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        for take in (week,) if sys.argv[1:] == ["week"] else (visit, week):
            await take(browser)
        await browser.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["desk"]:
        sys.exit(gallery(Path(sys.argv[2])))
    asyncio.run(main())
