"""Reviews pages in one language, on a phone and on a desktop, in light and in dark mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

    from playwright.async_api import Page

    Scheme = Literal["light", "dark"]


class Look(NamedTuple):
    """The language, screen and colour scheme of a reader."""

    language: str
    screen: str
    width: int
    height: int
    scheme: Scheme


LOOKS: Final = (
    Look("hi", "phone", 360, 740, "dark"),
    Look("en", "desktop", 1280, 860, "light"),
    Look("hi", "desktop", 1280, 860, "light"),
    Look("en", "phone", 360, 740, "dark"),
)
"""Each language on each screen. The first two looks cover every language, screen and colour scheme once."""
_OPEN: Final = (
    "() => document.querySelectorAll('details').forEach(one => { one.removeAttribute('name'); one.open = true; })"
)
_SIDEWAYS: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SHOWN_TEXT: Final = """() => {
  const root = document.documentElement, said = [];
  const foreign = "script, style, template, noscript, code, kbd, [translate=no], [dir=auto], .hash";
  const counts = one => !one.closest(foreign) && one.closest("[lang]") === root;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (counts(walker.currentNode.parentElement)) said.push(walker.currentNode.data);
  for (const name of ["aria-label", "title", "alt", "placeholder"])
    for (const one of document.querySelectorAll(`[${name}]`)) if (counts(one)) said.push(one.getAttribute(name));
  return said.join("\\n");
}"""
"""All visible or spoken texts of a page in its language, without codes, keys and text that people wrote."""
_CODES: Final = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b|\w+/[\w.+-]+|SHA-256")
"""Numbers of tips, file types, and the name of a digest."""


class PageReview:
    """Finds faults of the pages that a browser shows, and takes screenshots.

    Args:
        page: the browser's page.
        look: the language, screen and colour scheme.
        names: words in Latin letters that every language has, such as officers' names and abbreviations.
        pictures: the folder for pictures; None takes none.
    """

    def __init__(self, page: Page, look: Look, names: frozenset[str], pictures: Path | None = None) -> None:
        self._page = page
        self._look = look
        self._names = names
        self._pictures = pictures

    async def review(self, name: str) -> list[str]:
        """Review the current page; return its faults, each with the page's name."""
        shown = f"{name}.{self._look.language}.{self._look.screen}"
        if self._pictures:
            await self._page.wait_for_load_state()
            await self._page.screenshot(path=self._pictures / f"{shown}.png", full_page=True)
        await self._page.evaluate(_OPEN)
        faults = [*await self._wrong_words(), *await self._wrong_layout()]
        return [f"{shown}: {fault}" for fault in faults]

    async def _wrong_words(self) -> list[str]:
        language = await self._page.evaluate("document.documentElement.lang")
        wrong = [] if language == self._look.language else [f"the page says that its language is {language!r}"]
        if self._look.language == "en":
            return wrong
        said: str = await self._page.evaluate(_SHOWN_TEXT)
        words = set(re.findall(r"[A-Za-z]{3,}", _CODES.sub("", said))) - self._names
        return wrong + ([f"untranslated: {', '.join(sorted(words))}"] if words else [])

    async def _wrong_layout(self) -> list[str]:
        too_wide = await self._page.evaluate(_SIDEWAYS)
        wrong = [f"{too_wide} pixels too wide"] if too_wide > 0 else []
        violations = (await Axe().run(self._page)).response["violations"]
        return wrong + [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in violations]
