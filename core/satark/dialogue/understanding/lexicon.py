"""The lexicon: which words and phrases carry which marks, in every language and script at once.

The words are data: `lexicon/<language>/*.yaml`, each file a mapping of a mark (`act.kill`) to words and phrases with
commas between them. A `*` at the end of a word stands for any ending. A language is added by adding a folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

import msgspec
from rapidfuzz.distance import OSA

from satark.dialogue.understanding.marks import Mark
from satark.dialogue.understanding.tokens import Keys, Token, keys, roman, tokenize

EXACT: Final = 1.0
SOUND: Final = 0.95
FRAME: Final = 0.85
INFLECTED: Final = 0.8
BONES: Final = 0.7
DISTANT: Final = 0.6
"""How well a word is known: as written, by one of its keys, in another form, or by a letter more or less."""

_SHORTEST_PREFIX: Final = 3
_SHORTEST_DISTANT: Final = 6
_SHORTEST_FOREIGN: Final = 5
_SHORTEST_STEM: Final = 4
_TWO_LETTERS_OFF: Final = 9
_MOST_DISTANT: Final = 80
"""Words of a text that are looked up by distance: in a long story a misspelt word is said again, spelt well."""


class LexiconError(ValueError):
    """A file of the lexicon can't be used; the message names it."""


class _Phrase(NamedTuple):
    words: tuple[str, ...]
    mark: str


