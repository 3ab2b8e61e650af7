"""Find the option that a typed text names exactly: by number, by label, by another word for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from satark.api.flow import Option
from satark_words.tokens import fold


class OptionLookup:
    """The options of one question in all languages, by every folded spelling."""

    def __init__(self, codes: Sequence[str], options: Iterable[Option]) -> None:
        self._codes = tuple(codes)
        self._exact: dict[str, str] = {}
        for option in options:
            for word in (option.label, *option.words):
                self._add(fold(word), option.code)
        self._exact.pop("", None)

    def exact(self, folded: str) -> str:
        """Return the code of the option that a folded text names or numbers, or an empty text."""
        if folded.isdecimal():
            number = int(folded)
            return self._codes[number - 1] if 0 < number <= len(self._codes) else ""
        return self._exact.get(folded, "")

    def _add(self, word: str, code: str) -> None:
        self._exact.setdefault(word, code)
