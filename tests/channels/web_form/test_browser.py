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

from support.acts import respond
from support.form.citizen import FormCitizen
from support.form.service import FormService

pytestmark = pytest.mark.needs("chromium")

PHONE = {"width": 360, "height": 740}
NARROW = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 860}
WORDS = {
    "hi": {"continue": "आगे बढ़ें", "send": "भेजें", "open": "खोलें", "statement": "स्कूल के पीछे रोज़ रात को कच्ची शराब बिकती है"},
    "en": {
        "continue": "Continue",
        "send": "Send",
        "open": "Open",
        "statement": "They sell liquor behind the school every night",
    },
}
QUESTION = {"hi": "गाड़ी का रंग क्या था?", "en": "What colour was the car?"}
VOICE = FilePayload(name="PTT-20261124-WA0007.ogg", mimeType="audio/ogg", buffer=b"OggS\0 a voice")


class Visitor:
    """A citizen's browser, with its errors and its requests to other sites."""

    def __init__(self, context: BrowserContext, page: Page, url: str, language: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.words = WORDS[language]
        self.language = language
        self.problems: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(url) else self.problems.append(r.url))

    def _on_console(self, message: ConsoleMessage) -> None:
        """Record console messages, except the one about `Clear-Site-Data`."""
        expected = f"Clear-Site-Data header on '{self.url}/close': Cleared data types: \"cache\"."
        if (message.type, message.text) != ("info", expected):
            self.problems.append(message.text)

    async def press_continue(self) -> None:
        """Press the button that leads to the next page."""
        await self.page.get_by_role("button", name=self.words["continue"], exact=True).click()

    async def begin(self) -> None:
        """Choose the language."""
        await self.page.goto(f"{self.url}/")
        await self.page.locator(f"button[value={self.language}]").click()

    async def to_evidence(self, voice: FilePayload | None = None) -> None:
        """Answer up to the files."""
        await self.begin()
        await self.page.locator("[value=INTOX]").check()
        await self.press_continue()
        await self.page.locator("textarea").fill(self.words["statement"])
        if voice:
            await self.page.locator("#files").set_input_files(voice)
        await self.press_continue()
        await self.page.locator("[id='a.place']").fill("Assi ghat")
        await self.press_continue()
        await self.page.locator("[value=no]").check()
        await self.press_continue()

    async def to_review(self) -> None:
        """Answer everything."""
        await self.to_evidence()
        await self.press_continue()
        await expect(self.page.locator("dl.answers")).to_be_visible()

    async def go_back_without(self, *words: str) -> None:
        """Go back, and check that the page shows none of these texts. A browser may show its own page instead."""
        with suppress(Error):
            await self.page.go_back()
        for word in words:
            await expect(self.page.locator("html")).not_to_contain_text(word)

    async def send(self) -> tuple[str, str]:
        """Submit the tip. Return its number and code."""
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
async def open_browser(chromium: Browser, served: FormService) -> AsyncIterator[Callable[..., Any]]:
    """Return a function that opens a browser: its arguments are the language and options of the context."""
    opened: list[BrowserContext] = []

    async def open_(language: str = "en", **context: Any) -> Visitor:
        options = {"viewport": PHONE, "locale": f"{language}-IN", **context}
        opened.append(await chromium.new_context(**options))
        return Visitor(opened[-1], await opened[-1].new_page(), served.url, language)

    yield open_
    for context in opened:
        await context.close()


BROWSERS: dict[str, dict[str, Any]] = {
    "a Hindi phone without JavaScript": {"language": "hi", "java_script_enabled": False},
    "a Hindi phone": {"language": "hi"},
    "an English desktop without JavaScript": {"viewport": DESKTOP, "java_script_enabled": False},
    "an English desktop": {"viewport": DESKTOP},
}