class Lexicon:
    """All words and phrases, indexed by spelling and by keys. Built once; nothing of a text is kept."""

    def __init__(self, words: Iterable[tuple[str, str]], aliases: Mapping[str, str] | None = None) -> None:
        self._aliases = dict(aliases or {})
        self._starts: dict[str, list[_Phrase]] = {}
        self._by_key: tuple[dict[str, set[str]], ...] = ({}, {}, {})
        self._prefixes: tuple[dict[str, set[str]], ...] = ({}, {})
        self._spelt: set[str] = set()
        self._buckets: dict[tuple[str, int], list[str]] = {}
        for mark, phrase in words:
            self._add(mark, phrase)
        self._fill_buckets()

    @classmethod
    def shipped(cls, extra: Mapping[str, Sequence[str]] | None = None) -> Lexicon:
        """Read the lexicon that comes with Satark; `extra` adds phrases by mark.

        Raises:
            LexiconError: a file is not what it should be.
        """
        added = ((mark, phrase) for mark, phrases in (extra or {}).items() for phrase in phrases)
        folder = files("satark.dialogue.understanding") / "lexicon"
        return cls([*_read_all(folder), *added], _read_aliases(folder / "aliases.yaml"))

    def knows(self, word: str) -> bool:
        """Whether a folded word is spelt so in the lexicon: then it is no misspelling of another."""
        return word in self._spelt

    def marks(self, tokens: Sequence[Token]) -> list[Mark]:
        """Find every mark of a text, in order. A longer phrase hides the social and negating words inside it."""
        known = self._resolve(tokens)
        found = [mark for index in range(len(tokens)) for mark in self._at(index, known)]
        return _without_hidden(found)

    # ------------------------------------------------------------- finding

    def _at(self, index: int, known: Sequence[Mapping[str, float]]) -> Iterator[Mark]:
        for first, quality in known[index].items():
            for phrase in self._starts.get(first, ()):
                worst = _match(phrase.words, index, known, quality)
                if worst:
                    yield Mark(phrase.mark, index, index + len(phrase.words), worst)

    def _resolve(self, tokens: Sequence[Token]) -> list[Mapping[str, float]]:
        seen: dict[str, Mapping[str, float]] = {}
        distant = 0
        for token in tokens:
            if token.text in seen:
                continue
            found = self._known(token.text)
            if all(name.startswith("~") for name in found) and distant < _MOST_DISTANT:
                distant += 1
                found = {**found, **self._distant(token.text)}
            seen[token.text] = found
        return [seen[token.text] for token in tokens]

    def _known(self, text: str) -> Mapping[str, float]:
        word = keys(text)
        found = self._by_prefix(text, word)
        if alias := self._aliases.get(text):
            meant = keys(alias)
            found.update({**self._by_prefix(alias, meant), **self._by_spelling(alias, meant)})
        found.update(self._by_spelling(text, word))
        return found

    def _by_spelling(self, text: str, word: Keys) -> dict[str, float]:
        """The words that are spelt so, and those of other scripts that sound so; else those that sound so."""
        is_spelt = text in self._spelt
        found = {text: EXACT} if is_spelt else dict[str, float]()
        for level, quality in enumerate((SOUND, FRAME)):
            for other in self._by_key[level].get(word[level], ()):
                same = is_spelt and other.isascii() == text.isascii() and _is_urdu(text) == _is_urdu(other)
                if not same and _may_meet(text, other, len(word[level]) - level - is_spelt * level):
                    found.setdefault(other, quality)
            if found and not is_spelt:
                return found
        if not found and _lacks_vowels(text, word):
            alike = self._by_key[2].get(word.bones, ())
            return {other: BONES for other in alike if _may_meet(text, other, len(word.bones))}
        return found

    def _by_prefix(self, text: str, word: Keys) -> dict[str, float]:
        found = {f"~{stem}": INFLECTED} if (stem := _stem(word.sound)) else dict[str, float]()
        start = roman(text)[:2]
        for level, quality in ((1, FRAME), (0, SOUND)):
            key = word[level]
            for length in range(1, len(key) + 1):
                for name in self._prefixes[level].get(key[:length], ()):
                    if length > _SHORTEST_PREFIX or (level == 0 and start.startswith(name.partition(":")[0])):
                        found[name] = quality
        return found

    def _distant(self, text: str) -> Mapping[str, float]:
        sound = keys(text).sound
        size = len(sound)
        if size < _SHORTEST_DISTANT or not sound.isalpha():
            return {}
        allowed = 2 if size >= _TWO_LETTERS_OFF else 1
        best, found = allowed + 1, set[str]()
        for length in range(size - allowed, size + allowed + 1):
            for other in self._buckets.get((sound[0], length), ()):
                distance = OSA.distance(sound, other, score_cutoff=allowed)
                if distance < best:
                    best, found = distance, set(self._by_key[0][other])
                elif distance == best <= allowed:
                    found |= self._by_key[0][other]
        return dict.fromkeys(found, DISTANT)

    # ------------------------------------------------------------- building

    def _add(self, mark: str, written: str) -> None:
        ending = written.rstrip().endswith("*")
        words = tuple(token.text for token in tokenize(written.replace("*", "")))
        if not words:
            return
        for word in words:
            self._add_word(word)
        if ending:
            words = (*words[:-1], self._add_prefix(words[-1]))
        phrase = _Phrase(words, mark)
        self._starts.setdefault(words[0], []).append(phrase)
        if len(words) > 1 and (stem := _stem(keys(words[0]).sound)):
            self._starts.setdefault(f"~{stem}", []).append(phrase)
        if len(words) > 1 and not ending and _may_be_joined(words, mark):
            joined = "".join(words)
            self._add_word(joined)
            self._starts.setdefault(joined, []).append(_Phrase((joined,), mark))

    def _add_word(self, word: str) -> None:
        if word in self._spelt:
            return
        self._spelt.add(word)
        for level, key in enumerate(keys(word)):
            self._by_key[level].setdefault(key, set()).add(word)

    def _add_prefix(self, word: str) -> str:
        name = f"{roman(word)[:2]}:{word}*"
        for level in (0, 1):
            key = keys(word)[level]
            if key:
                self._prefixes[level].setdefault(key, set()).add(name)
        return name

    def _fill_buckets(self) -> None:
        for sound in self._by_key[0]:
            if len(sound) >= _SHORTEST_DISTANT - 1 and sound.isalpha():
                self._buckets.setdefault((sound[0], len(sound)), []).append(sound)


