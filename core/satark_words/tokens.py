"""Tokens: the folded words of a text, and the keys that different spellings of a word share.

`fold` returns the same spelling for two texts that a reader takes for the same word: composed and decomposed letters,
with and without nukta, हिन्दी and हिंदी, हाँ and हां, digits of any script, keycaps, case, punctuation, invisible
joiners. Folded text is for comparing only. `tokenize` splits a text into such words. `unglued` splits words that are
written without spaces: "sharabbikrihai" is read as three words.

For `keys`, Devanagari, Urdu script and roman letters are transliterated to one plain roman alphabet. From this come
three keys, each looser than the one before: `sound` (the same for शराब, sharab and saraab), `frame` (without the short
a's; e and i, o and u meet: dhamki and धमकी, and what Urdu writes without short vowels) and `bones` (consonants, first
and last vowel: mjhe, مجھے).

Nothing is cached by text, since tipsters' words must not stay in memory.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from satark_words.small_words import listed, read_table

__all__ = ["ascii_digits", "find_code", "fold", "without_code"]


_ANUSVARA: Final = "ं"
_DROPPED: Final = ("\u093c", "\u20e3", "'", "’", "‘", "ʼ", *map(chr, range(0xFE00, 0xFE10)))
"""Nukta, the frame of a keycap, apostrophes and variation selectors."""
_HOMORGANIC: Final = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
"""Matches a nasal with virama before a stop of its own class, which may also be written as an anusvara."""


class _Table(dict[int, str | None]):
    """Table for `str.translate` that maps each code point to its folded form, computed when it first occurs."""

    def __missing__(self, point: int) -> str | None:
        char, category = chr(point), unicodedata.category(chr(point))
        folded = str(unicodedata.decimal(char)) if category == "Nd" else " " if category[0] in "PSZC" else char
        self[point] = found = None if category == "Cf" else folded
        return found


_TABLE: Final = _Table({ord("ँ"): _ANUSVARA, ord("🔟"): "10", **dict.fromkeys(map(ord, _DROPPED))})
_DIGITS: Final = re.compile(r"\d")


def fold(text: str) -> str:
    """Fold a text for comparison. Idempotent; empty for a text of only punctuation, except that `?` stays `?`."""
    if text.isascii():
        folded = text.lower().translate(_TABLE)
    else:
        folded = _decompose(text).translate(_TABLE)
        if folded != text:  # what was left out or replaced may leave letters that compose
            folded = _decompose(folded).translate(_TABLE)
        folded = _HOMORGANIC.sub(_ANUSVARA, folded)
    folded = " ".join(folded.split())
    return folded or ("?" if "?" in text else "")


def ascii_digits(text: str) -> str:
    """Return a text with the digits of every script replaced by ASCII digits."""
    return text if text.isascii() else _DIGITS.sub(lambda match: str(unicodedata.decimal(match[0])), text)


def _decompose(text: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


_WORD: Final = re.compile(
    r"[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u097f\u200c\u200d'’‘ʼ\ufe0f\u20e3]+|\S"
)
_STOPS: Final = frozenset(".,;!?।॥\n۔،؛؟:|-–—()…")
_STRESS: Final = re.compile(r"(\D)(?=\1\1)")
"""Matches the surplus letters if one is written three times or more: all but the last two."""
_HARAKAT: Final = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u0640]")


class TextToken(NamedTuple):
    """One word, sign or emoji of a text."""

    text: str
    """The folded word: see `fold`."""
    start: int
    end: int
    clause: int
    """Number of the token's clause, which increases at each full stop, comma and line end."""


class Keys(NamedTuple):
    """The three keys of a word."""

    sound: str
    frame: str
    bones: str


def tokenize(text: str) -> list[TextToken]:
    """Split a text into folded words, emoji and question marks, with their positions. Never raises."""
    tokens: list[TextToken] = []
    clause = last = 0
    has_lines = "\n" in text
    for match in _WORD.finditer(text):
        raw = match[0]
        start, end = match.span()
        if has_lines and "\n" in text[last:start]:
            clause += 1
        last = end
        for word in _fold_word(raw):
            tokens.append(TextToken(word, start, end, clause))  # noqa: PERF401 - mostly one
        if raw in _STOPS:
            clause += 1
    return tokens


def _fold_word(raw: str) -> list[str]:
    if raw in {"?", "؟"}:
        return ["?"]
    if len(raw) == 1 and unicodedata.category(raw) in {"So", "Sm"}:
        return [raw]
    folded = raw.lower() if raw.isascii() and raw.isalnum() else _HARAKAT.sub("", fold(raw))
    return [] if not folded or folded == "?" else _WORD.findall(_STRESS.sub("", folded))


def normalize(text: str) -> str:
    """Return the folded words of a text, joined by spaces. Idempotent; empty for a text of only punctuation."""
    return " ".join(token.text for token in tokenize(text))


_TABLES: Final = read_table("letters.yaml", dict[str, dict[str, str]])
_CONSONANTS: Final = _TABLES["consonants"]
_SIGNS: Final = _TABLES["vowel-signs"]
_DEVANAGARI: Final = {
    **dict.fromkeys(range(0x0900, 0x0980), ""),
    **{ord(char): letters for char, letters in {**_CONSONANTS, **_TABLES["vowels"], **_SIGNS, "ं": "n"}.items()},
}
_SPOKEN_A: Final = re.compile(f"(?<=[{''.join(_CONSONANTS)}])(?![{''.join(_SIGNS)}]|\\Z)")
"""Matches the place of a spoken a: after a consonant without a vowel sign, except at the end of a word."""
_NASAL_LABIAL: Final = re.compile("ं(?=[पफबभम])")
_URDU: Final = _TABLES["urdu"]
_URDU_FIRST: Final = _URDU | _TABLES["urdu-first"]


