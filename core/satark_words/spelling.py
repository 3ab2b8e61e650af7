"""Spelling: decides whether words in different spellings, forms or scripts may be the same word.

It works on sounds (`tokens.Keys.sound`), so that one list of endings serves every script: भेजूँगा, bhejunga and
بھیجوں گا have one ending.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

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
    """Return whether a word may stand for another spelling; short ones in Urdu script, which omits much, can't."""
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
VERBS: Final = frozenset({
    "mar", "bec", "kat", "kel", "ced", "pit", "tod", "tor", "kod", "nikal", "bej", "rak", "dek", "bana", "cala", "laga",
    "cura", "cin", "uta", "bula", "gum", "puc", "mang", "vasul", "pakad", "cod", "jala", "fek", "dal", "badal", "pila",
    "kila", "karva", "rok", "gur", "das", "bik", "sataa", "dara", "damka", "lut", "tag", "cupa", "bag", "kic", "kol",
    "lad", "bar", "banda", "gus", "lagva", "mangva", "bikva", "kelva", "kas", "baja", "milva", "badalva",
    "lik", "sun", "bol", "bata", "pil",
})  # fmt: skip
"""Sounds of the stems of common verbs."""
_SHORTEST_VERB_STEM: Final = 2
"""Number of letters of the shortest stem."""
_LONGEST_ENDING: Final = 7
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
"""Sounds of endings after a stem that ends in a: bata + iye sounds like "bateye"."""


def stems(sound: str) -> Iterator[str]:
    """Yield possible stems of a word, given by its sound: the word itself, and the word without each possible
    ending."""
    yield sound
    for size in range(1, min(_LONGEST_ENDING, len(sound) - _SHORTEST_VERB_STEM) + 1):
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
    """Yield possible listed forms of a noun, given by its sound; with `english` also those of a verb."""
    for ending, other in _EITHER if english else _PLURALS:
        if sound.endswith(ending) and len(sound) - len(ending) >= _SHORTEST_NOUN:
            yield sound[: -len(ending)] + other


_ONE_LETTER_OFF: Final = 6
_TWO_LETTERS_OFF: Final = 9
"""Number of letters of the shortest word that may differ in one letter, and of the shortest that may differ in two."""


class NearSounds:
    """Sounds of words, indexed by their first letter and by the lengths that a word near them may have."""

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
