"""A call inside WhatsApp from the simulator in a real browser: WebRTC to the service's own code, keys and voice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from satark.api.providers import Ask
from satark_testing.waiting import until
from satark_whatsapp.calls.call import CarriedCall
from satark_whatsapp.calls.connection import CallMedia
from satark_whatsapp.calls.recording import Recording

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.full("calls in a browser")]

Open = Callable[[Path], Awaitable[Any]]
SMALL: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
KEEP_CONNECTIONS = """
const Plain = RTCPeerConnection;
RTCPeerConnection = class extends Plain { constructor(...given) { super(...given); globalThis.connection = this; } };
"""
PACKETS = """async () => [...(await connection.getStats()).values()]
  .filter(({ type }) => type === "inbound-rtp").map(({ packetsReceived }) => packetsReceived)[0]"""
WITHOUT_WORDS = (("किस बारे में", "2"), ("क्या हो रहा है", "0"), ("जगह बताइए", "0"), ("किस ज़िले में", "0"))
REST = (("पुलिसवाला मिला", "2"), ("कुछ और बताना", "0"))
"""Question → the key that answers it."""
REVIEW = "पुलिस को भेज दें"
TOO_EARLY = "पहले पूरा सुन लें"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the states that calls waited for."""
    states: list[str] = []
    keys = CarriedCall._keys

    async def wait(call: CarriedCall, verb: Ask) -> str:
        states.append(verb.state)
        return await keys(call, verb)

    monkeypatch.setattr(CarriedCall, "_keys", wait)
    return states


async def simulator(browser: Browser, visitor: Any, **context: Any) -> Page:
    """Open the simulator's page in Hindi."""
    page = await (await browser.new_context(locale="hi-IN", **SMALL, **context)).new_page()
    await page.add_init_script(KEEP_CONNECTIONS)
    await page.goto(visitor.url)
    return page


async def asked(page: Page, words: str) -> None:
    await expect(page.locator(".theirs").last).to_contain_text(words)


async def press(page: Page, key: str) -> None:
    """Press a key until the service accepts it: keys during a notice are ignored."""
    taken = page.locator(".mine kbd")
    before = await taken.count()
    button = page.locator(f"#key-{ {'#': 'hash'}.get(key, key) }")
    await expect(button).to_be_enabled()  # until then the call rings
    while await taken.count() == before:
        await button.click()
        for _ in range(50):
            if await taken.count() > before:
                break
            await asyncio.sleep(0.1)


async def answer(page: Page, *answers: tuple[str, str]) -> None:
    for words, key in answers:
        await asked(page, words)
        await press(page, key)


async def send(page: Page, waits: list[str]) -> None:
    """Hear the review to its end, and send the tip."""
    await asked(page, REVIEW)
    await until(lambda: "u=1" in waits[-2] and "u=1" not in waits[-1])
    await press(page, "1")
    await asked(page, "गुप्त कोड")


async def call(page: Page) -> None:
    """Call, and choose Hindi."""
    await page.get_by_role("button", name="WhatsApp पर कॉल करें").click()
    await answer(page, ("English: press 2", "1"))


