"""Clues: the parts of opened tips that are compared. They hold content: keep them no longer than the tips."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final, TypeVar

import msgspec

from satark.api.observability import Redacted
from satark.api.tip import Evidence, Tip
from satark.casework.related.wording import EMPTY, STOCK, as_compared, words_of
from satark.casework.search import sound_of, words_in
from satark_words.tokens import fold

METRES: Final = 75
"""Longest distance between two pins of one place, in metres."""
_SQUARE: Final = 0.001
"""Side of a square in degrees, about a hundred metres. Near pins lie in one square or in neighbouring squares."""
_DEGREE: Final = 111_320
"""Number of metres in a degree of latitude."""
_MOST_WORDS: Final = 8
_SAME: Final = 0.5
"""Smallest share of words that two descriptions of one place have in common."""
_GENERAL: Final = """
पास पीछे सामने बगल नजदीक करीब किनारे ऊपर नीचे अंदर बाहर गली मोहल्ला चौराहा तिराहा रोड सड़क मार्ग गांव नगर कॉलोनी बाजार
जिला थाना शहर मंदिर मस्जिद स्कूल दुकान मकान घर pas paas piche peeche samne bagal najdik karib kinare upar niche andar
bahar gali mohalla chauraha tiraha road sadak marg gaon nagar colony bazar bajar jila thana shahar mandir masjid
school dukan makan ghar near behind opposite front side beside street lane crossing village town market district
station city temple mosque shop house
"""


class Pin(msgspec.Struct, frozen=True):
    """A point on the map, in degrees."""

    latitude: float
    longitude: float

    def metres_to(self, other: Pin) -> float:
        """Return the distance to another pin nearby, in metres."""
        north = (self.latitude - other.latitude) * _DEGREE
        east = (self.longitude - other.longitude) * _DEGREE * math.cos(math.radians(self.latitude))
        return math.hypot(north, east)

    def squares(self) -> Iterator[tuple[int, int]]:
        """Yield the square of the map in which the pin lies, then the squares around it."""
        row, column = math.floor(self.latitude / _SQUARE), math.floor(self.longitude / _SQUARE)
        yield row, column
        yield from ((row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y)


class Landmark(msgspec.Struct, frozen=True):
    """A place that a tipster describes in words, within a station's area."""

    station: str
    words: frozenset[str]
    """Words of the description in their compared form, without those that many places have in common."""

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """Yield each pair of the landmark's words. Another description of the same place shares at least one pair."""
        return ((self.station, *pair) for pair in combinations(sorted(self.words)[:_MOST_WORDS], 2))

    def is_same(self, other: Landmark) -> bool:
        """Return whether two descriptions are of one place."""
        shared = self.words & other.words
        return (
            self.station == other.station and len(shared) > 1 and len(shared) / len(self.words | other.words) >= _SAME
        )


def landmark(text: str, station: str) -> Landmark | None:
    """Return the landmark that a text describes; None if it says too little."""
    words = frozenset(as_compared(word) for word in words_in(text)) - EMPTY - _GENERAL_WORDS - {""}
    return Landmark(station, words) if station and len(words) > 1 else None


_GENERAL_WORDS: Final = frozenset(as_compared(word) for word in words_in(_GENERAL))

_SURNAMES: Final = """
यादव yadav yadaw/ सिंह singh sinh सिंग/ पटेल patel/ मिश्रा mishra misra मिश्र/ तिवारी tiwari tiwary tivari/
पांडेय pandey पाण्डेय पांडे pande/ दुबे dubey dube/ द्विवेदी dwivedi/ शुक्ला shukla शुक्ल/ गुप्ता gupta/
जायसवाल jaiswal jayaswal जैसवाल/ मौर्य maurya mourya मौर्या/ राजभर rajbhar/ कुशवाहा kushwaha/ पाल pal/
विश्वकर्मा vishwakarma/ सोनकर sonkar/ खान khan ख़ान/ अंसारी ansari/ कुरैशी qureshi kureshi/ सिद्दीकी siddiqui
siddiqi/ शेख sheikh shaikh/ चौहान chauhan chouhan/ राय rai ray/ वर्मा verma varma/ श्रीवास्तव srivastava
shrivastav/ चौबे chaubey choubey/ उपाध्याय upadhyay/ पासवान paswan/ भारती bharti/ गौतम gautam/ निषाद nishad/
साहनी sahni/ बिंद bind/ केवट kewat/ सेठ seth/ अग्रवाल agrawal agarwal/ चौरसिया chaurasia/ प्रजापति prajapati/
शर्मा sharma/ त्रिपाठी tripathi/ ओझा ojha/ सरोज saroj/ हाशमी hashmi/ अली ali/ अहमद ahmad ahmed/ आलम alam/
सोनी soni/ धोबी dhobi/ गिरि giri/ कनौजिया kanaujia/ बरनवाल barnwal/ केशरी keshri
"""
"""Surnames of the region with their spellings, between slashes."""
_SOUND_ALIKE: Final = "रही rahi rahee rhi rhe कहाँ कहां kahan kahaan खाना khana khaana पल सोना sona"
"""Everyday words that sound like a surname or like "son": रही in "is being made" is not the name Rai."""
_MIDDLE: Final = "कुमार kumar लाल lal प्रसाद prasad नारायण narayan मोहम्मद मो mohammad mohd चंद chand"
_FATHER: Final = "पुत्र putra बेटा beta वल्द wald son"
_SON_OF: Final = re.compile(r"\bs\s*/\s*o\b", re.IGNORECASE)
_ALIAS: Final = "उर्फ urf उर्फ़ alias aka"
_PARTICLES: Final = "का ka of ji जी भाई bhai भैया bhaiya"