@pytest.mark.parametrize("browser", BROWSERS)
async def test_a_tip_with_photos_and_a_recording_is_filed_and_a_question_answered(
    open_browser: Any, served: FormService, jpeg: bytes, browser: str
) -> None:
    visitor: Visitor = await open_browser(**BROWSERS[browser])
    question = QUESTION[visitor.language]
    await visitor.to_evidence(VOICE)
    page = visitor.page
    photos = [FilePayload(name=f"IMG-{n}.jpg", mimeType="image/jpeg", buffer=jpeg + bytes([n])) for n in range(2)]
    await page.locator("#files").set_input_files(photos)
    await visitor.press_continue()
    await expect(page.locator("dl.answers")).to_contain_text(visitor.words["statement"])
    number, code = await visitor.send()
    tip = await served.tip(number)
    assert [record.role for record in tip.records] == ["what", "evidence", "evidence"]
    await page.locator("form[action='/close'] button").click()
    await asyncio.to_thread(respond, served.desks["sp"], tip, status="NEED_INFO", text=question, question=True)
    await visitor.open_mailbox(code)
    await expect(page.locator(".message")).to_contain_text(question)
    await page.locator("#message").fill("White / सफ़ेद")
    await page.get_by_role("button", name=visitor.words["send"], exact=True).click()
    await expect(page.locator(".note")).to_be_visible()
    answered = await served.tip(number)
    assert [posted.message.text for posted in answered.thread] == [question, "White / सफ़ेद"]
    assert code.replace(" ", "") not in page.url
    assert visitor.problems == []


PAGES = ("/", "/form/1", "/form/2", "/form/3", "/form/5", "/all", "/details", "/details/2", "/review", "/erase")
READ_ONLY = ("/status?lang=hi", "/who-can-know?lang=hi", "/who-can-know?lang=en", "/nowhere")


@pytest.mark.full("axe on every page")
@pytest.mark.parametrize(("language", "scheme"), [("hi", "light"), ("en", "dark")])
async def test_axe_finds_no_violations_on_any_page(
    open_browser: Any, served: FormService, jpeg: bytes, language: str, scheme: str
) -> None:
    visitor: Visitor = await open_browser(language, viewport=NARROW, color_scheme=scheme, bypass_csp=True)
    page = visitor.page
    await visitor.begin()
    await visitor.press_continue()
    await expect(page.locator("#summary")).to_be_focused()
    await _check_accessibility(page)
    await page.goto(f"{visitor.url}/all")
    await visitor.press_continue()
    await expect(page.locator("#summary")).to_be_focused()
    await _check_accessibility(page)
    await visitor.to_evidence(VOICE)
    await page.locator("#files").set_input_files(FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=jpeg))
    await visitor.press_continue()
    await page.wait_for_url("**/review")
    await page.goto(f"{visitor.url}/form/5")
    await expect(page.locator(".saved")).to_be_visible()
    await _check_accessibility(page)
    await visitor.press_continue()
    await expect(page.locator("dl.answers")).to_be_visible()
    for path in (*PAGES, *READ_ONLY):
        await page.goto(f"{visitor.url}{path}")
        await _check_accessibility(page)
    await page.goto(f"{visitor.url}/review")
    number, code = await visitor.send()
    await _check_accessibility(page)
    tip = await served.tip(number)
    await asyncio.to_thread(respond, served.desks["sp"], tip, status="NEED_INFO", text="?", question=True)
    await visitor.open_mailbox("1234")
    await expect(page.locator("#code-problem")).to_be_visible()
    await _check_accessibility(page)
    await visitor.open_mailbox(code)
    await expect(page.locator(".state")).to_be_visible()
    await _check_accessibility(page)
    await page.get_by_role("button", name=visitor.words["send"], exact=True).click()
    await expect(page.locator("#summary")).to_be_focused()
    await _check_accessibility(page)


