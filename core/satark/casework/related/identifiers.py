"""Number plates and phone numbers in a text, however they are spaced and in either script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from satark_words.tokens import fold

_STATES: Final = (
    "an|ap|ar|as|br|cg|ch|dd|dl|dn|ga|gj|hp|hr|jh|jk|ka|kl|la|ld|mh|ml|mn|mp|mz|nl|od|or|pb|py|"
    "rj|sk|tn|tr|ts|ua|uk|up|wb"
)
"""Codes of the states and territories, with which a plate begins."""
_LETTERS: Final = {
    fold(name): letter
    for name, letter in {
    "ए": "a", "बी": "b", "सी": "c", "डी": "d", "ई": "e", "एफ": "f", "जी": "g", "एच": "h", "आई": "i", "जे": "j",
    "के": "k", "एल": "l", "एम": "m", "एन": "n", "ओ": "o", "पी": "p", "क्यू": "q", "आर": "r", "एस": "s", "टी": "t",
    "यू": "u", "वी": "v", "डब्ल्यू": "w", "डब्लू": "w", "एक्स": "x", "वाई": "y", "जेड": "z",
}.items()}  # fmt: skip
"""The letters of the Latin alphabet as they are spelt in Devanagari."""
_SPELT: Final = re.compile("|".join(sorted(map(re.escape, _LETTERS), key=len, reverse=True)))
_BETWEEN: Final = re.compile(r" |(?<=\d)(?=\D)|(?<=\D)(?=\d)")
"""Between words, and between letters and digits."""
_PLATE: Final = re.compile(rf"(?<![a-z0-9])({_STATES}) ?([0-9]{{1,2}}) ?((?:[a-z] ?){{1,3}})([0-9]{{3,4}})(?![a-z0-9])")
_BHARAT_PLATE: Final = re.compile(r"(?<![a-z0-9])([2-9][0-9]) ?bh ?([0-9]{4}) ?([a-z]{1,2})(?![a-z0-9])")
_PHONE: Final = re.compile(r"(?<![0-9])(?:(?:0|91|0091) ?)?([6-9](?: ?[0-9]){9})(?! ?[0-9])")


def plates_in(text: str) -> Iterator[str]:
    """Yield the number plates in a text as `UP65CD4411`: in either script, with or without spaces and hyphens."""
    latin = _in_latin(fold(text))
    for state, district, series, number in _PLATE.findall(latin):
        yield f"{state}{int(district):02}{series.replace(' ', '')}{int(number):04}".upper()
    for year, number, series in _BHARAT_PLATE.findall(latin):
        yield f"{year}bh{number}{series}".upper()


def phones_in(text: str) -> Iterator[str]:
    """Yield the Indian mobile numbers in a text by their ten digits. Helplines are shorter and are none."""
    for number in _PHONE.findall(fold(text.replace("+", " "))):
        yield number.replace(" ", "")


def _in_latin(folded: str) -> str:
    return " ".join(_letters_of(word) for word in _BETWEEN.split(folded) if word)


def _letters_of(word: str) -> str:
    """Return the letters that a word spells out in Devanagari; the word itself if it spells none."""
    found = [] if word.isascii() else _SPELT.findall(word)
    return "".join(_LETTERS[name] for name in found) if found and "".join(found) == word else word
