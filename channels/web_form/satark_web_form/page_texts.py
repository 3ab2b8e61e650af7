"""The texts of the pages. Questions and options come from the flow's catalogues instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from satark_words.catalogues import Catalogues
from satark_words.languages import language as known_language
from satark_words.languages import languages_of

_PACKAGE: Final = "satark_web_form"


class PageTexts:
    """The texts of the pages in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.direction = known_language(language).direction
        """`ltr` or `rtl`."""
        self.name = known_language(language).name
        """The language, in itself."""
        self._texts = Catalogues.of(_PACKAGE)[language]

    def __call__(self, key: str, **values: Any) -> str:
        """Return the text of a key."""
        return self._texts.text(key, **values)

    def __iter__(self) -> Iterator[str]:
        """Yield the keys."""
        return iter(self._texts)

    def lines(self, key: str) -> list[str]:
        """Return the lines of a text."""
        return self._texts.text(key).split("\n")


def load_page_texts(offered: Iterable[str]) -> dict[str, PageTexts]:
    """Load the texts of the languages that the flow is offered in and these pages have every text of.

    Where they have every text of none of them, the pages are in those that they do have.
    """
    spoken = [language for language in languages_of(_PACKAGE) if _is_complete(language)]
    return {language: PageTexts(language) for language in [one for one in offered if one in spoken] or spoken}


def _is_complete(language: str) -> bool:
    catalogues = Catalogues.of(_PACKAGE)
    return all(key in catalogues[language] for key in catalogues["en"])