async def test_a_tip_told_by_keys_and_voice_reaches_the_desks(
    chromium: Browser, open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: list[str]
) -> None:
    recordings: list[Recording] = []
    begin = CallMedia.record

    def record(media: CallMedia) -> Recording:
        recordings.append(begin(media))
        return recordings[-1]

    monkeypatch.setattr(CallMedia, "record", record)
    visitor = await open_demo(tmp_path / "d")
    page = await simulator(chromium, visitor, permissions=["microphone"])
    await call(page)
    await answer(page, WITHOUT_WORDS[0])
    await asked(page, WITHOUT_WORDS[1][0])
    await until(lambda: recordings and recordings[0].has_speech)
    await press(page, "#")
    await answer(page, *WITHOUT_WORDS[2:], *REST)
    await asked(page, REVIEW)
    await expect(page.locator(".theirs").last).to_contain_text("बात: रिकॉर्ड")
    await press(page, "1")
    await asked(page, TOO_EARLY)
    await send(page, waits)
    await expect(page.locator(".mine .spoken")).to_contain_text("बोला:")
    heard = await page.evaluate(PACKETS)
    assert heard > 50, "the service is heard"
    assert {tip["category"] for tip in await visitor.listed()} == {"INTOX"}
    await page.get_by_role("button", name="फ़ोन रखें").click()
    await expect(page.locator("#presence")).to_contain_text("सूचना भेज दी गई")
    captions = page.locator(".theirs", has_text="गुप्त कोड")
    assert await captions.count() == 1
    await page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => new Promise(() => {}) }")
    await page.get_by_role("button", name="कॉल करें", exact=True).click()
    await expect(page.locator("#presence")).to_contain_text("माइक्रोफ़ोन चालू")
    assert await captions.count() == 0, "an earlier call's code is not shown again"
    await page.get_by_role("button", name="फ़ोन रखें").click()
    await page.get_by_role("button", name="बातचीत पर लौटें").click()
    await expect(page.locator(".bubble.call")).to_contain_text("सूचना पुलिस को भेज दी गई")
    assert await page.locator(".theirs").count() == 0, "the chat asks nothing after a receipt"


async def test_without_a_microphone_keys_are_enough(
    chromium: Browser, open_demo: Open, tmp_path: Path, waits: list[str]
) -> None:
    visitor = await open_demo(tmp_path / "d")
    page = await simulator(chromium, visitor)
    await call(page)
    await answer(page, WITHOUT_WORDS[0])
    await asked(page, WITHOUT_WORDS[1][0])
    await expect(page.locator("#presence")).to_contain_text("माइक्रोफ़ोन नहीं है")
    await answer(page, *WITHOUT_WORDS[1:], *REST)
    await send(page, waits)
    await visitor.listed(files=0)


async def test_a_draft_goes_from_the_chat_into_the_call_and_back(
    chromium: Browser, open_demo: Open, tmp_path: Path
) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.perform("say", text="Hi"))
    await visitor.answered(visitor.tap("हिन्दी"))
    await visitor.answered(visitor.tap("अवैध शराब / नशा"))
    page = await simulator(chromium, visitor)
    await page.locator(".theirs").last.get_by_role("button", name="कॉल करके बताएँ").click()
    await answer(page, WITHOUT_WORDS[1])
    await asked(page, WITHOUT_WORDS[2][0])
    await page.get_by_role("button", name="फ़ोन रखें").click()
    await page.get_by_role("button", name="बातचीत पर लौटें").click()
    await expect(page.locator(".bubble.call")).to_contain_text("जो बताया वह रखा हुआ है")
    await asked(page, WITHOUT_WORDS[2][0])  # the chat goes on where the call ended


async def test_a_second_caller_is_told_that_the_demo_is_busy(
    chromium: Browser, open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark_demo.providers.CALLS_AT_ONCE", 1)
    visitor = await open_demo(tmp_path / "d")
    first = await simulator(chromium, visitor)
    await call(first)
    second = await simulator(chromium, visitor)
    await second.get_by_role("button", name="फ़ोन 2").click()
    await second.get_by_role("button", name="WhatsApp पर कॉल करें").click()
    await expect(second.locator("#presence")).to_contain_text("व्यस्त")
    await second.get_by_role("button", name="बातचीत पर लौटें").click()
    await expect(second.locator(".bubble.call")).to_contain_text("व्यस्त")
    await first.goto("about:blank")
    await visitor.until(lambda: visitor.call["state"] == "over")  # a page that is left hangs up


async def test_without_the_package_the_button_says_how_to_get_it(
    chromium: Browser, open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark_demo.whatsapp.find_spec", lambda _: None)
    page = await simulator(chromium, await open_demo(tmp_path / "d"))
    await page.get_by_role("button", name="WhatsApp पर कॉल करें").click()
    await expect(page.locator("#trouble")).to_contain_text("pip install 'satark[calls]'")