@pytest.mark.full("axe on every page")
@pytest.mark.parametrize(("language", "scheme"), [("hi", "dark"), ("en", "light")])
async def test_axe_finds_no_violations_on_the_pages_after_the_review(
    open_browser: Any, located: FormCitizen, language: str, scheme: str
) -> None:
    visitor: Visitor = await open_browser(language, viewport=NARROW, color_scheme=scheme, bypass_csp=True)
    page = visitor.page
    cookies = [{"name": name, "value": value, "url": visitor.url} for name, value in located.cookies.items()]
    await visitor.context.add_cookies(cookies)  # type: ignore[arg-type] # a TypedDict's own type
    await page.goto(f"{visitor.url}/review")
    await page.locator("form[action='/send'] button").click()
    await expect(page.locator("form[action='/before-sending']")).to_be_visible()
    await _check_accessibility(page)
    await page.locator("form[action='/before-sending'] button").first.click()
    await visitor.send()
    await page.goto(f"{visitor.url}/")
    await _check_accessibility(page)
    await page.locator("form[action='/close'] button").click()
    await expect(page.locator("main .button")).to_be_visible()
    await _check_accessibility(page)


async def _check_accessibility(page: Page) -> None:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = (await Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == [], page.url
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320, page.url


async def test_the_form_works_by_keyboard(open_browser: Any) -> None:
    visitor: Visitor = await open_browser(viewport=DESKTOP)
    page, keys = visitor.page, visitor.page.keyboard
    await page.goto(f"{visitor.url}/")
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
    await expect(recorder).to_be_visible()  # JavaScript adds it to the tab order
    for stop in (recorder, page.locator("#files"), page.get_by_role("button", name="Continue")):
        await keys.press("Tab")
        await expect(stop).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator("h1")).to_contain_text("Where is it?")
    await keys.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()


async def test_the_leave_button_stays_visible_and_covers_no_focused_element(open_browser: Any) -> None:
    visitor: Visitor = await open_browser("hi", viewport=NARROW)
    page = visitor.page
    await visitor.to_review()
    await page.goto(f"{visitor.url}/all")
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


async def test_an_option_is_selected_by_its_description_too(open_browser: Any) -> None:
    visitor: Visitor = await open_browser()
    await visitor.begin()
    await visitor.page.get_by_text("Illegal transport or slaughter of cattle").click(force=True)
    await expect(visitor.page.locator("[value=COW]")).to_be_checked()


@pytest.mark.parametrize("language", ["hi", "en"])
async def test_the_categories_are_seen_and_chosen_within_two_screens_of_a_small_phone(
    open_browser: Any, language: str
) -> None:
    visitor: Visitor = await open_browser(language)
    await visitor.begin()
    await expect(visitor.page.locator(".step")).to_contain_text(re.compile("1.*6"))
    button = await visitor.page.get_by_role("button", name=visitor.words["continue"], exact=True).bounding_box()
    assert button is not None
    assert button["y"] + button["height"] <= 2 * PHONE["height"]


async def test_at_twice_the_font_size_nothing_is_cut_off(open_browser: Any) -> None:
    visitor: Visitor = await open_browser("hi", viewport={"width": 640, "height": 800})
    await visitor.to_review()
    for path in PAGES:
        await visitor.page.goto(f"{visitor.url}{path}")
        await visitor.page.evaluate("document.documentElement.style.fontSize = '225%'")
        assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= 640, path


@pytest.mark.full("a browser")
async def test_every_target_is_at_least_44_pixels_high(open_browser: Any) -> None:
    visitor: Visitor = await open_browser("hi")
    await visitor.to_review()
    for path in (*PAGES, *READ_ONLY):
        await visitor.page.goto(f"{visitor.url}{path}")
        small = await visitor.page.evaluate(
            """[...document.querySelectorAll("button, a:not(.skip), input:not([type=hidden]), textarea, summary")]
            .filter((one) => one.offsetParent && !one.closest("li, p:not(:has(> a:only-child))"))
            .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
            .filter(([, height]) => height < 44)"""
        )
        assert small == [], path


