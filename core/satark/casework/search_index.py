"""Index of a desk's opened texts: what a search takes does not grow with the words of the tips, and hardly with tips.

It holds content: it lives and goes with the opened tips.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from satark.casework.search import Query, SearchText, Word, skeleton_of, sound_of

_SLACK: Final = 1000
"""Places of replaced texts, besides as many as there are texts, that are kept before the index is built anew."""


class SearchIndex:
    """The texts of the opened tips, by tip id, with the words that sound alike."""

    def __init__(self) -> None:
        self._texts: dict[str, SearchText] = {}
        self._places: list[str] = []
        """Place → the tip whose text stands there; empty where it was replaced."""
        self._place_of: dict[str, int] = {}
        self._skeletons: dict[str, array[int]] = {}
        """Consonants of a word → the places of the texts that have it."""
        self._sounds: dict[str, array[int]] = {}
        self._known: dict[str, tuple[str, str]] = {}
        """Word → its consonants and its sound, which take long to work out."""

    def __repr__(self) -> str:
        return "SearchIndex(…)"

    def put(self, tip: str, texts: Iterable[str]) -> None:
        """Take the texts of a tip in place of those that it had."""
        self.remove(tip)
        if len(self._places) > 2 * len(self._texts) + _SLACK:
            self._build_anew()
        self._add(tip, SearchText(texts))

    def remove(self, tip: str) -> None:
        """Forget the texts of a tip."""
        if self._texts.pop(tip, None) is not None:
            self._places[self._place_of.pop(tip)] = ""

    def find(self, query: Query, may_show: Callable[[str], bool]) -> Mapping[str, str]:
        """Return the tips that have all words of a query, each with a snippet, which is made when it is asked for.

        `may_show` tells which tips whoever asks may see at all.
        """
        found: Collection[str] = self._texts.keys()
        for word in query.words:
            found = self._having(word, found)
        return _Snippets(self._texts, query, set(filter(may_show, found)))

    def _having(self, word: Word, among: Iterable[str]) -> list[str]:
        alike, texts = self._sounding_like(word), self._texts
        return [tip for tip in among if tip in alike or texts[tip].has(word)]

    def _sounding_like(self, word: Word) -> set[str]:
        if not word.skeleton:
            return {self._places[place] for place in self._sounds.get(word.sound, ())}
        like = (places for skeleton, places in self._skeletons.items() if skeleton.startswith(word.skeleton))
        return {self._places[place] for places in like for place in places}

    def _add(self, tip: str, text: SearchText) -> None:
        place = self._place_of[tip] = len(self._places)
        self._places.append(tip)
        self._texts[tip] = text
        words = set(text.words)
        alike = [self._alike_to(word) for word in words]
        for skeleton in {skeleton for skeleton, _ in alike} - {""}:
            self._skeletons.setdefault(skeleton, array("I")).append(place)
        for sound in {sound for _, sound in alike} - {""}:
            self._sounds.setdefault(sound, array("I")).append(place)

    def _alike_to(self, word: str) -> tuple[str, str]:
        if word not in self._known:
            self._known[word] = skeleton_of(word), sound_of(word)
        return self._known[word]

    def _build_anew(self) -> None:
        texts = self._texts
        self._texts, self._places, self._place_of, self._skeletons, self._sounds = {}, [], {}, {}, {}
        for tip, text in texts.items():
            self._add(tip, text)


class _Snippets(Mapping[str, str]):
    """The tips that a search found. A snippet is made when it is asked for: a page shows few of them."""

    def __init__(self, texts: Mapping[str, SearchText], query: Query, found: set[str]) -> None:
        self._texts, self._query, self._found = texts, query, found

    def __getitem__(self, tip: str) -> str:
        if tip not in self._found:
            raise KeyError(tip)
        return self._texts[tip].find(self._query) or ""

    def __contains__(self, tip: object) -> bool:
        return tip in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return "Snippets(…)"
