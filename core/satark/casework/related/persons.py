"""Named persons in a text: a given name with a surname, a father's name or an alias, in either script.

A given name alone identifies nobody: "Raju" is the name of many people in every village.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from satark.casework.related.wording import EMPTY, STOCK, as_compared
from satark.casework.search import sound_of, words_in
from satark_words.tokens import fold

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
"""Everyday words that sound like a surname or like "son": रही, in "is being made", is no Mr Rai."""
_MIDDLE: Final = "कुमार kumar लाल lal प्रसाद prasad नारायण narayan मोहम्मद मो mohammad mohd चंद chand"
_FATHER: Final = "पुत्र putra बेटा beta वल्द wald son"
_SON_OF: Final = re.compile(r"\bs\s*/\s*o\b", re.IGNORECASE)
_ALIAS: Final = "उर्फ urf उर्फ़ alias aka"
_BETWEEN: Final = "का ka of ji जी भाई bhai भैया bhaiya"


def _sounds(text: str) -> frozenset[str]:
    return frozenset(sound_of(word) for word in words_in(text))


_SURNAME_OF: Final = {
    sound_of(fold(spelling)): line.split()[1] for line in _SURNAMES.split("/") for spelling in line.split()
}
_MIDDLES, _FATHERS, _ALIASES, _SKIPPED = (_sounds(text) for text in (_MIDDLE, _FATHER, _ALIAS, _BETWEEN))
_EVERYDAY: Final = frozenset(words_in(_SOUND_ALIKE))
_NO_NAME: Final = EMPTY | STOCK


class Person(msgspec.Struct, frozen=True):
    """Somebody who is named in a text."""

    key: str
    """The name as it is compared."""
    is_common: bool
    """Whether others may have the same name. Such a name identifies a person only within one station's area."""


def persons_in(text: str) -> Iterator[Person]:
    """Yield who is named in a text."""
    words = [word for word in words_in(_SON_OF.sub("son of", text)) if sound_of(word) not in _SKIPPED]
    sounds = [sound_of(word) for word in words]
    for at, sound in enumerate(sounds):
        given = _given_before(words, sounds, at)
        if not given or words[at] in _EVERYDAY:
            continue
        if sound in _SURNAME_OF:
            yield Person(f"{given} {_SURNAME_OF[sound]}", is_common=True)
        elif sound in _FATHERS | _ALIASES and (other := _given_after(words, at)):
            yield Person(f"{given} > {other}", is_common=False)


def _given_before(words: Sequence[str], sounds: Sequence[str], at: int) -> str:
    """Return the given name before position `at` of the words; empty if there is none."""
    while at and (sounds[at - 1] in _MIDDLES or (sounds[at] in _FATHERS | _ALIASES and sounds[at - 1] in _SURNAME_OF)):
        at -= 1
    return _name(words[at - 1]) if at else ""


def _given_after(words: Sequence[str], at: int) -> str:
    return _name(words[at + 1]) if at + 1 < len(words) else ""


def _name(word: str) -> str:
    """Return a given name in the form in which it is compared; empty if the word is no given name."""
    compared = as_compared(word)
    is_word = compared in _NO_NAME or any(char.isdigit() for char in word) or sound_of(word) in _SURNAME_OF
    return "" if is_word else compared