@pytest.mark.full("a browser")
@pytest.mark.parametrize("script", ["on", "off"])
async def test_going_back_shows_the_receipt_until_it_is_closed_and_never_the_mailbox(
    open_browser: Any, script: str
) -> None:
    visitor: Visitor = await open_browser(java_script_enabled=script == "on")
    page = visitor.page
    await visitor.to_review()
    _, code = await visitor.send()
    await page.locator("footer li a").last.click()
    await expect(page.locator(".way").first).to_be_visible()
    await page.go_back()
    await expect(page.locator(".receipt")).to_contain_text(code)
    await page.reload()
    await expect(page.locator(".receipt")).to_contain_text(code)
    await page.locator("form[action='/close'] button").click()
    await expect(page.locator("main .button")).to_be_visible()
    await visitor.go_back_without(code)
    await visitor.open_mailbox(code)
    await expect(page.locator(".state")).to_be_visible()
    await page.locator("form[action='/status/close'] button").click()
    await visitor.go_back_without("Received", code)


@pytest.mark.full("a browser")
async def test_esc_three_times_opens_the_neutral_page_and_going_back_shows_nothing(open_browser: Any) -> None:
    """The page's clock stands still, so on any machine the three key presses come at once and going back is in time."""
    visitor: Visitor = await open_browser(viewport=DESKTOP)
    await visitor.context.clock.install(time=0)
    await visitor.context.clock.pause_at(1)
    page = visitor.page
    await visitor.context.route("https://hi.wikipedia.org/*", lambda route: route.fulfill(body="weather"))
    await page.goto("about:blank")
    await visitor.to_review()
    await page.wait_for_load_state("load")
    for _ in range(3):
        await page.keyboard.press("Escape")
    await page.wait_for_url("https://hi.wikipedia.org/")
    await expect(page.locator("body")).to_have_text("weather")
    await visitor.go_back_without(WORDS["en"]["statement"])
    assert page.url == "about:blank"
    assert await visitor.context.cookies(visitor.url) == []
    await page.goto(f"{visitor.url}/")
    await expect(page.locator("body")).not_to_contain_text("unfinished report")


@pytest.mark.full("a browser")
@pytest.mark.parametrize("script", ["on", "off"])
async def test_the_leave_button_opens_the_neutral_page(open_browser: Any, script: str) -> None:
    visitor: Visitor = await open_browser(java_script_enabled=script == "on")
    await visitor.context.route("https://hi.wikipedia.org/*", lambda route: route.fulfill(body="weather"))
    await visitor.to_review()
    await visitor.page.locator(".leave").click()
    await visitor.page.wait_for_url("https://hi.wikipedia.org/")
    await visitor.go_back_without(WORDS["en"]["statement"])


async def _history(page: Page) -> tuple[int, list[str]]:
    """Return the current entry of the tab's history, and the title of each entry."""
    session = await page.context.new_cdp_session(page)
    found = await session.send("Page.getNavigationHistory")
    return found["currentIndex"], [entry["title"] for entry in found["entries"]]


@pytest.mark.full("a browser's disk")
@pytest.mark.parametrize("script", ["on", "off"])
@pytest.mark.parametrize("language", ["hi", "en"])
async def test_the_history_names_neither_the_service_nor_the_tip(open_browser: Any, language: str, script: str) -> None:
    visitor: Visitor = await open_browser(language, java_script_enabled=script == "on")
    weather = {"body": "<title>Weather</title>", "content_type": "text/html"}
    await visitor.context.route("https://hi.wikipedia.org/*", lambda route: route.fulfill(**weather))
    page = visitor.page
    await visitor.to_review()
    for path in (*PAGES, *READ_ONLY):
        await page.goto(f"{visitor.url}{path}")
    _, before = await _history(page)
    neutral_title = re.compile(r"|Form|फ़ॉर्म|(Step|Last step:|क़दम|आख़िरी क़दम:) \d (of|/) \d")
    assert [title for title in before if not neutral_title.fullmatch(title)] == []
    await page.locator(".leave").click()
    await page.wait_for_url("https://hi.wikipedia.org/")
    current, after = await _history(page)
    assert after[current] == "Weather"
    assert len(after) <= len(before) + 1, "leaving adds no page of ours"
    assert set(after) <= {*before, "Weather"}


