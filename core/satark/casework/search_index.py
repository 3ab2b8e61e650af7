"""Index of a desk's opened texts by their words. More different words slow a search down; more tips hardly do.

It holds content: keep it no longer than the opened tips.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from satark.api.tip import Header
from satark.casework.search import Query, SearchText, Word, skeleton_of, sound_of
from satark.dialogue.flow.loader import Questionnaire
from satark_words.geography.geography import Geography

_SLACK: Final = 1000
"""Number of replaced texts, beyond that of present texts, at which the index is built anew."""
_LEAST_ALIKE: Final = 3
"""Number of consonants or letters from which they are looked for: see `satark.casework.search`."""
_LANGUAGES: Final = ("hi", "en")
"""Languages in which names are found: those in which officers read tips. Tipsters' words are found in any language."""
_PARTS_OF_PLACE: Final = ("text", "name", "address")
"""Fields of a place that contain somebody's words; the others are codes and numbers."""


class SearchIndex:
    """The words of the opened tips, with the tips that have a word."""

    def __init__(self, text_of: Callable[[str], SearchText]) -> None:
        """`text_of` returns a tip's texts."""
        self._text_of = text_of
        self._tips: list[str] = []
        """Place → the tip with the text there; empty once the text is replaced."""
        self._place_of: dict[str, int] = {}
        self._places: dict[str, int | array[int]] = {}
        """Word → the place of the only text with it, or the places of several."""
        self._lines = ""
        """The known words, each between line breaks; empty once a word is added."""
        self._skeletons: dict[str, list[str]] = {}
        """Consonants → the words that have them."""
        self._sounds: dict[str, list[str]] = {}

    def put(self, tip: str, text: SearchText) -> None:
        """Store the texts of a tip in place of its earlier ones."""
        self.remove(tip)
        if len(self._tips) > 2 * len(self._place_of) + _SLACK:
            self._build_anew()
        self._add(tip, text)

    def remove(self, tip: str) -> None:
        if (place := self._place_of.pop(tip, None)) is not None:
            self._tips[place] = ""

    def find(self, query: Query, may_show: Callable[[str], bool]) -> Mapping[str, str]:
        """Return the tips with all words of a query, each with a snippet that is made only when it is read.

        `may_show` returns whether the searching officer may see a tip.
        """
        places: Iterable[int] = range(len(self._tips))
        if query.words:
            places = set.intersection(*map(self._having, query.words))
        found = {self._tips[place] for place in places} - {""}
        return _Snippets(self._text_of, query, set(filter(may_show, found)))

    def _having(self, word: Word) -> set[int]:
        """Return the places of texts that have a word exactly, by its sound, or across spaces and hyphens."""
        having = self._places_of_words(self._known_with(word.compact or word.folded) | self._sounding_like(word))
        perhaps = self._having_in_parts(word) - having
        return having | {place for place in perhaps if self._has(place, word)}

    def _has(self, place: int, word: Word) -> bool:
        tip = self._tips[place]
        return bool(tip) and self._text_of(tip).has(word)

    def _known_with(self, part: str) -> set[str]:
        """Return the known words with a part. A line break in the part stands for a word's beginning or end."""
        self._lines = self._lines or "\n".join(["", *self._places, ""])
        found, at = set[str](), self._lines.find(part)
        while at >= 0:
            end = self._lines.find("\n", at + 1)
            found.add(self._lines[self._lines.rfind("\n", 0, at + 1) + 1 : end])
            at = self._lines.find(part, end)
        return found

    def _sounding_like(self, word: Word) -> set[str]:
        if not word.skeleton:
            return set(self._sounds.get(word.sound, ()))
        alike = (known for skeleton, known in self._skeletons.items() if skeleton.startswith(word.skeleton))
        return set(chain.from_iterable(alike))

    def _having_in_parts(self, word: Word) -> set[int]:
        """Return the places of texts that may have a number or hyphenated word in parts that end at a word's end."""
        if not word.compact and " " not in word.folded:
            return set()
        whole, found = word.compact or word.folded.replace(" ", ""), set[int]()
        for at in range(1, len(whole)):
            after = whole[at:]
            short = {after[:end] for end in range(1, len(after))} & self._places.keys()
            starts, ends = self._known_with(f"\n{after}") | short, self._known_with(f"{whole[:at]}\n")
            if starts and ends:
                found |= self._places_of_words(starts) & self._places_of_words(ends)
        return found

    def _places_of_words(self, words: Iterable[str]) -> set[int]:
        found = (self._places[word] for word in words)
        return set(chain.from_iterable((one,) if isinstance(one, int) else one for one in found))

    def _add(self, tip: str, text: SearchText) -> None:
        place = self._place_of[tip] = len(self._tips)
        self._tips.append(tip)
        for word in set(text.words):
            known = self._places.get(word)
            if known is None:
                self._note(word)
                self._places[word] = place
            elif isinstance(known, int):
                self._places[word] = array("I", (known, place))
            else:
                known.append(place)

    def _note(self, word: str) -> None:
        self._lines = ""
        for table, alike in ((self._skeletons, skeleton_of(word)), (self._sounds, sound_of(word))):
            if len(alike) >= _LEAST_ALIKE:
                table.setdefault(alike, []).append(word)

    def _build_anew(self) -> None:
        tips = list(self._place_of)
        self._tips, self._place_of = [], {}
        self._places, self._skeletons, self._sounds, self._lines = {}, {}, {}, ""
        for tip in tips:
            self._add(tip, self._text_of(tip))


