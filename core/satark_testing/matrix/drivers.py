"""Drivers: each acts for a tipster on one medium. Here are chats, text messages, phone calls and the web form."""

import re
from abc import ABC, abstractmethod
from typing import Any, Final, Literal, TypeAlias

from satark_testing.browser import Browser, Control, Form
from satark_testing.dialogue.walking import LostError, Photo, Place, Walker
from satark_testing.twilio.people import Caller, Texter
from satark_words.catalogues import Catalogue, Catalogues

Ability: TypeAlias = Literal["type", "point", "send", "come back"]
"""Abilities that some media lack: type words, point at a map, send files of any kind, come back to a conversation."""

EVERYTHING: frozenset[Ability] = frozenset({"type", "point", "send", "come back"})


class Driver(ABC):
    """A tipster on one medium. Every action waits for the service's answer and stores it in `last_answer`.

    Every action raises `satark_testing.dialogue.walking.LostError` where it is not offered or gets no answer.
    """

    channel: str
    """The channel's name, which selects the texts of that channel."""
    can: frozenset[Ability] = EVERYTHING
    """The abilities of the medium."""

    @property
    @abstractmethod
    def last_answer(self) -> str:
        """The complete last answer: every page of a text message, every line of a call."""

    async def greet(self) -> None:
        """Start the conversation, or restart it: send "Hi", call, or open the page."""
        await self.type("Hi")

    @abstractmethod
    async def choose(self, label: str, texts: Catalogue) -> None:
        """Choose the option with this label. Turns pages until the option is found."""

    @abstractmethod
    async def command(self, name: str, texts: Catalogue) -> None:
        """Execute a command by its button, its word, its key, or the equivalent on this medium."""

    async def type(self, words: str) -> None:
        """Type words; only where `can` contains `type`."""
        raise LostError(f"no way to type {words!r}")

    async def speak(self, voice: bytes) -> None:
        """Send a voice recording."""
        await self.send(Photo(voice, "audio/ogg", "voice"))

    async def point(self, place: Place) -> None:
        """Send a place on the map; only where `can` contains `point`."""
        raise LostError(f"no way to point at {place.name}")

    async def send(self, file: Photo) -> None:
        """Send a file; only where `can` contains `send`."""
        raise LostError(f"no way to send {file.mime}")

    async def leave(self) -> None:  # noqa: B027 - text messages have nothing to end
        """Hang up or close the page, without waiting for anything."""


_MAX_PAGES: Final = 12


class ChatDriver(Driver):
    """A tipster in a chat, who acts through a `Walker`: WhatsApp, Telegram."""

    def __init__(self, channel: str, walker: Walker[Any]) -> None:
        self.channel = channel
        self._walker = walker

    @property
    def last_answer(self) -> str:
        return str(self._walker.last.text)

    async def choose(self, label: str, texts: Catalogue) -> None:
        for _ in range(_MAX_PAGES):
            offers = {offer.label for offer in self._walker.last.offers}
            if label in offers or texts.text("command.more") not in offers:
                break
            await self._tap(texts.text("command.more"))
        await self._tap(label)

    async def command(self, name: str, texts: Catalogue) -> None:
        await self._walker.reply(texts.text(f"command.{name}"))
        await self._walker.hear()

    async def type(self, words: str) -> None:
        await self._walker.say(words)
        await self._walker.hear()

    async def point(self, place: Place) -> None:
        await self._walker.pin(place)
        await self._walker.hear()

    async def send(self, file: Photo) -> None:
        await self._walker.send(file)
        await self._walker.hear()

    async def leave(self) -> None:
        self._walker.leave()

    async def _tap(self, label: str) -> None:
        offers = [offer.label for offer in self._walker.last.offers]
        if label not in offers:
            raise LostError(f"{label!r} is not offered: {self.last_answer} {offers}")
        await self._walker.tap(label)
        await self._walker.hear()


