"""Spelling: decides whether words in different spellings, forms or scripts may be the same word.

It works on sounds (`tokens.Keys.sound`), so that one list of endings serves every script: भेजूँगा, bhejunga and
بھیجوں گا have one ending.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from satark_words.small_words import in_order, listed
from satark_words.tokens import Keys

SHORTEST_PREFIX: Final = 3
SHORTEST_STEM: Final = 4
_SHORTEST_FOREIGN: Final = 5
_SHORTEST_PLAIN: Final = 2


def stem_of(sound: str) -> str:
    """Return the stem of a Hindi word, which batata and batati share; empty if the word is too short."""
    stem = sound.rstrip("aeiou")
    return stem if len(stem) >= SHORTEST_STEM and sound.isalpha() else ""


def plain(sound: str) -> str:
    """Return the sound of a word without its last vowels, which is the same for batata, batati and batate."""
    stem = sound.rstrip("aeiou")
    return stem if len(stem) >= _SHORTEST_PLAIN else sound


def may_meet(text: str, other: str, size: int) -> bool:
    """Return whether a word may stand for another spelling; short words in Urdu script, which omits vowels, can't."""
    if is_urdu(text) != is_urdu(other):
        return size >= _SHORTEST_FOREIGN
    return size >= SHORTEST_PREFIX or (text.isascii() and other.isascii())


def is_urdu(word: str) -> bool:
    """Return whether a word's first letter is in Urdu script."""
    return "\u0600" < word[0] < "\u0700"


def lacks_vowels(text: str, word: Keys) -> bool:
    """Return whether a word is written without vowels, in Urdu script or abbreviated: "shrb"."""
    if len(word.bones) <= SHORTEST_PREFIX or word.frame != word.bones:
        return False
    return (text[0] > "\u0600" and text[0] < "\u0700") or (not set(text[1:-1]) & set("aeiou") and text.isascii())


VERB: Final = "+"
"""Sign after a verb's stem in the lexicon. The entry matches the stem with any ending or none."""
VERBS: Final = listed("verbs")
_SHORTEST_VERB_STEM: Final = 2
"""Number of letters of the shortest stem."""
_LONGEST_ENDING: Final = 7
_ENDINGS: Final = listed("endings")
_MERGED: Final = listed("merged-endings")


def stems(sound: str) -> Iterator[str]:
    """Yield possible stems of a word, given as its sound: the word itself, and the word without each ending."""
    yield sound
    for size in range(1, min(_LONGEST_ENDING, len(sound) - _SHORTEST_VERB_STEM) + 1):
        ending = sound[-size:]
        if ending in _ENDINGS:
            yield sound[:-size]
        if ending in _MERGED:
            yield f"{sound[:-size]}a"


_PLURALS: Final = [one.partition(":")[::2] for one in in_order("plurals")]
_ENGLISH: Final = [one.partition(":")[::2] for one in in_order("english-endings")]
_SHORTEST_NOUN: Final = 3


def singulars(sound: str, *, english: bool) -> Iterator[str]:
    """Yield possible listed forms of a noun, given as its sound; with `english`, also those of a verb."""
    for ending, other in (*_PLURALS, *_ENGLISH) if english else _PLURALS:
        if sound.endswith(ending) and len(sound) - len(ending) >= _SHORTEST_NOUN:
            yield sound[: -len(ending)] + other


_ONE_LETTER_OFF: Final = 6
_TWO_LETTERS_OFF: Final = 9
"""Number of letters of the shortest word that may differ in one letter, and of the shortest that may differ in two."""


class NearSounds:
    """Finds known sounds that are similar, by their first letter and possible lengths."""

    def __init__(self, sounds: Iterable[str]) -> None:
        self._alike: dict[tuple[str, int], list[str]] = {}
        for sound in sounds:
            size = len(sound)
            for other in (size - 2, size - 1, size, size + 1, size + 2) if size >= _ONE_LETTER_OFF - 1 else ():
                if abs(other - size) <= _letters_off(other) and sound.isalpha():
                    self._alike.setdefault((sound[0], other), []).append(sound)

    def of(self, sound: str) -> Sequence[str]:
        """Return the known sounds that differ in the fewest letters; none if the sound is too short or not a word."""
        size = len(sound)
        if size < _ONE_LETTER_OFF or not sound.isalpha():
            return ()
        alike = self._alike.get((sound[0], size), ())
        near = extract(sound, alike, scorer=OSA.distance, score_cutoff=_letters_off(size), limit=None)
        best = min((distance for _, distance, _ in near), default=0)
        return [other for other, distance, _ in near if distance == best]


def _letters_off(size: int) -> int:
    return 2 if size >= _TWO_LETTERS_OFF else 1