@pytest.mark.full("a browser")
async def test_the_receipt_on_paper_has_nothing_to_press(open_browser: Any) -> None:
    visitor: Visitor = await open_browser("hi")
    page = visitor.page
    await visitor.to_evidence()
    for path in (*PAGES, *READ_ONLY):
        await page.goto(f"{visitor.url}{path}")
        await page.emulate_media(media="print")
        printed = await page.evaluate(
            """[...document.querySelectorAll("button, .button, [type=file], header, footer")]
            .filter((one) => one.offsetParent).map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert printed == [], path
        await page.emulate_media(media="screen")
    await page.goto(f"{visitor.url}/form/5")
    await visitor.press_continue()
    _, code = await visitor.send()
    await page.emulate_media(media="print")
    shown = await page.locator("body").inner_text()
    assert code in shown
    assert shown.strip() == (await page.locator(".receipt").inner_text()).strip()


async def test_a_file_that_is_sent_when_chosen_needs_no_button(open_browser: Any, jpeg: bytes) -> None:
    visitor: Visitor = await open_browser()
    page = visitor.page
    await visitor.to_evidence()
    await expect(page.locator("[name=stay]")).to_be_visible()
    await page.locator("#files").set_input_files(FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=jpeg))
    await expect(page.locator("[data-state=sent]")).to_be_visible()
    await expect(page.locator("[name=stay]")).to_be_hidden()
    await visitor.press_continue()
    await page.wait_for_url("**/review")
    await page.goto(f"{visitor.url}/form/5")
    await expect(page.locator(".note .saved")).to_contain_text("1")


@pytest.mark.full("a browser")
@pytest.mark.parametrize("script", ["on", "off"])
async def test_enter_in_the_caption_continues_and_erases_no_file(open_browser: Any, jpeg: bytes, script: str) -> None:
    visitor: Visitor = await open_browser(java_script_enabled=script == "on")
    page = visitor.page
    await visitor.to_evidence()
    await page.locator("#files").set_input_files(FilePayload(name="a.jpg", mimeType="image/jpeg", buffer=jpeg))
    await visitor.press_continue()
    await page.wait_for_url("**/review")
    await page.goto(f"{visitor.url}/form/5")
    await page.locator("#caption").press("Enter")
    await expect(page.locator("dl.answers")).to_be_visible()
    await page.goto(f"{visitor.url}/form/5")
    await expect(page.locator(".note .saved")).to_contain_text("1")


async def test_the_position_is_added_on_request_only(open_browser: Any) -> None:
    visitor: Visitor = await open_browser(
        geolocation={"latitude": 25.289, "longitude": 83.006}, permissions=["geolocation"]
    )
    page = visitor.page
    await visitor.to_evidence()
    await page.goto(f"{visitor.url}/form/3")
    await expect(page.locator("[name='a.place.latitude']")).to_have_value("")
    await page.get_by_role("button", name="I am there now").click()
    await expect(page.locator("[name='a.place.latitude']")).to_have_value("25.289000")
    assert visitor.problems == []


async def test_a_link_with_a_handoff_code_fills_the_code_in_and_leaves_it_in_no_address(open_browser: Any) -> None:
    visitor: Visitor = await open_browser("en")
    await visitor.page.goto(f"{visitor.url}/#482719305571")
    assert await visitor.page.locator("#handoff-code").input_value() == "482719305571"
    assert await visitor.page.locator("#handoff-code").is_visible()
    assert visitor.page.url == f"{visitor.url}/"


async def test_the_first_page_is_small(open_browser: Any) -> None:
    for language, script in itertools.product(("hi", "en"), (True, False)):
        visitor: Visitor = await open_browser(language, java_script_enabled=script)
        weights: dict[str, int] = {}

        async def weigh(response: Any, weights: dict[str, int] = weights) -> None:
            weights[response.url] = len(await response.body())

        visitor.page.on("response", weigh)
        await visitor.page.goto(f"{visitor.url}/", wait_until="networkidle")
        fonts = {address: size for address, size in weights.items() if address.endswith(".woff2")}
        assert sum(weights.values()) - sum(fonts.values()) <= 50_000
        assert len(weights) <= 7
        assert all(size <= 45_000 for size in fonts.values())
