"""Words of any script, and the keys by which different spellings of one word meet.

Devanagari, Urdu script and roman letters are written in one plain roman alphabet. From it come three keys, each looser
than the one before: `sound` (शराब, sharab and saraab meet), `frame` (without the short a's; e and i, o and u meet:
dhamki and धमकी, and what Urdu writes without short vowels) and `bones` (consonants, first and last vowel: mjhe, مجھے).
Nothing is cached by text, since what tipsters type must not stay in memory.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from satark_words.folding import fold

_WORD: Final = re.compile(
    r"[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u097f\u200c\u200d'’‘ʼ\ufe0f\u20e3]+|\S"
)
_STOPS: Final = frozenset(".,;!?।॥\n۔،؛؟:|-–—()…")
_STRESS: Final = re.compile(r"(\D)(?=\1\1)")
"""Letters that are written three times and more, but for the last two."""
_HARAKAT: Final = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u0640]")


class Token(NamedTuple):
    """One word, sign or emoji of a text."""

    text: str
    """Folded: see `satark_words.folding`."""
    start: int
    end: int
    clause: int
    """Counts up at each full stop, comma and line end."""


class Keys(NamedTuple):
    """The three keys of a word."""

    sound: str
    frame: str
    bones: str


def tokenize(text: str) -> list[Token]:
    """Split a text into folded words, emoji and question marks, with their places in it. Never raises."""
    tokens: list[Token] = []
    clause = last = 0
    has_lines = "\n" in text
    for match in _WORD.finditer(text):
        raw = match[0]
        start, end = match.span()
        if has_lines and "\n" in text[last:start]:
            clause += 1
        last = end
        for word in _fold_word(raw):
            tokens.append(Token(word, start, end, clause))  # noqa: PERF401 - mostly one
        if raw in _STOPS:
            clause += 1
    return tokens


def _fold_word(raw: str) -> list[str]:
    if raw in {"?", "؟"}:
        return ["?"]
    if len(raw) == 1 and unicodedata.category(raw) in {"So", "Sm"}:
        return [raw]
    folded = raw.lower() if raw.isascii() and raw.isalnum() else _HARAKAT.sub("", fold(raw))
    if not folded or folded == "?":
        return []
    return _WORD.findall(_STRESS.sub("", folded))


def normalize(text: str) -> str:
    """Write a text as its folded words with spaces between them. Idempotent; empty for nothing but punctuation."""
    return " ".join(token.text for token in tokenize(text))


# ------------------------------------------------------------- one alphabet

_CONSONANTS: Final = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "n", "च": "ch", "छ": "chh", "ज": "j", "झ": "jh", "ञ": "n", "ट": "t",
    "ठ": "th", "ड": "d", "ढ": "dh", "ण": "n", "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n", "प": "p", "फ": "ph",
    "ब": "b", "भ": "bh", "म": "m", "य": "y", "र": "r", "ल": "l", "व": "v", "श": "sh", "ष": "sh", "स": "s", "ह": "h",
    "ळ": "l",
}  # fmt: skip
_VOWELS: Final = {
    "अ": "a", "आ": "aa", "इ": "i", "ई": "ee", "उ": "u", "ऊ": "oo", "ऋ": "ri", "ए": "e", "ऐ": "ai", "ओ": "o", "औ": "au",
    "ऑ": "o", "ऍ": "e",
}  # fmt: skip
_SIGNS: Final = {
    "ा": "aa", "ि": "i", "ी": "ee", "ु": "u", "ू": "oo", "ृ": "ri", "े": "e", "ै": "ai", "ो": "o", "ौ": "au", "ॉ": "o",
    "ॅ": "e", "्": "",
}  # fmt: skip
_DEVANAGARI: Final = {
    **dict.fromkeys(range(0x0900, 0x0980), ""),
    **{ord(char): letters for char, letters in {**_CONSONANTS, **_VOWELS, **_SIGNS, "ं": "n"}.items()},
}
_SPOKEN_A: Final = re.compile(f"(?<=[{''.join(_CONSONANTS)}])(?![{''.join(_SIGNS)}]|\\Z)")
"""After a consonant that no vowel's sign follows, but at the end of a word."""
_NASAL_LABIAL: Final = re.compile("ं(?=[पफबभम])")
_URDU: Final = {
    "ا": "a", "آ": "a", "أ": "a", "إ": "i", "ب": "b", "پ": "p", "ت": "t", "ٹ": "t", "ث": "s", "ج": "j", "چ": "ch",
    "ح": "h", "خ": "kh", "د": "d", "ڈ": "d", "ذ": "j", "ر": "r", "ڑ": "r", "ز": "j", "ژ": "j", "س": "s", "ش": "sh",
    "ص": "s", "ض": "j", "ط": "t", "ظ": "j", "ع": "a", "غ": "g", "ف": "p", "ق": "k", "ک": "k", "ك": "k", "گ": "g",
    "ل": "l", "م": "m", "ن": "n", "ں": "n", "ہ": "h", "ھ": "h", "ه": "h", "ة": "h", "ۃ": "h", "ے": "e", "ئ": "i",
    "ؤ": "u", "ء": "",
}  # fmt: skip


