"""Search over the tips opened in memory: any case and script, numbers with or without hyphens, with a snippet.

Each word of a query must be found. Each word is found in its folded form. A word with digits is also found across
spaces and hyphens (`UP65CD4411` in `UP65 CD 4411`). A word without digits is also found by its consonants, so that
हथियार finds `hathiyar`; if it has few consonants, by a whole word that sounds alike (कल्लू, `kallu`).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

import msgspec

from satark.api.observability import Redacted
from satark_words.tokens import fold

SNIPPET: Final = 40
"""Number of characters of a snippet on each side of the found word."""
_BETWEEN: Final = " · "
"""Separates two texts of a tip."""
_HIDDEN: Final = "\n"
"""Precedes a text that is searched but not shown."""
_LEAST_DIGITS: Final = 3
"""Number of characters from which a word with digits is also looked for across spaces and hyphens."""
_LEAST_CONSONANTS: Final = 3
"""Number of consonants from which a word is also looked for by them: fewer would find too much."""

_DEVANAGARI: Final = {
    "क": "k", "ख": "k", "ग": "g", "घ": "g", "ङ": "n", "च": "c", "छ": "c", "ज": "j", "झ": "j", "ञ": "n",
    "ट": "t", "ठ": "t", "ड": "d", "ढ": "d", "ण": "n", "त": "t", "थ": "t", "द": "d", "ध": "d", "न": "n",
    "प": "p", "फ": "p", "ब": "b", "भ": "b", "म": "m", "य": "", "र": "r", "ल": "l", "व": "v",
    "श": "s", "ष": "s", "स": "s", "ह": "", "ं": "n", "ँ": "n", "ळ": "l",
}  # fmt: skip
"""The class of each consonant. Aspiration, nukta and the weak य and ह are written in too many ways to tell apart."""
_LATIN: Final = {
    **{letter: letter for letter in "bdgjklmnprstv"},
    "c": "c", "f": "p", "q": "k", "w": "v", "x": "ks", "z": "j", "h": "", "y": "",
}  # fmt: skip
_VOWELS: Final = {
    "अ": "a", "आ": "a", "इ": "i", "ई": "i", "उ": "u", "ऊ": "u", "ए": "e", "ऐ": "e", "ओ": "o", "औ": "o", "ऋ": "ri",
    "ा": "a", "ि": "i", "ी": "i", "ु": "u", "ू": "u", "े": "e", "ै": "e", "ो": "o", "ौ": "o", "ृ": "ri",
}  # fmt: skip
_VIRAMA: Final = "्"
_LATIN_VOWELS: Final = (("aa", "a"), ("ee", "i"), ("ii", "i"), ("oo", "u"), ("uu", "u"), ("ai", "e"), ("au", "o"))
_LEAST_LETTERS: Final = 3
"""Number of letters from which a word with few consonants is also looked for by its sound."""
_TOKEN: Final = re.compile(r"[^\W_]+(?:[\u0900-\u0903\u093A-\u094F\u200c\u200d]+[^\W_]*)*")
_LAST_A: Final = re.compile(r"(?<=[^aeiou])a$")
"""Matches a last `a` after a consonant, which one script writes and the other does not."""
_DOUBLED: Final = re.compile(r"(.)\1+")


class SearchText(Redacted, frozen=True):
    """A tip's texts, prepared for searching. They hold content: keep them no longer than the opened tip."""

    text: str
    folded: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> SearchText:
        text = _BETWEEN.join(" ".join(one.split()) for one in texts if one)
        return cls(text, " ".join(fold(token) for token in _TOKEN.findall(text)))

    def __add__(self, other: SearchText) -> SearchText:
        """Return both texts as one. A snippet shows only the first of them."""
        return SearchText(f"{self.text}{_HIDDEN}{other.text}", f"{self.folded} {other.folded}")

    @property
    def words(self) -> list[str]:
        return self.folded.split(" ")

    def has(self, word: Word) -> bool:
        """Return whether a word occurs in the texts as it is, or across spaces and hyphens."""
        return word.folded in self.folded or (bool(word.compact) and word.compact in self.folded.replace(" ", ""))

    def find(self, query: Query) -> str | None:
        """Return a snippet around the first word of a query; None unless every word is found."""
        tokens = [(match.start(), match.end()) for match in _TOKEN.finditer(self.text)]
        folded = [fold(self.text[start:end]) for start, end in tokens]
        places = []
        for word in query.words:
            place = _exact(word.folded, folded) or _across(word.compact, folded) or _alike(word, folded)
            if place is None:
                return None
            places.append((tokens[place[0]][0], tokens[place[1]][1]))
        return self._snippet(*min(places)) if places else ""

    def _snippet(self, begin: int, stop: int) -> str:
        """Return the text around a found word, without the texts before and after."""
        if 0 <= self.text.find(_HIDDEN) < begin:
            return ""
        first = self.text.rfind(_BETWEEN, 0, begin)
        first = first + len(_BETWEEN) if first >= 0 else 0
        ends = (self.text.find(after, stop) for after in (_BETWEEN, _HIDDEN))
        last = min((end for end in ends if end >= 0), default=len(self.text))
        start, end = max(first, begin - SNIPPET), min(last, stop + SNIPPET)
        before, after = "…" if start > first else "", "…" if end < last else ""
        return f"{before}{self.text[start:end].strip()}{after}"