class _Snippets(Mapping[str, str]):
    """The tips that a search found. A snippet is made only when it is read: a page shows few snippets."""

    def __init__(self, text_of: Callable[[str], SearchText], query: Query, found: set[str]) -> None:
        self._text_of, self._query, self._found = text_of, query, found

    def __getitem__(self, tip: str) -> str:
        if tip not in self._found:
            raise KeyError(tip)
        return self._text_of(tip).find(self._query) or ""

    def __contains__(self, tip: object) -> bool:
        return tip in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class SearchTexts:
    """Selects the texts that a search looks through. The queue's filters find other choices from lists."""

    def __init__(self, questionnaire: Questionnaire, geography: Geography) -> None:
        self._catalogues = {language: questionnaire.texts(language) for language in _LANGUAGES}
        self._key = questionnaire.category_key
        self._geography = geography
        self._names: dict[tuple[str, str, str], SearchText] = {}

    def written(self, answers: Mapping[str, object]) -> list[str]:
        """Return the tipster's written words in answers."""
        return [text for step, answer in answers.items() for text in self._written(step, answer)]

    def names(self, header: Header) -> SearchText:
        """Return the names of a tip's category, station and district."""
        named = (header.category, header.station, header.district)
        if named not in self._names:
            self._names[named] = SearchText.of(self._names_of(header))
        return self._names[named]

    def _names_of(self, header: Header) -> list[str]:
        categories = [texts.get(self._key(header.category), "") for texts in self._catalogues.values()]
        units = filter(None, (header.station, header.district))
        places = [self._geography.label(unit, language) for unit in units for language in _LANGUAGES]
        return [*categories, *places]

    def _written(self, step: str, answer: object) -> Iterator[str]:
        if isinstance(answer, str):
            if not self._is_chosen(step, answer):
                yield answer
        elif isinstance(answer, dict):
            yield from (str(answer[part]) for part in _PARTS_OF_PLACE if answer.get(part))
        elif isinstance(answer, list):
            yield from (text for part in answer for text in self._written(step, part))

    def _is_chosen(self, step: str, answer: str) -> bool:
        """Whether an answer is the code of an option and not the tipster's words."""
        texts = self._catalogues["en"]
        return f"{step}.{answer}" in texts or f"option.{answer}" in texts
