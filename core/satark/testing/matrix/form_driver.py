"""The driver of the web form: a browser without JavaScript, and somebody who reads what it shows."""

from __future__ import annotations

from typing import Final

from satark.catalogues import Catalogue
from satark.testing.dialogue.walking import LostError, Photo, Place
from satark.testing.form.browser import Browser, Control, Form
from satark.testing.matrix.driving import EVERYTHING, Ability

_ON: Final = {"hi": "आगे बढ़ें", "en": "Continue"}
_BACK: Final = {"hi": "पीछे", "en": "Back"}
_CHANGE: Final = {"hi": "बदलें", "en": "Change"}
_STAY: Final = {"hi": "जोड़ें और इसी पन्ने पर रहें", "en": "Add, and stay on this page"}
_CLEAR: Final = {"hi": "सब फ़ाइलें मिटाएँ", "en": "Erase all files"}
_SEND: Final = {"hi": "भेजें", "en": "Send"}
_CANCEL: Final = {"hi": "रद्द करें", "en": "Cancel"}
_WRITTEN: Final = {"hi": "लिख लिया, बंद करें", "en": "I have written it down, close"}


class FormDriver:
    """Somebody at the form. Implements `satark.testing.matrix.driving.Driver`."""

    channel: Final = "web_form"
    can: frozenset[Ability] = EVERYTHING

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._menu = ""
        """What somebody has in mind to do on the page, where a chat would ask them for it."""

    @property
    def heard(self) -> str:
        """What the page says, or what somebody has in mind to do on it."""
        return self._menu or self._browser.page.text

    async def greet(self) -> None:
        """Open the first page."""
        self._menu = ""
        await self._browser.open("/")

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Press a button, follow a link, or choose an option and go on."""
        language = texts.language
        if self._menu:
            await self._pick(label, language)
        elif label == texts.text("review.change"):
            self._menu = texts.text("change.ask")
        elif label == texts.text("review.details"):
            await self._browser.open("/details")
        elif label == texts.text("review.send"):
            await self._browser.press(_SEND[language])
        elif label == texts.text("reach.no"):
            await self._browser.press(_WRITTEN[language])
        else:
            await self._take(label)

    async def command(self, name: str, texts: Catalogue) -> None:
        """Do what comes to the same."""
        language, browser = texts.language, self._browser
        if name == "repeat":
            await browser.open(browser.path)
        elif name == "language":
            await browser.open("/")
        elif name == "leave" or (name == "back" and self._menu):
            self._menu = ""
            await browser.open("/review")
        elif name == "back":
            await browser.follow(_BACK[language])
        elif name in {"skip", "done"}:
            await browser.press(_ON[language])
        elif name == "clear":
            await browser.press(_CLEAR[language])
        elif name == "forget":
            await browser.open("/erase")
            await browser.press(texts.text("cancel.yes"))
        elif name == "cancel":
            await browser.follow(_CANCEL[language])
        else:
            raise LostError(f"no way to {name}: {self.heard}")

    async def type(self, words: str) -> None:
        """Write into the field and go on."""
        form, control = self._field()
        await self._go_on(form, {control.name: words})

    async def speak(self, voice: bytes) -> None:
        """Choose a recording and go on."""
        form, _ = self._field()
        await self._go_on(form, {}, Photo(voice, "audio/ogg", "voice"))

    async def point(self, place: Place) -> None:
        """Write the degrees, and the name."""
        form, control = self._field()
        degrees = {f"{control.name}.latitude": f"{place.latitude}", f"{control.name}.longitude": f"{place.longitude}"}
        await self._go_on(form, {control.name: place.name or "", **degrees})

    async def send(self, file: Photo) -> None:
        """Choose a file, with words of its own, and stay."""
        label = next(label for label in _STAY.values() if label in self._browser.page.text)
        await self._browser.press(label, {"caption": file.caption or ""}, [file])

    async def leave(self) -> None:
        """Close the browser."""
        await self._browser.close()

    async def _take(self, label: str) -> None:
        """Whatever stands on the page under a label."""
        page = self._browser.page
        for form in page.forms:
            for control in form.controls:
                if control.label == label and control.kind == "submit":
                    await self._browser.send(form, control, {})
                    return
                if control.label == label and control.kind == "radio":
                    await self._go_on(form, {control.name: control.value})
                    return
        await self._browser.follow(label)

    async def _pick(self, label: str, language: str) -> None:
        """Follow the link to the answer that is to be changed."""
        self._menu = ""
        await self._browser.follow(f"{_CHANGE[language]} {label}")

    def _field(self) -> tuple[Form, Control]:
        """The field that one writes the answer into."""
        for form in self._browser.page.forms:
            for control in form.controls:
                if control.name.startswith("a.") and control.kind in {"text", "textarea"}:
                    return form, control
        raise LostError(f"nowhere to write: {self._browser.page.text}")

    async def _go_on(self, form: Form, filled: dict[str, str], *files: Photo) -> None:
        button = next(c for c in form.controls if c.kind == "submit" and c.label in _ON.values())
        await self._browser.send(form, button, filled, files)
