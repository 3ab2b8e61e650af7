"""The form and the mailbox in a real browser: phone and desktop, Hindi and English, with JavaScript and without."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, FilePayload, Page, expect

from satark.testing.form.citizen import FormCitizen
from satark.testing.form.service import FormService

pytestmark = pytest.mark.needs("chromium")

PHONE = {"width": 360, "height": 740}
NARROW = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 860}
WORDS = {
    "hi": {"on": "आगे बढ़ें", "send": "भेजें", "open": "खोलें", "told": "स्कूल के पीछे रोज़ रात को कच्ची शराब बिकती है"},
    "en": {"on": "Continue", "send": "Send", "open": "Open", "told": "They sell liquor behind the school every night"},
}
QUESTION = {"hi": "गाड़ी का रंग क्या था?", "en": "What colour was the car?"}
VOICE = FilePayload(name="PTT-20261124-WA0007.ogg", mimeType="audio/ogg", buffer=b"OggS\0 a voice")


class Phone:
    """One browser of one person, and everything that it complained of or asked others for."""

    def __init__(self, context: BrowserContext, page: Page, url: str, language: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.words = WORDS[language]
        self.language = language
        self.complaints: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(url) else self.complaints.append(r.url))

    def _said(self, message: ConsoleMessage) -> None:
        """Keep what the browser says, except that it did what `Clear-Site-Data` asks: that is no complaint."""
        obeyed = f"Clear-Site-Data header on '{self.url}/close': Cleared data types: \"cache\"."
        if (message.type, message.text) != ("info", obeyed):
            self.complaints.append(message.text)

    async def on(self) -> None:
        """Press the button that leads on."""
        await self.page.get_by_role("button", name=self.words["on"], exact=True).click()

    async def begin(self) -> None:
        """Choose the language."""
        await self.page.goto(f"{self.url}/")
        await self.page.locator(f"button[value={self.language}]").click()

    async def to_evidence(self, voice: FilePayload | None = None) -> None:
        """Answer up to the files."""
        await self.begin()
        await self.page.locator("[value=INTOX]").check()
        await self.on()
        await self.page.locator("textarea").fill(self.words["told"])
        if voice:
            await self.page.locator("#files").set_input_files(voice)
        await self.on()
        await self.page.locator("[id='a.place']").fill("Assi ghat")
        await self.on()
        await self.page.locator("[value=no]").check()
        await self.on()

    async def to_review(self) -> None:
        """Answer everything."""
        await self.to_evidence()
        await self.on()
        await expect(self.page.locator("dl.answers")).to_be_visible()

    async def back_to_nothing_of(self, *words: str) -> None:
        """Go back, and see none of these. A browser that would have to send a form again shows a page of its own."""
        with suppress(Error):
            await self.page.go_back()
        for word in words:
            await expect(self.page.locator("html")).not_to_contain_text(word)

    async def send(self) -> tuple[str, str]:
        """Hand it in; give the number and the code."""
        await self.page.locator("form[action='/send'] button").click()
        receipt = await self.page.locator(".receipt").inner_text()
        number, code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", receipt), re.search(r"\d{4}( \d{4}){3}", receipt)
        assert number
        assert code
        return number[0], code[0]

    async def open_mailbox(self, code: str) -> None:
        """Enter the code."""
        await self.page.goto(f"{self.url}/status?lang={self.language}")
        await self.page.locator("#code").fill(code)
        await self.page.get_by_role("button", name=self.words["open"], exact=True).click()


@pytest.fixture
async def phone(chromium: Browser, served: FormService) -> AsyncIterator[Callable[..., Any]]:
    """Open browsers: language and, by name, what a context takes."""
    opened: list[BrowserContext] = []

    async def open_(language: str = "en", **context: Any) -> Phone:
        options = {"viewport": PHONE, "locale": f"{language}-IN", **context}
        opened.append(await chromium.new_context(**options))
        return Phone(opened[-1], await opened[-1].new_page(), served.url, language)

    yield open_
    for context in opened:
        await context.close()


ONES: dict[str, dict[str, Any]] = {
    "a Hindi phone without JavaScript": {"language": "hi", "java_script_enabled": False},
    "a Hindi phone": {"language": "hi"},
    "an English desktop without JavaScript": {"viewport": DESKTOP, "java_script_enabled": False},
    "an English desktop": {"viewport": DESKTOP},
}


@pytest.mark.parametrize("whose", ONES)
async def test_a_tip_with_photos_and_a_voice_a_receipt_a_question_and_its_answer(
    phone: Any, served: FormService, jpeg: bytes, whose: str
) -> None:
    somebody: Phone = await phone(**ONES[whose])
    question = QUESTION[somebody.language]
    await somebody.to_evidence(VOICE)
    page = somebody.page
    photos = [FilePayload(name=f"IMG-{n}.jpg", mimeType="image/jpeg", buffer=jpeg) for n in range(2)]
    await page.locator("#files").set_input_files(photos)
    await somebody.on()
    await expect(page.locator("dl.answers")).to_contain_text(somebody.words["told"])
    number, code = await somebody.send()
    tip = await served.tip(number)
    assert [record.role for record in tip.records] == ["what", "evidence", "evidence"]
    await page.locator("form[action='/close'] button").click()
    await asyncio.to_thread(served.desks["sp"].respond, tip, status="NEED_INFO", text=question, question=True)
    await somebody.open_mailbox(code)
    await expect(page.locator(".message")).to_contain_text(question)
    await page.locator("#message").fill("White / सफ़ेद")
    await page.get_by_role("button", name=somebody.words["send"], exact=True).click()
    await expect(page.locator(".said")).to_be_visible()
    answered = await served.tip(number)
    assert [posted.message.text for posted in answered.thread] == [question, "White / सफ़ेद"]
    assert code.replace(" ", "") not in page.url
    assert somebody.complaints == []


PAGES = ("/", "/form/1", "/form/2", "/form/3", "/form/5", "/all", "/details", "/details/2", "/review", "/erase")
READ = ("/status?lang=hi", "/who-can-know?lang=hi", "/who-can-know?lang=en", "/nowhere")


@pytest.mark.parametrize(("language", "scheme"), [("hi", "light"), ("en", "dark")])
async def test_axe_finds_nothing_on_any_page_in_any_state(
    phone: Any, served: FormService, jpeg: bytes, language: str, scheme: str
) -> None:
    somebody: Phone = await phone(language, viewport=NARROW, color_scheme=scheme, bypass_csp=True)
    page = somebody.page
    await somebody.begin()
    await somebody.on()
    await expect(page.locator("#summary")).to_be_focused()
    await _examine(page)
    await page.goto(f"{somebody.url}/all")
    await somebody.on()
    await expect(page.locator("#summary")).to_be_focused()
    await _examine(page)
    await somebody.to_evidence(VOICE)
    await page.locator("#files").set_input_files(FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=jpeg))
    await page.locator("[name=stay]").click()
    await expect(page.locator(".kept")).to_be_visible()
    await _examine(page)
    await somebody.on()
    await expect(page.locator("dl.answers")).to_be_visible()
    for path in (*PAGES, *READ):
        await page.goto(f"{somebody.url}{path}")
        await _examine(page)
    await page.goto(f"{somebody.url}/review")
    number, code = await somebody.send()
    await _examine(page)
    tip = await served.tip(number)
    await asyncio.to_thread(served.desks["sp"].respond, tip, status="NEED_INFO", text="?", question=True)
    await somebody.open_mailbox("1234")
    await expect(page.locator("#code-problem")).to_be_visible()
    await _examine(page)
    await somebody.open_mailbox(code)
    await expect(page.locator(".state")).to_be_visible()
    await _examine(page)
    await page.get_by_role("button", name=somebody.words["send"], exact=True).click()
    await expect(page.locator("#summary")).to_be_focused()
    await _examine(page)


@pytest.mark.parametrize(("language", "scheme"), [("hi", "dark"), ("en", "light")])
async def test_axe_finds_nothing_where_a_photo_is_asked_about_and_at_the_end(
    phone: Any, located: FormCitizen, language: str, scheme: str
) -> None:
    somebody: Phone = await phone(language, viewport=NARROW, color_scheme=scheme, bypass_csp=True)
    page = somebody.page
    cookies = [{"name": name, "value": value, "url": somebody.url} for name, value in located.cookies.items()]
    await somebody.context.add_cookies(cookies)  # type: ignore[arg-type] # a TypedDict's own type
    await page.goto(f"{somebody.url}/review")
    await page.locator("form[action='/send'] button").click()
    await expect(page.locator("form[action='/origin']")).to_be_visible()
    await _examine(page)
    await page.locator("form[action='/origin'] button").first.click()
    await expect(page.locator(".receipt")).to_be_visible()
    await page.goto(f"{somebody.url}/")
    await _examine(page)
    await page.locator("form[action='/close'] button").click()
    await expect(page.locator("main .button")).to_be_visible()
    await _examine(page)


async def _examine(page: Page) -> None:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = (await Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == [], page.url
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320, page.url


async def test_it_is_filled_in_by_keys_alone(phone: Any) -> None:
    somebody: Phone = await phone(viewport=DESKTOP)
    page, keys = somebody.page, somebody.page.keyboard
    await page.goto(f"{somebody.url}/")
    await page.locator("button[value=en]").focus()
    await keys.press("Enter")
    await expect(page.locator("h1")).to_contain_text("What is this about?")
    await page.locator("[value=COW]").focus()
    await keys.press("ArrowDown")
    await expect(page.locator("[value=INTOX]")).to_be_checked()
    await keys.press("Enter")
    await expect(page.locator("textarea")).to_be_visible()
    await page.locator("textarea").focus()
    await keys.type("They sell liquor here")
    recorder = page.get_by_role("button", name="Record a voice message here")
    await expect(recorder).to_be_visible()  # JavaScript adds it to the order
    for stop in (recorder, page.locator("#files"), page.get_by_role("button", name="Continue")):
        await keys.press("Tab")
        await expect(stop).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator("h1")).to_contain_text("Where is it?")
    await keys.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()


async def test_the_way_out_stays_in_sight_and_covers_no_focus(phone: Any) -> None:
    somebody: Phone = await phone("hi", viewport=NARROW)
    page = somebody.page
    await somebody.to_review()
    await page.goto(f"{somebody.url}/all")
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(page.locator(".leave")).to_be_in_viewport()
    bar = await page.locator(".bar").evaluate("bar => bar.getBoundingClientRect().bottom")
    await page.locator("footer a").last.focus()
    hidden = []
    for _ in range(14):
        await page.keyboard.press("Shift+Tab")
        hidden += await page.evaluate(
            """bar => [document.activeElement].filter((one) => one.matches("main *, footer *"))
            .filter((one) => one.getBoundingClientRect().top < bar).map((one) => one.outerHTML.slice(0, 80))""",
            bar,
        )
    assert hidden == []


async def test_an_answer_is_chosen_by_its_explanation_too(phone: Any) -> None:
    somebody: Phone = await phone()
    await somebody.begin()
    await somebody.page.get_by_text("Illegal transport or slaughter of cattle").click(force=True)
    await expect(somebody.page.locator("[value=COW]")).to_be_checked()


async def test_at_twice_the_size_nothing_is_cut_off(phone: Any) -> None:
    somebody: Phone = await phone("hi", viewport={"width": 640, "height": 800})
    await somebody.to_review()
    for path in PAGES:
        await somebody.page.goto(f"{somebody.url}{path}")
        await somebody.page.evaluate("document.documentElement.style.fontSize = '225%'")
        assert await somebody.page.evaluate("document.documentElement.scrollWidth") <= 640, path


async def test_every_target_is_large_enough_for_a_thumb(phone: Any) -> None:
    somebody: Phone = await phone("hi")
    await somebody.to_review()
    for path in (*PAGES, *READ):
        await somebody.page.goto(f"{somebody.url}{path}")
        small = await somebody.page.evaluate(
            """[...document.querySelectorAll("button, a:not(.skip), input:not([type=hidden]), textarea, summary")]
            .filter((one) => one.offsetParent && !one.closest("li, p:not(:has(> a:only-child))"))
            .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
            .filter(([, height]) => height < 44)"""
        )
        assert small == [], path


@pytest.mark.parametrize("script", ["on", "off"])
async def test_going_back_shows_nothing_of_the_receipt_or_the_mailbox(phone: Any, script: str) -> None:
    somebody: Phone = await phone(java_script_enabled=script == "on")
    page = somebody.page
    await somebody.to_review()
    _, code = await somebody.send()
    for _ in range(2):
        await page.goto(f"{somebody.url}/who-can-know")
        await somebody.back_to_nothing_of(code)
    await page.goto(f"{somebody.url}/")
    await page.locator("form[action='/close'] button").click()
    await somebody.open_mailbox(code)
    await expect(page.locator(".state")).to_be_visible()
    await page.locator("form[action='/status/close'] button").click()
    await somebody.back_to_nothing_of("Received", code)


async def test_esc_three_times_leaves_for_a_harmless_page_and_the_way_back_shows_nothing(phone: Any) -> None:
    somebody: Phone = await phone(viewport=DESKTOP)
    page = somebody.page
    await somebody.context.route("https://hi.wikipedia.org/*", lambda route: route.fulfill(body="weather"))
    await page.goto("about:blank")
    await somebody.to_review()
    await page.wait_for_load_state("load")
    for _ in range(3):
        await page.keyboard.press("Escape")
    await page.wait_for_url("https://hi.wikipedia.org/")
    await expect(page.locator("body")).to_have_text("weather")
    await somebody.back_to_nothing_of(WORDS["en"]["told"])
    assert page.url == "about:blank"
    assert await somebody.context.cookies(somebody.url) == []
    await page.goto(f"{somebody.url}/")
    await expect(page.locator("body")).not_to_contain_text("unfinished report")


@pytest.mark.parametrize("script", ["on", "off"])
async def test_the_button_leaves_for_a_harmless_page(phone: Any, script: str) -> None:
    somebody: Phone = await phone(java_script_enabled=script == "on")
    await somebody.context.route("https://hi.wikipedia.org/*", lambda route: route.fulfill(body="weather"))
    await somebody.to_review()
    await somebody.page.locator(".leave").click()
    await somebody.page.wait_for_url("https://hi.wikipedia.org/")
    await somebody.back_to_nothing_of(WORDS["en"]["told"])


async def test_the_position_is_added_only_when_it_is_asked_for(phone: Any) -> None:
    somebody: Phone = await phone(geolocation={"latitude": 25.289, "longitude": 83.006}, permissions=["geolocation"])
    page = somebody.page
    await somebody.to_evidence()
    await page.goto(f"{somebody.url}/form/3")
    await expect(page.locator("[name='a.place.latitude']")).to_have_value("")
    await page.get_by_role("button", name="I am there now").click()
    await expect(page.locator("[name='a.place.latitude']")).to_have_value("25.289000")
    assert somebody.complaints == []


async def test_the_first_page_is_light_and_asks_for_little(phone: Any) -> None:
    for language, script in itertools.product(("hi", "en"), (True, False)):
        somebody: Phone = await phone(language, java_script_enabled=script)
        weights: dict[str, int] = {}

        async def weigh(response: Any, weights: dict[str, int] = weights) -> None:
            weights[response.url] = len(await response.body())

        somebody.page.on("response", weigh)
        await somebody.page.goto(f"{somebody.url}/", wait_until="networkidle")
        fonts = {address: size for address, size in weights.items() if address.endswith(".woff2")}
        assert sum(weights.values()) - sum(fonts.values()) <= 50_000
        assert len(weights) <= 7
        assert all(size <= 45_000 for size in fonts.values())
