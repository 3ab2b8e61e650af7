"""Spellings: whether words that are spelt otherwise, or in another script, may be one word."""

from __future__ import annotations

from typing import Final

from satark_words.tokens import Keys

SHORTEST_PREFIX: Final = 3
SHORTEST_STEM: Final = 4
_SHORTEST_FOREIGN: Final = 5
_SHORTEST_PLAIN: Final = 2


def stem_of(sound: str) -> str:
    """Return a Hindi word without its ending: batata and batati have one. Empty where it is too short for one."""
    stem = sound.rstrip("aeiou")
    return stem if len(stem) >= SHORTEST_STEM and sound.isalpha() else ""


def plain(sound: str) -> str:
    """Return the sound of a word without its last vowels: batata, batati and batate are one word."""
    stem = sound.rstrip("aeiou")
    return stem if len(stem) >= _SHORTEST_PLAIN else sound


def may_meet(text: str, other: str, size: int) -> bool:
    """Whether a word may stand for one of another spelling: Urdu script leaves so much open that short words don't."""
    if is_urdu(text) != is_urdu(other):
        return size >= _SHORTEST_FOREIGN
    return size >= SHORTEST_PREFIX or (text.isascii() and other.isascii())


def is_urdu(word: str) -> bool:
    """Whether a word is in Urdu script, by its first letter."""
    return "\u0600" < word[0] < "\u0700"


def lacks_vowels(text: str, word: Keys) -> bool:
    """Whether a word is written without its vowels: in Urdu script, or as in a short message: "shrb"."""
    if len(word.bones) <= SHORTEST_PREFIX or word.frame != word.bones:
        return False
    return (text[0] > "\u0600" and text[0] < "\u0700") or (not set(text[1:-1]) & set("aeiou") and text.isascii())
