"""The driver of the web form. It uses a browser without JavaScript."""

from typing import Final

from satark_testing.browser import Browser, Control, Form
from satark_testing.dialogue.walking import LostError, Photo, Place
from satark_testing.matrix.drivers import EVERYTHING, Ability
from satark_words.catalogues import Catalogue, Catalogues

_PAGES: Final = "satark_web_form"


class FormDriver:
    """A tipster at the form. Implements `satark_testing.matrix.drivers.Driver`."""

    channel: Final = "web_form"
    can: frozenset[Ability] = EVERYTHING

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
        """Use the control or link with this label."""
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