def _exact(word: str, folded: Sequence[str]) -> tuple[int, int] | None:
    """Return the first and the last token of an exact occurrence of a word."""
    parts = word.count(" ") + 1
    for at in range(len(folded) - parts + 1):
        if word in " ".join(folded[at : at + parts]):
            return at, at + parts - 1
    return None


def _across(compact: str, folded: Sequence[str]) -> tuple[int, int] | None:
    """Return the first and the last token of an occurrence of a number that spaces and hyphens divide."""
    start = "".join(folded).find(compact) if compact else -1
    ends = list(accumulate(len(token) for token in folded))
    if start < 0:
        return None
    return bisect_right(ends, start), bisect_left(ends, start + len(compact))


def _alike(word: Word, folded: Sequence[str]) -> tuple[int, int] | None:
    """Return the token that sounds like a word, as both the first and the last token."""
    for at, token in enumerate(folded):
        if (word.skeleton and skeleton_of(token).startswith(word.skeleton)) or (
            word.sound and sound_of(token) == word.sound
        ):
            return at, at
    return None


class Word(msgspec.Struct, frozen=True):
    """One word of a query, in the forms in which it is looked for; an empty form is not used."""

    folded: str
    compact: str
    skeleton: str
    sound: str


class Query(msgspec.Struct, frozen=True):
    words: Sequence[Word]

    @classmethod
    def of(cls, text: str) -> Query:
        """Prepare a query. A query without words finds everything."""
        pieces = (" ".join(fold(token) for token in _TOKEN.findall(word)) for word in text.split())
        return cls([_word(piece) for piece in pieces if piece])


def words_in(text: str) -> list[str]:
    return [word for token in _TOKEN.findall(text) for word in fold(token).split()]


def _word(folded: str) -> Word:
    compact = folded.replace(" ", "")
    has_digit = any(char.isdigit() for char in compact)
    skeleton = "" if has_digit else skeleton_of(compact)
    is_long = len(skeleton) >= _LEAST_CONSONANTS
    sound = "" if has_digit or is_long else sound_of(compact)
    return Word(
        folded,
        compact if has_digit and len(compact) >= _LEAST_DIGITS else "",
        skeleton if is_long else "",
        sound if len(sound) >= _LEAST_LETTERS else "",
    )


def skeleton_of(folded: str) -> str:
    """Return the classes of a folded word's consonants, the same in either script; a doubled consonant counts once.

    The first letter counts even if it is a vowel, or weak as in हथियार and `hathiyar`.
    """
    letters = [char for char in folded if not unicodedata.category(char).startswith("M") or char in _DEVANAGARI]
    if not letters:
        return ""
    classes = [_DEVANAGARI.get(char, _LATIN.get(char, "")) for char in letters]
    first = classes[0] or {"ह": "h", "h": "h", "य": "y", "y": "y"}.get(letters[0], "")
    return _DOUBLED.sub(r"\1", first + "".join(classes[1:]))


def sound_of(folded: str) -> str:
    """Return the sound of a folded word with its vowels, the same in both scripts: कल्लू and `kallu` are `kalu`."""
    sound = ""
    for at, char in enumerate(folded):
        after = folded[at + 1 : at + 2]
        if char in _DEVANAGARI and not unicodedata.category(char).startswith("M"):
            has_vowel = after in _VOWELS or after == _VIRAMA
            sound += (_DEVANAGARI[char] or {"य": "y"}.get(char, "")) + ("" if has_vowel else "a")
        elif char in _VOWELS or char in _DEVANAGARI:
            sound += _VOWELS.get(char) or _DEVANAGARI[char]
        elif char != _VIRAMA:
            sound += char if char in "aeiou" else _LATIN.get(char) or ("y" if char == "y" else "")
    for double, single in _LATIN_VOWELS:
        sound = sound.replace(double, single)
    sound = _DOUBLED.sub(r"\1", sound)
    return _LAST_A.sub("", sound)
