"""The phrases that clips say: every fixed piece of a text of a chat, the names of places, and numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography

LARGEST_NUMBER: Final = 30
"""Numbers up to this one are said as a whole; of larger ones, and of codes, each digit."""
_PLACES: Final = re.compile(r"\{\w*\}")
_NEVER_IN_A_CHAT: Final = (".words", ".sms", ".voice", ".web_form")
_MOST_FORMS: Final = 6
_EDGES: Final = frozenset("PSZC")
"""First letters of the Unicode categories of what stands around a word: punctuation, symbols, space, controls."""

Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """Return a text's words without the signs around them; what is no word (an emoji, a dash) is left out."""
    return tuple(word for word in map(_bare, text.split()) if word)


def every_phrase(catalogues: Catalogues, geography: Geography) -> Iterator[tuple[str, str]]:
    """Yield language and text of each phrase, as it is to be recorded; some come more than once."""
    for catalogue in catalogues:
        yield from ((catalogue.language, phrase) for phrase in phrases_of(catalogue, geography))


def phrases_of(catalogue: Catalogue, geography: Geography) -> Iterator[str]:
    """Yield the phrases of one language."""
    for key in catalogue:
        if not key.endswith(_NEVER_IN_A_CHAT):
            forms = (key, *(f"{key}#{number}" for number in range(_MOST_FORMS)))
            yield from _fixed_parts(catalogue.get(form) for form in forms)
    language = catalogue.language
    for district in geography.districts:
        yield district.label(language)
        yield from (station.label(language) for station in geography.stations(district.code))
    yield from map(str, range(LARGEST_NUMBER + 1))


def _fixed_parts(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in text.split("\n"):
            yield from (part.strip() for part in _PLACES.split(line) if words_of(part))


def _bare(word: str) -> str:
    start, end = 0, len(word)
    while start < end and unicodedata.category(word[start])[0] in _EDGES:
        start += 1
    while end > start and unicodedata.category(word[end - 1])[0] in _EDGES:
        end -= 1
    return word[start:end].casefold()


class Phrases:
    """The phrases of one language, found by the words they begin with."""

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        found: dict[str, list[tuple[Words, str]]] = {}
        for name, text in named:
            words = words_of(text)
            found.setdefault(words[0], []).append((words, name))
        self._by_first = {first: sorted(those, key=lambda one: -len(one[0])) for first, those in found.items()}

    def longest(self, words: Sequence[str], at: int) -> tuple[int, str]:
        """Return how many words the longest phrase takes that stands here, and its clip's name; 0: there is none."""
        for phrase, name in self._by_first.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                return len(phrase), name
        return 0, ""
