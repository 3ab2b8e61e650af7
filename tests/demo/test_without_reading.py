"""A person who can't read files a tip with voice notes and taps, and hears the officer's answer.

The tests use WhatsApp in a browser, and Telegram through the simulator's interface.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from satark.api.prompt import clip_name
from satark.dialogue.rendering.chat_voice_notes import words_of
from satark.speech.voice_notes import fill_folder
from satark_demo import samples
from satark_words.catalogues import Catalogues
from support.commands import run

pytestmark = pytest.mark.needs("espeak-ng")
Open = Callable[[Path], Awaitable[Any]]

HEARD = (
    "aloud.choose", "aloud.continue", "aloud.kept", "aloud.receipt", "evidence.ask", "language.ask", "mailbox.ask",
    "place.ask", "police.ask", "reach.no.done", "receipt", "review.ask", "status.ACTED.text", "what.ask",
)  # fmt: skip
"""Texts whose clips are rendered for the test. They give each prompt a sound within a few seconds."""
VOICE = FilePayload(name="", mimeType="audio/wav", buffer=(samples.FOLDER / "spoken.wav").read_bytes())


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render some clips in Hindi."""
    folder = tmp_path_factory.mktemp("clips")
    texts = Catalogues.of("satark.dialogue")["hi"]
    said = [texts.get(f"{key}.aloud") or texts.get(key) for key in HEARD]
    lines = [line for text in said for line in text.split("\n") if words_of(line) and "{" not in line]
    named = {clip_name("hi", line): ("hi", line) for line in (*lines, *map(str, range(10)))}
    assert not fill_folder(named, folder, None).missing
    return folder


@pytest.fixture
async def open_speaking(open_demo: Open, clips: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Start a demo that reads prompts aloud."""
    monkeypatch.setenv("SATARK_VOICE_CLIPS", str(clips))
    return open_demo


async def respond(data: Path, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SP's officer report the result."""
    monkeypatch.setenv("SATARK_DATA_DIR", str(data))
    answer = ("--status", "ACTED", "--message", "गिरोह पकड़ा गया, धन्यवाद।")
    officer = ("--passphrase-file", str(data / "officers" / "sp.txt"))
    await asyncio.to_thread(run, "desk", "respond", "sp", number, *answer, *officer)


class Phone:
    """The simulator's page, used without reading: by voice, by the pictures on buttons, and by ear."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heard = 0

    async def speak(self) -> None:
        async with self.page.expect_file_chooser() as chooser:
            await self.page.locator("#mic-button").click()
        await (await chooser.value).set_files([VOICE])
        await self.hear()

    async def tap(self, picture: str) -> None:
        """Tap the newest button with this picture."""
        await self.page.locator(".theirs .offer", has_text=picture).last.click()
        await self.hear()

    async def pick(self, picture: str) -> None:
        """Open the newest list, and tap the row with this picture."""
        await self.page.locator(".theirs .offer").last.click()
        await self.page.locator("#sheet label", has_text=picture).click()
        await self.page.locator("#sheet").get_by_role("button", name="भेजें").click()
        await self.hear()

    async def hear(self) -> None:
        """Play the next voice note, and check that it has a sound."""
        self.heard += 1
        notes = self.page.locator(".theirs audio")
        await expect(notes).to_have_count(self.heard)
        await notes.last.evaluate(
            "sound => new Promise((heard, failed) => {"
            " sound.ontimeupdate = () => sound.currentTime > 0.2 && heard(sound.pause());"
            " sound.onended = heard; sound.onerror = () => failed(sound.error.message); sound.play().catch(failed); })"
        )

    async def place(self) -> None:
        """Send a location from the map."""
        await self.page.locator(".theirs .offer").last.click()
        await self.page.get_by_role("button", name="अस्सी घाट").click()
        await self.hear()


async def file_tip(phone: Phone) -> None:
    await phone.speak()
    await phone.tap("हिन्दी")
    await phone.pick("🍾")
    await phone.speak()
    await phone.place()
    for picture in ("❌", "⏭"):
        await phone.tap(picture)
    await phone.speak()  # "send it": a machine does not take that for granted
    await expect(phone.page.locator("[data-desk=sp] .number")).to_have_count(0)
    await phone.tap("📤")


@pytest.mark.full("a whole tip by ear")
@pytest.mark.needs("chromium")
async def test_a_tipster_files_a_whatsapp_tip_and_hears_the_answer_without_reading(
    chromium: Browser, open_speaking: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await open_speaking(tmp_path / "d")
    context = await chromium.new_context(locale="hi-IN", viewport={"width": 1280, "height": 860})
    page = await context.new_page()
    await page.goto(visitor.url)
    phone = Phone(page)
    await file_tip(phone)
    picture = page.locator(".theirs img").last
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1080
    number = await page.locator("[data-desk=sp] .number").inner_text()
    await phone.tap("🚫")
    await respond(tmp_path / "d", number, monkeypatch)
    await phone.tap("जवाब सुनें")
    await expect(page.locator(".theirs", has_text="गिरोह पकड़ा गया")).to_have_count(1)


class Chat:
    """A Telegram chat of the simulator, used by voice and by the pictures on its buttons."""

    def __init__(self, visitor: Any) -> None:
        self.visitor = visitor
        visitor.medium = "telegram"
        self.heard = 0

    async def speak(self) -> None:
        assert await self.visitor.send((samples.FOLDER / "spoken.wav").read_bytes(), "audio/wav", "name=&voice") == 204
        await self.hear()

    async def tap(self, picture: str) -> None:
        offers = [offer for message in self.visitor.received for offer in message.get("offers", ())]
        await self.visitor.tap(next(offer["label"] for offer in reversed(offers) if picture in offer["label"]))
        await self.hear()

    async def hear(self) -> None:
        self.heard += 1
        await self.visitor.until(lambda: len(self.notes) == self.heard)
        before, note = self.visitor.received[-2:]
        assert (before.get("kind", "text"), note["kind"]) in {("text", "voice"), ("image", "voice")}
        status, sound = await self.visitor.fetch(f"/phones/1/telegram/files/{note['id']}")
        assert (status, sound[28:36]) == (200, b"OpusHead")

    @property
    def notes(self) -> list[dict[str, Any]]:
        return [message for message in self.visitor.received if message.get("kind") == "voice"]


@pytest.mark.full("a whole tip by ear")
async def test_a_tipster_files_a_telegram_tip_and_hears_the_answer_without_reading(
    open_speaking: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await open_speaking(tmp_path / "d")
    chat = Chat(visitor)
    await chat.speak()
    for picture in ("हिन्दी", "🍾"):
        await chat.tap(picture)
    await chat.speak()
    pin = {"latitude": 25.28918, "longitude": 83.00666, "name": "अस्सी घाट"}
    assert await visitor.perform("pin", pin=pin) == 204
    await chat.hear()
    for picture in ("❌", "⏭", "📤"):
        await chat.tap(picture)
    assert [message.get("kind", "text") for message in visitor.received[-3:]] == ["text", "image", "voice"]
    number = (await visitor.until(lambda: visitor.desks["sp"]))[0]["number"]
    await respond(tmp_path / "d", number, monkeypatch)
    await chat.tap("जवाब सुनें")
    assert "गिरोह पकड़ा गया" in visitor.received[-2]["text"]