class SmsDriver(Driver):
    """A tipster who sends text messages, answers by number and turns pages.

    `media`: base URL of the provider, which serves attached files.
    """

    channel = "sms"
    can = frozenset[Ability]({"type", "send", "come back"})

    def __init__(self, texter: Texter, media: str) -> None:
        self._texter = texter
        self._media = media
        self._answer = ""
        self._typed = ""

    @property
    def last_answer(self) -> str:
        return self._answer

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Send the number of the option; its label if the number would repeat the message just before."""
        del texts
        found = re.search(rf"^(\d+) {re.escape(label)}$", self.last_answer, re.MULTILINE)
        if found is None:
            raise LostError(f"{label!r} is not offered: {self.last_answer}")
        await self.type(label if found[1] == self._typed else found[1])

    async def command(self, name: str, texts: Catalogue) -> None:
        await self.type(texts.text(texts.own(f"command.{name}", self.channel)))

    async def type(self, words: str) -> None:
        """Send a message and read every page of the answer."""
        self._typed = words
        await self._read(await self._texter.say(words))

    async def send(self, file: Photo) -> None:
        await self._read(await self._texter.say(file.caption or "", (file.data, file.mime), base=self._media))

    async def _read(self, messages: list[str]) -> None:
        pages = list(messages)
        hints = tuple(f"\n{texts.text('sms.more')}" for texts in Catalogues.of("satark_sms_ivr"))
        while pages and pages[-1].endswith(hints):  # every page but the last one ends with a hint
            pages[-1] = pages[-1].rpartition("\n")[0]
            pages += await self._texter.say("M")
        self._answer = "\n".join(page.strip("\n") for page in pages)


_KEYS: Final = {"back": "9", "leave": "9", "cancel": "9", "skip": "8", "done": "8", "repeat": "#", "clear": "7"}
_UNKNOWN: Final = "0"
"""The key for "don't know", the same for every question."""


class CallDriver(Driver):
    """A tipster on the phone, who can neither type nor send files, and whom no second call is known to be from."""

    channel = "voice"
    can = frozenset[Ability]()

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def last_answer(self) -> str:
        return self._caller.question

    async def greet(self) -> None:
        """End the current call, if there is one, and call."""
        self._caller.hang_up()
        await self._caller.dial()

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Press the key that is announced for the option. Asks for more options until it is announced."""
        if label == texts.text("option.unknown"):
            await self._caller.press(_UNKNOWN)
            return
        for _ in range(_MAX_PAGES):
            if key := self._key(label):
                await self._caller.press(key)
                return
            await self._caller.press("8")
        raise LostError(f"{label!r} is not offered: {self.last_answer}")

    async def command(self, name: str, texts: Catalogue) -> None:
        """Press the key of a command. Commands without a key are reached by the star key."""
        if name in _KEYS:
            await self._caller.press(_KEYS[name])
            return
        await self._caller.press("*")
        if name == "elsewhere":
            await self._caller.press("9")
            return
        way = {"language": "restart.language", "forget": "restart.yes"}[name]
        if self._key(texts.text(way)):
            await self.choose(texts.text(way), texts)

    async def speak(self, voice: bytes) -> None:
        await self._caller.speak(voice)

    async def leave(self) -> None:
        self._caller.hang_up()

    def _key(self, label: str) -> str:
        spoken = r"\s*[/,]\s*".join(map(re.escape, re.split(r"\s*/\s*", label)))
        for wording in _wordings():
            announced = re.escape(wording).replace(r"\{label\}", spoken).replace(r"\{key\}", r"(\d)")
            if found := re.search(rf"^{announced}$", self.last_answer, re.MULTILINE):
                return found[1]
        return ""


def _wordings() -> set[str]:
    """The phrases that announce an option's key, in every language."""
    return {texts.get(key) for texts in Catalogues.of("satark_sms_ivr") for key in ("choose", "choose.next")}


_PAGES: Final = "satark_web_form"


