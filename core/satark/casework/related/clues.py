"""Clues: what can be compared between two opened tips. They hold content: keep them no longer than the tips."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from satark.api.observability import Redacted
from satark.api.tip import Evidence, Tip
from satark.casework.related.persons import Person, persons_in
from satark.casework.related.places import Landmark, Pin, landmark
from satark.casework.related.wording import words_of
from satark_words.tokens import fold

T = TypeVar("T")
_STATES: Final = (
    "an|ap|ar|as|br|cg|ch|dd|dl|dn|ga|gj|hp|hr|jh|jk|ka|kl|la|ld|mh|ml|mn|mp|mz|nl|od|or|pb|py|"
    "rj|sk|tn|tr|ts|ua|uk|up|wb"
)
"""Codes of the states and territories; a plate begins with one of them."""
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
"""Matches between words, and between letters and digits."""
_PLATE: Final = re.compile(rf"(?<![a-z0-9])({_STATES}) ?([0-9]{{1,2}}) ?((?:[a-z] ?){{1,3}})([0-9]{{3,4}})(?![a-z0-9])")
_BHARAT_PLATE: Final = re.compile(r"(?<![a-z0-9])([2-9][0-9]) ?bh ?([0-9]{4}) ?([a-z]{1,2})(?![a-z0-9])")
_PHONE: Final = re.compile(r"(?<![0-9])(?:(?:0|91|0091) ?)?([6-9](?: ?[0-9]){9})(?! ?[0-9])")


class Picture(Redacted, frozen=True):
    """What can be compared between two pictures: the original's hash, and the picture's looks."""

    sha256: str
    looks: str
    """See `satark.api.tip.Evidence.looks`; empty where that is not known."""


class Clues(Redacted, frozen=True, kw_only=True):
    """The clues of one tip."""

    received: str = ""
    """The time band in which it came."""
    station: str = ""
    has_files: bool = False
    plates: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    persons: frozenset[Person] = frozenset()
    landmark: Landmark | None = None
    pin: Pin | None = None
    words: frozenset[str] = frozenset()
    """The words of the tipster's texts, as they are compared."""
    pictures: tuple[Picture, ...] = ()


def clues_of(tip: Tip | None, told: Sequence[str], pictures: tuple[Picture, ...]) -> Clues:
    """Gather a tip's clues.

    Args:
        tip: the tip's document; None if the document does not open.
        told: what the tipster wrote or said besides: messages, captions, transcripts.
        pictures: its pictures.
    """
    answers = tip.answers if tip else {}
    place: Mapping[str, Any] = next((value for value in answers.values() if _is_place(value)), {})
    story = [*(value for value in answers.values() if isinstance(value, str)), *told]
    every = [*story, str(place.get("text") or "")]
    station = tip.station if tip else ""
    return Clues(
        received=tip.received if tip else "",
        station=station,
        has_files=bool(tip and tip.evidence),
        plates=frozenset(_found(plates_in, every)),
        phones=frozenset(_found(phones_in, every)),
        persons=frozenset(_found(persons_in, every)),
        landmark=landmark(str(place.get("text") or ""), station),
        pin=_pin(place),
        words=words_of(text for text in story if " " in text),
        pictures=pictures,
    )


def picture_of(record: Evidence) -> Picture | None:
    """Return what can be compared of an image or a video; None for any other file."""
    return Picture(record.sha256, record.looks) if record.kind in {"image", "video"} else None


def _found(read: Callable[[str], Iterator[T]], texts: Iterable[str]) -> Iterator[T]:
    return (found for text in texts for found in read(text))


def _is_place(value: object) -> bool:
    return isinstance(value, dict) and not {"text", "latitude"}.isdisjoint(value)


def _pin(place: Mapping[str, Any]) -> Pin | None:
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return Pin(float(latitude), float(longitude))
    return None


def plates_in(text: str) -> Iterator[str]:
    """Yield the number plates in a text as `UP65CD4411`: in either script, with or without spaces and hyphens."""
    latin = _in_latin(fold(text))
    for state, district, series, number in _PLATE.findall(latin):
        yield f"{state}{int(district):02}{series.replace(' ', '')}{int(number):04}".upper()
    for year, number, series in _BHARAT_PLATE.findall(latin):
        yield f"{year}bh{number}{series}".upper()


def phones_in(text: str) -> Iterator[str]:
    """Yield the Indian mobile numbers in a text, ten digits each. Numbers of helplines are shorter and are left out."""
    for number in _PHONE.findall(fold(text.replace("+", " "))):
        yield number.replace(" ", "")


def _in_latin(folded: str) -> str:
    return " ".join(_letters_of(word) for word in _BETWEEN.split(folded) if word)


def _letters_of(word: str) -> str:
    """Return the letters that a word spells out in Devanagari; the word itself if it spells none."""
    found = [] if word.isascii() else _SPELT.findall(word)
    return "".join(_LETTERS[name] for name in found) if found and "".join(found) == word else word