def _sounds(text: str) -> frozenset[str]:
    return frozenset(sound_of(word) for word in words_in(text))


_SURNAME_OF: Final = {
    sound_of(fold(spelling)): line.split()[1] for line in _SURNAMES.split("/") for spelling in line.split()
}
_MIDDLES, _FATHERS, _ALIASES, _SKIPPED = (_sounds(text) for text in (_MIDDLE, _FATHER, _ALIAS, _PARTICLES))
_EVERYDAY: Final = frozenset(words_in(_SOUND_ALIKE))
_NO_NAME: Final = EMPTY | STOCK


class Person(msgspec.Struct, frozen=True):
    key: str
    """The compared form of the name."""
    is_common: bool
    """Whether the name is frequent. Such a name identifies a person only within one station's area."""


def persons_in(text: str) -> Iterator[Person]:
    words = [word for word in words_in(_SON_OF.sub("son of", text)) if sound_of(word) not in _SKIPPED]
    sounds = [sound_of(word) for word in words]
    for at, sound in enumerate(sounds):
        given = _given_before(words, sounds, at)
        if not given or words[at] in _EVERYDAY:
            continue
        if sound in _SURNAME_OF:
            yield Person(f"{given} {_SURNAME_OF[sound]}", is_common=True)
        elif sound in _FATHERS | _ALIASES and (other := _name(words[at + 1]) if at + 1 < len(words) else ""):
            yield Person(f"{given} > {other}", is_common=False)


def _given_before(words: Sequence[str], sounds: Sequence[str], at: int) -> str:
    """Return the given name before position `at` of the words; empty if there is none."""
    while at and (sounds[at - 1] in _MIDDLES or (sounds[at] in _FATHERS | _ALIASES and sounds[at - 1] in _SURNAME_OF)):
        at -= 1
    return _name(words[at - 1]) if at else ""


def _name(word: str) -> str:
    """Return the compared form of a given name; empty if the word is no given name."""
    compared = as_compared(word)
    is_word = compared in _NO_NAME or any(char.isdigit() for char in word) or sound_of(word) in _SURNAME_OF
    return "" if is_word else compared


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
    """The comparable parts of a picture: the original's hash, and the picture's looks."""

    sha256: str
    looks: str
    """See `satark.api.tip.Evidence.looks`; empty: not known."""


class Clues(Redacted, frozen=True, kw_only=True):
    received: str = ""
    """The time band in which the tip came."""
    station: str = ""
    has_files: bool = False
    plates: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    persons: frozenset[Person] = frozenset()
    landmark: Landmark | None = None
    pin: Pin | None = None
    words: frozenset[str] = frozenset()
    """The words of the tipster's texts, in their compared form."""
    pictures: tuple[Picture, ...] = ()


def clues_of(tip: Tip | None, told: Sequence[str], pictures: tuple[Picture, ...]) -> Clues:
    """Gather a tip's clues. `told`: the tipster's further words: messages, captions, transcripts."""
    answers = tip.answers if tip else {}
    fields = (value for value in answers.values() if isinstance(value, dict))
    place: Mapping[str, Any] = next((value for value in fields if not {"text", "latitude"}.isdisjoint(value)), {})
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
    """Return the comparable parts of an image or a video; None for any other file."""
    return Picture(record.sha256, record.looks) if record.kind in {"image", "video"} else None


def _found(read: Callable[[str], Iterator[T]], texts: Iterable[str]) -> Iterator[T]:
    return (found for text in texts for found in read(text))


def _pin(place: Mapping[str, Any]) -> Pin | None:
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return Pin(float(latitude), float(longitude))
    return None


def plates_in(text: str) -> Iterator[str]:
    """Yield the number plates in a text as `UP65CD4411`: in either script, with or without spaces and hyphens."""
    latin = " ".join(_letters_of(word) for word in _BETWEEN.split(fold(text)) if word)
    for state, district, series, number in _PLATE.findall(latin):
        yield f"{state}{int(district):02}{series.replace(' ', '')}{int(number):04}".upper()
    for year, number, series in _BHARAT_PLATE.findall(latin):
        yield f"{year}bh{number}{series}".upper()


def phones_in(text: str) -> Iterator[str]:
    """Yield the Indian mobile numbers in a text, ten digits each. Numbers of helplines are shorter and are left out."""
    for number in _PHONE.findall(fold(text.replace("+", " "))):
        yield number.replace(" ", "")


def _letters_of(word: str) -> str:
    """Return the letters that a word spells out in Devanagari; the word itself if it spells none."""
    found = [] if word.isascii() else _SPELT.findall(word)
    return "".join(_LETTERS[name] for name in found) if found and "".join(found) == word else word
