"""A browser without JavaScript: it opens pages, follows links, fills in forms and keeps cookies."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from io import BytesIO
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec
from yarl import URL

from satark_testing.dialogue.walking import LostError, Photo

_SILENT: Final = frozenset({"script", "style", "title", "noscript"})
_VOID: Final = frozenset({"input", "meta", "link", "br", "img", "hr"})


class Control(msgspec.Struct):
    """One control of a form, before anybody changes its value."""

    name: str
    kind: str
    """The type of an input, `textarea`, or `submit` for a button."""
    value: str = ""
    label: str = ""
    checked: bool = False
    id: str = ""


class Form(msgspec.Struct):
    """One form."""

    action: str
    controls: list[Control] = []

    def sent(self) -> list[tuple[str, str]]:
        """The fields that the form would send without changes; no button is included."""
        kept = [c for c in self.controls if c.name and c.kind not in {"submit", "file"}]
        return [(c.name, c.value) for c in kept if c.kind not in {"radio", "checkbox"} or c.checked]


class Page(HTMLParser):
    """A parsed page: its text, links and forms."""

    def __init__(self, html: str, address: str, status: int = 200, headers: Mapping[str, str] = {}) -> None:
        super().__init__()
        self.html = html
        self.address = address
        self.status = status
        self.headers = headers
        """The response headers, in any case of letters."""
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        """Label and address of each link."""
        self._words: list[str] = []
        self._open: list[str] = []
        self._labels: dict[str, str] = {}
        self._label: str | None = None
        self._control: Control | None = None
        self._link = False
        self.feed(html)
        for form in self.forms:
            for control in form.controls:
                control.label = control.label or self._labels.get(control.id, "")

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append(Form(urljoin(self.address, given.get("action", self.address)), []))
        elif tag == "a":
            self.links.append(("", urljoin(self.address, given.get("href", ""))))
            self._link = True
        elif tag == "label":
            self._label = given.get("for", "")
        elif tag in {"input", "textarea", "button"} and self.forms:
            self._take_control(tag, given)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if tag == "a":
            self._link = False
        elif tag == "label":
            self._label = None
        elif tag in {"textarea", "button"}:
            self._control = None

    def handle_data(self, data: str) -> None:
        if _SILENT & set(self._open):
            return
        if self._control is not None and self._control.kind == "textarea":
            self._control.value += data
            return
        self._words.append(data)
        if self._control is not None:
            self._control.label = f"{self._control.label} {data.strip()}".strip()
        if self._label is not None:
            self._labels[self._label] = f"{self._labels.get(self._label, '')} {data.strip()}".strip()
        if self._link:
            label, address = self.links[-1]
            self.links[-1] = (f"{label} {data.strip()}".strip(), address)

    def _take_control(self, tag: str, given: Mapping[str, str]) -> None:
        kind = {"button": "submit", "textarea": "textarea"}.get(tag) or given.get("type", "text")
        control = Control(
            given.get("name", ""),
            kind,
            given.get("value", "on" if kind == "checkbox" else ""),
            checked="checked" in given,
            id=given.get("id", ""),
        )
        self.forms[-1].controls.append(control)
        if tag != "input":
            self._control = control


class Browser:
    """The browser of one person. Use it with `async with`."""

    def __init__(self, url: str, language: str = "hi", headers: Mapping[str, str] = {}) -> None:
        self.url = url
        self.page = Page("", url)
        self._headers = {"accept-language": language, **headers}
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the browser and delete its cookies."""
        if self._opened is not None:
            await self._opened.close()

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies, by name, that the browser would send to the site's root."""
        return {name: morsel.value for name, morsel in self.session.cookie_jar.filter_cookies(URL(self.url)).items()}

    @property
    def path(self) -> str:
        """Path of the current page."""
        return urlsplit(self.page.address).path

    async def open(self, address: str) -> Page:
        async with self.session.get(urljoin(self.url, address)) as answer:
            return await self._show(answer)

    async def follow(self, label: str) -> Page:
        """Follow the first link with this label.

        Raises:
            LostError: there is no such link.
        """
        found = next((address for text, address in self.page.links if text == label), None)
        if found is None:
            raise LostError(f"no link {label!r}: {self.page.text}")
        return await self.open(found)

    async def press(
        self, label: str, filled: Mapping[str, str | Sequence[str]] | None = None, files: Sequence[Photo] = ()
    ) -> Page:
        """Press a button. The given fields are filled in; all others keep their values.

        Raises:
            LostError: there is no such button.
        """
        for form in self.page.forms:
            button = next((c for c in form.controls if c.kind == "submit" and c.label == label), None)
            if button is not None:
                return await self.send(form, button, filled or {}, files)
        raise LostError(f"no button {label!r}: {self.page.text}")

    async def send(
        self, form: Form, button: Control, filled: Mapping[str, str | Sequence[str]], files: Sequence[Photo] = ()
    ) -> Page:
        pairs = [(name, value) for name, value in form.sent() if name not in filled]
        for name, value in filled.items():
            pairs += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        if button.name:
            pairs.append((button.name, button.value))
        data = aiohttp.FormData(pairs)
        for number, file in enumerate(files):
            name = file.name or f"IMG-20261124-WA{number + 42:04}.bin"
            data.add_field("files", file.data, filename=name, content_type=file.mime)
        return await self.post(form.action, data)

    async def post(self, address: str, data: aiohttp.FormData | bytes | BytesIO, **headers: str) -> Page:
        given = {"origin": self.url, "sec-fetch-site": "same-origin", **headers}
        async with self.session.post(urljoin(self.url, address), data=data, headers=given) as answer:
            return await self._show(answer)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The client session of the browser."""
        if self._opened is None:
            jar = aiohttp.CookieJar(unsafe=True)
            self._opened = aiohttp.ClientSession(cookie_jar=jar, headers=self._headers)
        return self._opened

    async def _show(self, answer: aiohttp.ClientResponse) -> Page:
        self.page = Page(await answer.text(), str(answer.url), answer.status, answer.headers)
        return self.page
