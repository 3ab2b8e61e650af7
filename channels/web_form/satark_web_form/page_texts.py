"""The texts of the pages. Questions and options come from the flow's catalogues instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from satark.catalogues import Catalogues
from satark.languages import languages_of

LANGUAGES: Final = languages_of("satark_web_form")


class PageTexts:
    """The texts of the pages in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = Catalogues.of("satark_web_form")[language]

    def __call__(self, key: str, **values: Any) -> str:
        """Return the text of a key."""
        return self._texts.text(key, **values)

    def __iter__(self) -> Iterator[str]:
        """Yield the keys."""
        return iter(self._texts)

    def lines(self, key: str) -> list[str]:
        """Return the lines of a text."""
        return self._texts.text(key).split("\n")


def load_page_texts() -> dict[str, PageTexts]:
    """Load the texts of every language."""
    return {language: PageTexts(language) for language in LANGUAGES}
