"""Find the option that a typed text means: by number, by label, by another word for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from satark.dialogue.steps.contract import Option
from satark.folding import fold

_MOST_WORDS: Final = 6
"""A longer text is a story, not the name of an option."""
_SHORTEST: Final = 3
"""Characters of the shortest word that names an option from within a text."""
_WHOLE_TEXT_ONLY: Final = frozenset({"yes", "no", "unknown"})
"""Options whose words stand in ordinary sentences too: they must be the whole text."""


class OptionLookup:
    """The options of one question in all languages, by every folded spelling."""

    def __init__(self, codes: Sequence[str], options: Iterable[Option]) -> None:
        self._codes = tuple(codes)
        self._exact: dict[str, str] = {}
        self._within: dict[str, str] = {}
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

    def within(self, folded: str) -> str:
        """Return the code of the one option that a short text has a word for, or an empty text."""
        words = folded.split()
        if len(words) > _MOST_WORDS:
            return ""
        spans = (" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1))
        found = {self._within[span] for span in spans if span in self._within}
        return found.pop() if len(found) == 1 else ""

    def _add(self, word: str, code: str) -> None:
        self._exact.setdefault(word, code)
        if len(word) >= _SHORTEST and code not in _WHOLE_TEXT_ONLY:
            self._within.setdefault(word, code)