def roman(word: str) -> str:
    """Write a folded word in plain roman letters."""
    if word.isascii():
        return word
    if "\u0900" <= word[0] <= "\u097f":
        return _from_devanagari(word)
    if "\u0600" <= word[0] <= "\u06ff":
        return _from_urdu(word)
    return "".join(char for char in word if not unicodedata.combining(char))


def _from_devanagari(word: str) -> str:
    if "ं" in word:
        word = _NASAL_LABIAL.sub("म्", word)
    return _SPOKEN_A.sub("अ", word).translate(_DEVANAGARI)


def _from_urdu(word: str) -> str:
    written: list[str] = []
    last = len(word) - 1
    for index, char in enumerate(word):
        if char == "و":
            written.append("v" if index == 0 else "u")
        elif char in {"ی", "ي", "ى"}:
            written.append("y" if index == 0 else "i")
        elif char in "ہهۃة" and index == last and index > 0 and written[-1] not in {"a", "e", "i", "u"}:
            written.append("a")
        elif char == "ع" and index > 0:
            written.append("")
        else:
            written.append(_URDU.get(char, char))
    return "".join(written)


# ------------------------------------------------------------- keys

_LETTERS: Final = {
    "chh": "c", "ch": "c", "ck": "k", "sh": "s", "kh": "k", "gh": "g", "th": "t", "dh": "d", "bh": "b", "ph": "p",
    "jh": "j", "rh": "r", "w": "v", "z": "j", "q": "k", "f": "p", "x": "ks", "ce": "se", "ci": "si", "c": "k",
    "aa": "a", "ee": "i", "oo": "u", "ai": "e", "ei": "e", "ey": "e", "ie": "i", "au": "o", "ou": "u", "iy": "i",
}  # fmt: skip
"""Spellings of one sound, the longer before the shorter."""
_SPELLING: Final = re.compile("|".join(_LETTERS))
_AY: Final = re.compile("ay(?![aeiou])")
_REPEATED: Final = re.compile(r"(.)(?=\1)")
_LAST: Final = {
    "y": re.compile(r"(?<=[bcdgjklmnprstvh])y$"),
    "h": re.compile(r"(?<=[aeiou])h$"),
    "n": re.compile(r"(?<=[a-z]{2}[oe])n$"),
}
"""Last letters that are not heard, or are heard as an i, and where; an n there is a plural's."""
_INNER_A: Final = re.compile(r"(?<=.)a(?=.)")
_INNER: Final = re.compile(r"(?<=.)[iuvya](?=.)")
_FRAME: Final = str.maketrans("eoy", "iui")


def keys(word: str) -> Keys:
    """Return the keys of a folded word. Digits and signs are their own keys."""
    sound = sound_of(word)
    if not sound.isalpha():
        return Keys(sound, sound, sound)
    frame = _REPEATED.sub("", _INNER_A.sub("", sound.translate(_FRAME)))
    bones = _REPEATED.sub("", _INNER.sub("", frame))
    return Keys(sound, frame, bones)


def sound_of(word: str) -> str:
    """Return the first of the keys of a folded word alone."""
    sound = roman(word)
    if not sound.isalpha():
        return sound
    sound = _SPELLING.sub(_letter, sound)
    if "ay" in sound:
        sound = _AY.sub("e", sound)
    sound = _REPEATED.sub("", sound)
    if sound[-1] in _LAST:
        sound = _LAST[sound[-1]].sub("i" if sound[-1] == "y" else "", sound)
    return sound


def _letter(found: re.Match[str]) -> str:
    return _LETTERS[found[0]]
