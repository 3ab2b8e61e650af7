"""A gallery of the desk's pages: visits every state of them, and reviews each in English and in Hindi."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from support.page_review import LOOKS, PageReview

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from support.page_review import Look

_OFFICERS: Final = ("sp", "dig", "lanka", "second", "third", "naya", "app", "key")
_WORDS: Final = ("Satark", "English", "WhatsApp", "SMS", "PDF", "CSV", "FIR", "Byte", "Bytes", "JavaScript")
_BROWSERS: Final = ("Chrome", "Linux")
_KEYS: Final = ("Enter", "Esc", "PageUp", "PageDown")
_SEND: Final = """([address, fields]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action: address});
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement("input"), {name, value}));
  document.body.append(form);
  form.submit();
}"""


class PageState(NamedTuple):
    """One state of a page, and the request that leads to it."""

    name: str
    path: str
    """The path below the desk's address."""
    form: Mapping[str, str] | None = None
    """The form that is sent to the page; None opens the page."""
    status: int = 200


class DeskGallery:
    """Visits pages of the desk.

    Args:
        browser: Chromium.
        address: URL of the desk's pages, without a slash at the end.
        tips: name of a tip → its number, for the braces of the states' paths and fields.
        pictures: the folder for pictures; None takes none.
    """

    def __init__(
        self,
        browser: Browser,
        address: str,
        tips: Mapping[str, str] = MappingProxyType({}),
        pictures: Path | None = None,
    ) -> None:
        self._browser = browser
        self._address = address
        self._tips = tips
        self._pictures = pictures

    async def visit(self, states: Iterable[PageState], by: str = "", passphrase: str = "") -> list[str]:
        """Visit states in each language, on a phone or a desktop; return their faults.

        Where pictures are taken, each is visited in each language on both.

        Args:
            states: the states.
            by: desk and officer, such as `sp/sp-1`, who signs in first; nobody if empty.
            passphrase: the officer's.
        """
        faults: list[str] = []
        listed = list(states)
        for look in LOOKS if self._pictures else LOOKS[:2]:
            page = await self._open_browser(look)
            if by:
                desk, officer = by.split("/")
                await self.go(page, sign_in(desk, officer, passphrase))
            review = PageReview(page, look, frozenset((*_OFFICERS, *_WORDS, *_BROWSERS, *_KEYS)), self._pictures)
            for state in listed:
                status = await self.go(page, state)
                wrong = [] if status == state.status else [f"{state.name}: answers {status}"]
                faults += wrong + await review.review(state.name)
            await page.context.close()
        return faults

    async def go(self, page: Page, state: PageState) -> int:
        """Bring the browser to a state; return the status of the answer."""
        address = f"{self._address}/{state.path.format_map(self._tips)}"
        if state.form is None:
            answer = await page.goto(address)
        else:
            await page.goto(f"{self._address}/static/desk.css")  # any page of the desk sends forms
            fields = {name.format_map(self._tips): value.format_map(self._tips) for name, value in state.form.items()}
            async with page.expect_navigation() as navigation:
                await page.evaluate(_SEND, [address, fields])
            answer = await navigation.value
        return answer.status if answer else 0

    async def _open_browser(self, look: Look) -> Page:
        context = await self._browser.new_context(
            locale=f"{look.language}-IN",
            viewport={"width": look.width, "height": look.height},
            color_scheme=look.scheme,
            reduced_motion="reduce",
        )
        return await context.new_page()


def sign_in(desk: str, officer: str, passphrase: str) -> PageState:
    """Return the state after this officer has signed in."""
    return PageState("signed in", "sign-in", {"desk": desk, "officer": officer, "passphrase": passphrase})