class FormDriver(Driver):
    """A tipster at the form."""

    channel = "web_form"

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._menu = ""
        """The menu question that a chat would ask now. The form has no such question: its links lead to each answer."""

    @property
    def last_answer(self) -> str:
        """The text of the page, or the menu question that a chat would ask now."""
        return self._menu or self._browser.page.text

    @property
    def cookies(self) -> dict[str, str]:
        """The browser's cookies: name → value."""
        return self._browser.cookies

    async def greet(self) -> None:
        self._menu = ""
        await self._browser.open("/")

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Press a button, follow a link, or choose an option and continue."""
        language = texts.language
        if self._menu:
            await self._pick(label, language)
        elif label == texts.text("review.change"):
            self._menu = texts.text("change.ask")
        elif label == texts.text("review.details"):
            await self._browser.open("/details")
        elif label == texts.text("review.send"):
            await self._browser.press(_page_text(language, "send"))
        elif label == texts.text("reach.no"):
            await self._browser.press(_page_text(language, "receipt.done"))
        else:
            await self._use(label)

    async def command(self, name: str, texts: Catalogue) -> None:
        language, browser = texts.language, self._browser
        if name == "repeat":
            await browser.open(browser.path)
        elif name == "language":
            await browser.open("/")
        elif name == "leave" or (name == "back" and self._menu):
            self._menu = ""
            await browser.open("/review")
        elif name == "back":
            await browser.follow(_page_text(language, "back"))
        elif name in {"skip", "done"}:
            await browser.press(_page_text(language, "continue"))
        elif name == "clear":
            await browser.press(_page_text(language, "files.clear"))
        elif name == "forget":
            await browser.open("/erase")
            await browser.press(texts.text("cancel.yes"))
        elif name == "cancel":
            await browser.follow(_page_text(language, "cancel"))
        else:
            raise LostError(f"no way to {name}: {self.last_answer}")

    async def type(self, words: str) -> None:
        form, control = self._field()
        await self._continue(form, {control.name: words})

    async def speak(self, voice: bytes) -> None:
        form, _ = self._field()
        await self._continue(form, {}, Photo(voice, "audio/ogg", "voice"))

    async def point(self, place: Place) -> None:
        form, control = self._field()
        degrees = {f"{control.name}.latitude": f"{place.latitude}", f"{control.name}.longitude": f"{place.longitude}"}
        await self._continue(form, {control.name: place.name or "", **degrees})

    async def send(self, file: Photo) -> None:
        """Attach a file with a caption and stay on the page."""
        label = next(label for label in _in_every_language("files.stay") if label in self._browser.page.text)
        await self._browser.press(label, {"caption": file.caption or ""}, [file])

    async def leave(self) -> None:
        await self._browser.close()

    async def _use(self, label: str) -> None:
        page = self._browser.page
        for form in page.forms:
            for control in form.controls:
                if control.label == label and control.kind == "submit":
                    await self._browser.send(form, control, {})
                    return
                if control.label == label and control.kind == "radio":
                    await self._continue(form, {control.name: control.value})
                    return
        await self._browser.follow(label)

    async def _pick(self, label: str, language: str) -> None:
        """Follow the link to the answer to change."""
        self._menu = ""
        await self._browser.follow(f"{_page_text(language, 'change')} {label}")

    def _field(self) -> tuple[Form, Control]:
        for form in self._browser.page.forms:
            for control in form.controls:
                if control.name.startswith("a.") and control.kind in {"text", "textarea"}:
                    return form, control
        raise LostError(f"no field to fill in: {self._browser.page.text}")

    async def _continue(self, form: Form, filled: dict[str, str], *files: Photo) -> None:
        button = next(c for c in form.controls if c.kind == "submit" and c.label in _in_every_language("continue"))
        await self._browser.send(form, button, filled, files)


def _page_text(language: str, key: str) -> str:
    return Catalogues.of(_PAGES)[language].text(key)


def _in_every_language(key: str) -> set[str]:
    return {texts.text(key) for texts in Catalogues.of(_PAGES)}