def _match(words: tuple[str, ...], index: int, known: Sequence[Mapping[str, float]], quality: float) -> float:
    """The worst quality of the words from here on, or 0 where they are not these."""
    if index + len(words) > len(known):
        return 0
    for offset in range(1, len(words)):
        here = known[index + offset]
        found = here.get(words[offset], 0) or here.get(_stem_name(words[offset]), 0)
        if not found:
            return 0
        quality = min(quality, found)
    return quality


_STEMS: Final[dict[str, str]] = {}
"""Word of the lexicon → name of its stem; of words that tipsters type there is nothing here."""


def _stem_name(word: str) -> str:
    found = _STEMS.get(word)
    if found is None:
        found = _STEMS[word] = f"~{_stem(keys(word).sound)}"
    return found


def _stem(sound: str) -> str:
    """A Hindi word without its ending: batata, batati and batate have one. Empty where it is too short for one."""
    stem = sound.rstrip("aeiou")
    return stem if len(stem) >= _SHORTEST_STEM and sound.isalpha() else ""


def _may_be_joined(words: Sequence[str], mark: str) -> bool:
    """Whether a phrase is also written as one word: "bhejdo", "hogaya"."""
    if mark.startswith(("cmd", "say", "soc")):
        return len("".join(words)) >= _SHORTEST_DISTANT
    return len(words) == 2 and min(map(len, words)) >= _SHORTEST_STEM  # noqa: PLR2004


def _may_meet(text: str, other: str, size: int) -> bool:
    """Whether a word may stand for one of another spelling: Urdu script leaves so much open that short words don't."""
    if _is_urdu(text) != _is_urdu(other):
        return size >= _SHORTEST_FOREIGN
    return size >= _SHORTEST_PREFIX or (text.isascii() and other.isascii())


def _is_urdu(word: str) -> bool:
    return "\u0600" < word[0] < "\u0700"


def _lacks_vowels(text: str, word: Keys) -> bool:
    """Whether a word is written without its vowels: in Urdu script, or as in a short message: "shrb"."""
    if len(word.bones) <= _SHORTEST_PREFIX or word.frame != word.bones:
        return False
    return (text[0] > "\u0600" and text[0] < "\u0700") or (not set(text[1:-1]) & set("aeiou") and text.isascii())


_HIDDEN: Final = ("neg", "ask", "say", "cmd", "soc")
_HIDING: Final = ("neg", "ask", "say", "cmd", "soc", "opt", "f.none", "t.refuse", "lang")


def _without_hidden(marks: list[Mark]) -> list[Mark]:
    longer = [
        mark for mark in marks if mark.end - mark.start > 1 and mark.name.startswith(_HIDING) and mark.quality >= FRAME
    ]
    kept = [mark for mark in marks if not (mark.name.startswith(_HIDDEN) and _is_inside(mark, longer))]
    return sorted(set(kept), key=lambda mark: (mark.start, -mark.end, mark.name))


def _is_inside(mark: Mark, longer: Iterable[Mark]) -> bool:
    size = mark.end - mark.start
    return any(
        other.start <= mark.start and mark.end <= other.end and other.end - other.start > size for other in longer
    )


def _read_all(folder: Traversable) -> Iterator[tuple[str, str]]:
    for language in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not language.is_dir() or language.name.startswith("_"):
            continue
        for file in sorted(language.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".yaml"):
                yield from _read(file, f"{language.name}/{file.name}")


def _read_aliases(file: Traversable) -> dict[str, str]:
    read = msgspec.yaml.decode(file.read_bytes(), type=dict[str, str])
    return {short.strip(): word for word, shorts in read.items() for short in shorts.split(",")}


def _read(file: Traversable, name: str) -> Iterator[tuple[str, str]]:
    try:
        marks = msgspec.yaml.decode(file.read_bytes(), type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise LexiconError(f"the lexicon's file {name} can't be read: {error}") from error
    for mark, words in marks.items():
        for phrase in words.split(","):
            if phrase.strip():
                yield mark, phrase.strip()