def roman(word: str) -> str:
    """Return a folded word in plain roman letters."""
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
    written = [_URDU_FIRST.get(word[0], word[0]), *(_URDU.get(char, char) for char in word[1:])]
    if word[-1] in "ہهۃة" and len(word) > 1 and written[-2] not in {"a", "e", "i", "u"}:
        written[-1] = "a"
    return "".join(written)


_LETTERS: Final = _TABLES["sounds"]
"""Spellings of one sound, the longer before the shorter."""
_SPELLING: Final = re.compile("|".join(_LETTERS))
_AY: Final = re.compile("ay(?![aeiou])")
_REPEATED: Final = re.compile(r"(.)(?=\1)")
_LAST: Final = {
    "y": re.compile(r"(?<=[bcdgjklmnprstvh])y$"),
    "h": re.compile(r"(?<=[aeiou])h$"),
    "n": re.compile(r"(?<=[a-z]{2}[oe])n$"),
}
"""Last letters that are silent or sound like an i, each with the letters that may precede it. A final n of this kind
marks a plural."""
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
    """Return only the first key of a folded word, its sound."""
    sound = roman(word)
    if not sound.isalpha():
        return sound
    sound = _SPELLING.sub(lambda found: _LETTERS[found[0]], sound)
    if "ay" in sound:
        sound = _AY.sub("e", sound)
    sound = _REPEATED.sub("", sound)
    if sound[-1] in _LAST:
        sound = _LAST[sound[-1]].sub("i" if sound[-1] == "y" else "", sound)
    return sound


_SHORTEST_GLUED: Final = 10
_LONGEST_GLUED: Final = 40
"""Numbers of letters of the shortest and of the longest word that is split."""
_TOO_MANY: Final = ("",) * 7
_SHORTEST_PIECE: Final = 3
_SHORTEST_WORD: Final = 4


def unglued(
    tokens: Iterable[TextToken], sounds_known: Callable[[str], bool], knows: Callable[[str], bool]
) -> Iterator[TextToken]:
    """Yield the tokens, with glued words split.

    A long word that sounds like no known word is split into the fewest known words that make it up.
    """
    for token in tokens:
        word = token.text
        if _SHORTEST_GLUED <= len(word) <= _LONGEST_GLUED and word.isalpha() and not sounds_known(word):
            parts = _parts(word, knows)
            # A name, too, may consist of words: "Pandeypur".
            is_sentence = max(map(len, parts), default=0) >= _SHORTEST_WORD and not listed("usual").isdisjoint(parts)
            yield from (token._replace(text=piece) for piece in (parts if is_sentence else [word]))
        else:
            yield token


def _parts(word: str, knows: Callable[[str], bool]) -> list[str]:
    """Return the fewest known words that together make up a word; an empty list if there are none."""
    best: dict[int, list[str]] = {0: []}
    for end in range(2, len(word) + 1):
        for start in range(end - 1):
            before = best.get(start)
            if before is None or len(before) + 1 >= len(best.get(end, _TOO_MANY)):
                continue
            piece = word[start:end]
            if piece in listed("small") or (len(piece) >= _SHORTEST_PIECE and knows(piece)):
                best[end] = [*before, piece]
    return best.get(len(word), [])


_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])(?=[0-9-]*[A-Za-z])[0-9A-Za-z]{4}[-‐‑–—][0-9A-Za-z]{4}(?![0-9A-Za-z])")
"""A number such as 4K7Q-2XPM, which often stands beside a code."""
_GROUP: Final = 4
_BEHIND: Final = 2
"""Most digits of a number behind a code that is not part of it."""
_APART: Final = r"\s.\-‐‑–—\ufe0f\u20e3\u200b-\u200f\u2060"
"""What may stand between two digits of one number: keycaps (8️⃣) have signs of their own."""
_DIGIT_RUN: Final = re.compile(rf"\d{{4}}(?:[,/_(){_APART}]*\d{{4}}){{3}}(?![,/_(){_APART}]*\d)|\d(?:[{_APART}]*\d)+")


def find_code(text: str, digits: int, *, longest: int | None = None) -> str | None:
    """Find the one code of `digits` digits in a text, in any script and grouping; None: there is none, or several.

    A number beside the code (two groups of four with a dash, and at least one letter) does not count as part of it, nor
    does a number of two digits at most behind a code in groups: "8391 4460 7012 5538 2 din". A text of more than
    `longest` characters has none.
    """
    if not _DIGITS.search(text) or (longest is not None and len(text) > longest):
        return None
    runs = _DIGIT_RUN.findall(_NUMBER.sub(" # ", ascii_digits(text)))
    found = {code for run in runs if len(code := _code_of(run, digits)) == digits}
    return found.pop() if len(found) == 1 else None


def _code_of(run: str, digits: int) -> str:
    """Return the digits of a run, without the short number behind a code in groups of four."""
    groups = re.findall(r"\d+", run)
    whole, behind = "".join(groups), groups[digits // _GROUP :]
    in_groups = all(len(group) == _GROUP for group in groups[: digits // _GROUP])
    return whole[:digits] if in_groups and len("".join(behind)) <= _BEHIND else whole


def without_code(text: str, digits: int) -> str:
    """Return a text without its codes of `digits` digits; every other number stays."""
    return _DIGIT_RUN.sub(lambda run: " " if len(_code_of(run[0], digits)) == digits else run[0], ascii_digits(text))
