"""The endings of Hindi, Bhojpuri and Urdu verbs, in the plain alphabet of `tokens.Keys.sound`.

One list serves every script, since a word's sound is the same in all of them: भेजूँगा, bhejunga and بھیجوں گا.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

VERB: Final = "+"
"""After a word of the lexicon: a verb's stem, with any of these endings or none."""
VERBS: Final = frozenset({
    "mar", "bec", "kat", "kel", "ced", "pit", "tod", "tor", "kod", "nikal", "bej", "rak", "dek", "bana", "cala", "laga",
    "cura", "cin", "uta", "bula", "gum", "puc", "mang", "vasul", "pakad", "cod", "jala", "fek", "dal", "badal", "pila",
    "kila", "karva", "rok", "gur", "das", "bik", "sataa", "dara", "damka", "lut", "tag", "cupa", "bag", "kic", "kol",
    "lad", "bar", "banda", "gus", "lagva", "mangva", "bikva", "kelva", "kas", "baja", "milva", "badalva",
    "lik", "sun", "bol", "bata", "pil",
})  # fmt: skip
"""Sounds of the stems of common verbs."""
_SHORTEST: Final = 2
"""Letters of the shortest stem."""
_LONGEST: Final = 7
_ENDINGS: Final = frozenset({
    "a", "i", "e", "o", "u", "n", "na", "ni", "ne", "no", "ta", "ti", "te", "t", "to", "en", "un", "on", "in",
    "ya", "yi", "ye", "ie", "ia", "iy", "iji", "ije", "iyo", "ega", "egi", "enge", "oge", "ogi", "unga", "ungi",
    "uga", "ugi", "iega", "iyega", "iga", "kar", "ke", "k", "kr", "karke", "la", "li", "le", "el", "al", "il",
    "ela", "eli", "elan", "at", "ata", "ati", "ate", "ava", "ave", "avi", "avat", "avata", "avati", "avate",
    "avana", "avane", "avani", "avaya", "avai", "avae", "avo", "avu", "avunga", "avenge", "avela", "aval", "vata",
    "vati", "vate", "vana", "vane", "vani", "vaya", "vai", "vae", "vo", "vu", "vunga", "vungi", "venge", "vega",
    "vegi", "ve", "va", "vi", "ab", "ib", "iha", "ihe", "ihen", "ihai", "as", "ai", "ae", "av", "au", "da", "de",
    "di", "do", "dia", "deb", "dijie", "dije", "dena", "dene", "deta", "dete", "deti", "dunga", "denge", "dega",
    "lo", "lia", "len", "lenge", "lega", "et", "it", "ana", "ane", "ani", "ake", "akar", "akr", "ara", "ao",
    "aya", "ayi", "aye", "ayie", "aie", "aiega", "aib", "aibe", "aula", "aile", "aila", "ailan", "atani", "hun",
    "raha", "rahe", "rahi", "rha", "rhe", "rhi", "rahal", "rahela",
})  # fmt: skip
_MERGED: Final = frozenset({"eye", "eie", "eyega", "eiega", "onga", "ongi", "oge", "en", "ega", "enge", "e"})
"""What is left of an ending after a stem in a: bata + iye is heard "bateye"."""


def stems(sound: str) -> Iterator[str]:
    """Yield what may be the stem of a word, given by its sound: the word, and it without each ending that it has."""
    yield sound
    for size in range(1, min(_LONGEST, len(sound) - _SHORTEST) + 1):
        ending = sound[-size:]
        if ending in _ENDINGS:
            yield sound[:-size]
        if ending in _MERGED:
            yield f"{sound[:-size]}a"


_PLURALS: Final = (
    ("iyon", "i"), ("ion", "i"), ("iyo", "i"), ("io", "i"), ("iyan", "i"), ("ian", "i"), ("iya", "i"), ("ia", "i"),
    ("on", "a"), ("on", ""),
    ("o", "a"), ("o", ""), ("en", ""), ("e", "a"), ("an", ""), ("van", ""), ("va", ""), ("vo", ""), ("n", ""),
)  # fmt: skip
"""Plurals and oblique cases of nouns in Hindi, Urdu and Bhojpuri: juari, juariyon; dukan, dukano; laika, laikan."""
_ENGLISH: Final = (
    ("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"),
    ("er", ""), ("ers", ""), ("ly", ""),
)  # fmt: skip
_EITHER: Final = (*_PLURALS, *_ENGLISH)
_SHORTEST_NOUN: Final = 3


def singulars(sound: str, *, english: bool) -> Iterator[str]:
    """Yield what may be the listed form of a noun, given by its sound; with `english` of a verb too."""
    for ending, other in _EITHER if english else _PLURALS:
        if sound.endswith(ending) and len(sound) - len(ending) >= _SHORTEST_NOUN:
            yield sound[: -len(ending)] + other
