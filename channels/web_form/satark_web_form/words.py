"""What the pages themselves say; the questions and their answers come from the flow's catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from satark.catalogues import Catalogue

LANGUAGES: Final = ("hi", "en")


class Words:
    """The pages' own texts in one language; in Hindi for a language of the flow that the pages don't speak."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = Catalogue.read(
            language, (files("satark_web_form") / "texts" / f"{language}.po").read_text("utf-8")
        )

    def __call__(self, key: str, **values: Any) -> str:
        """The text under a key."""
        return self._texts.text(key, **values)

    def __iter__(self) -> Iterator[str]:
        """The keys."""
        return iter(self._texts)

    def lines(self, key: str) -> list[str]:
        """A text of several paragraphs."""
        return self._texts.text(key).split("\n")


def all_words() -> dict[str, Words]:
    """The words of every language."""
    return {language: Words(language) for language in LANGUAGES}
