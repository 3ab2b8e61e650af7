"""The lexicon: the marks of words and phrases, in all languages and scripts together.

The words are data: `lexicon/<language>/*.yaml`. Each file maps a mark (`act.kill`) to words and phrases, separated by
commas. A `*` at the end of the last word stands for any ending. A `+` at the end of any word stands for the endings of
a Hindi, Bhojpuri or Urdu verb. A new folder adds a language.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple, Self

from satark_words.lexicon_files import Index, Phrase, read_aliases, read_index, read_phrases, shipped_folder
from satark_words.rules import BONES, DISTANT, EXACT, FRAME, INFLECTED, SHORT, SOUND, Mark, without_hidden
from satark_words.spelling import (
    SHORTEST_PREFIX,
    SHORTEST_STEM,
    VERB,
    VERBS,
    NearSounds,
    is_urdu,
    lacks_vowels,
    may_meet,
    singulars,
    stem_of,
    stems,
)
from satark_words.tokens import Keys, TextToken, keys, roman, sound_of

_SHORTEST_LONG: Final = 6
_WEIGHTY: Final = ("cat.", "strong.", "act.", "cmd.", "soc.", "say.", "neg", "t.", "d.")
"""Marks that a short word can't get from a word of another script with the same sound: "send" is not सेंध."""
_SUBSTANCE: Final = ("cat.", "strong.", "w.", "p.")
"""Marks whose phrases may end in a verb's stem, which then matches all forms of the verb: "siti maar"."""
_MOST_DISTANT: Final = 80
"""Most words of a text that is searched for words one or two letters off. A longer story probably spells a word
correctly elsewhere."""


_Found = Mapping[str, float]
"""Word, prefix, verb or stem that a word may stand for → the quality of the match."""


class _Word(NamedTuple):
    """The meanings that a word of a text may have."""

    found: _Found
    alone: Mapping[str, float]
    """Marks of the word alone → the quality of the match."""
    followed: Sequence[tuple[Mapping[str, Sequence[Phrase]], float]]
    """Phrases that begin with the word, by their second word, and the quality with which the word matches the first."""


class _Start(NamedTuple):
    """The phrases that begin with one word."""

    alone: Sequence[str]
    """Marks of the word alone."""
    followed: Mapping[str, Sequence[Phrase]]
    """The phrases by their second word, or by the name of its stem."""


class Lexicon:
    """All words and phrases, indexed by spelling and by keys. It is built once and stores nothing of a text.

    Results are cached only for words that a lexicon lists. Listed words reveal nobody; any other word may be a name.
    """

    def __init__(
        self, index: Index, aliases: Mapping[str, str] = {}, lists: Callable[[str], bool] | None = None
    ) -> None:
        """Build the lexicon.

        `lists` returns whether another lexicon lists a word; the results for such a word may be cached too.
        """
        self._aliases = aliases
        self._lists = lists or self.knows
        self._build(index)

    @classmethod
    def shipped(cls, extra: Iterable[Phrase] = (), *, indexed: bool = True) -> Self:
        """Read the lexicon that comes with Satark, with or without its index, and add the `extra` phrases.

        Raises:
            LexiconError: a file is malformed.
        """
        folder = shipped_folder()
        index = read_index(folder) if indexed else Index(read_phrases(folder))
        return cls(index._replace(phrases=(*index.phrases, *extra)), read_aliases(folder))

    @property
    def keys(self) -> Mapping[str, Keys]:
        """The words of the lexicon with their keys."""
        return self._spelt

    def knows(self, word: str) -> bool:
        """Return whether the lexicon has a folded word in this spelling. If so, it is no misspelling of another."""
        return word in self._spelt

    def sounds_known(self, word: str) -> bool:
        """Return whether the lexicon has a folded word, or a word with the same sound."""
        return word in self._spelt or sound_of(word) in self._by_key[0]

    def marks(self, tokens: Sequence[TextToken], heard: dict[str, Keys] | None = None) -> list[Mark]:
        """Find every mark of a text, in no order. A longer phrase hides the social and negating words inside it.

        `heard` holds keys of words that were computed before; the keys of the other words are added to it.
        """
        words = self._resolve(tokens, {} if heard is None else heard)
        found = [Mark(mark, at, at + 1, worst) for at, word in enumerate(words) for mark, worst in word.alone.items()]
        return without_hidden([*found, *_phrases(words)])

    def _start(self, first: str) -> _Start | None:
        """Return the phrases that begin with a word. They are parsed on first use, since most words are never used."""
        start = self._ordered.get(first)
        if start is None and first in self._starts:
            phrases = [Phrase(mark, tuple(words)) for mark, *words in map(str.split, self._starts[first])]
            followed: dict[str, list[Phrase]] = {}
            for phrase in phrases:
                for second in {*phrase.words[1:2], *map(_stem_name, phrase.words[1:2])}:
                    followed.setdefault(second, []).append(phrase)
            alone = [phrase.mark for phrase in phrases if len(phrase.words) == 1]
            start = self._ordered[first] = _Start(alone, followed)
        return start

    def _resolve(self, tokens: Sequence[TextToken], heard: dict[str, Keys]) -> list[_Word]:
        seen: dict[str, _Word] = {}
        distant = 0
        for text in dict.fromkeys([token.text for token in tokens]):
            if text not in heard:
                heard[text] = self._spelt.get(text) or keys(text)
            if text in self._kept:
                seen[text] = self._kept[text]
                continue
            found = self._close(text, heard[text])
            if _only_stems(found) and distant < _MOST_DISTANT:
                distant += 1
                near = self._near_sounds.of(heard[text].sound)  # those that differ in one or two letters
                found = {**found, **{other: DISTANT for sound in near for other in self._by_key[0][sound]}}
            seen[text] = self._word(found)
            if text in self._spelt or self._lists(text):
                self._kept[text] = seen[text]
        return [seen[token.text] for token in tokens]

    def _word(self, found: _Found) -> _Word:
        alone: dict[str, float] = {}
        followed = []
        for first, quality in found.items():
            start = self._start(first)
            if start is None:
                continue
            if start.followed:
                followed.append((start.followed, quality))
            # "में" (in) sounds like "main" (I): alone, a small word means only what it is spelt as.
            for mark in start.alone if quality == EXACT or first not in self._fillers else ():
                if quality > alone.get(mark, 0) and (quality != SHORT or not mark.startswith(_WEIGHTY)):
                    alone[mark] = quality
        return _Word(found, alone, followed)

    def _close(self, text: str, word: Keys) -> _Found:
        """Find the words that a word may stand for, by its spelling, keys and endings."""
        found = self._known(text, word)
        return {**found, **self._inflected(text, word.sound)} if _only_stems(found) else found

    def _known(self, text: str, word: Keys) -> Mapping[str, float]:
        found = self._by_prefix(text, word)
        alias = self._aliases.get(text)
        if alias:
            meant = self._spelt.get(alias) or keys(alias)
            found.update({**self._by_prefix(alias, meant), **self._by_sense(alias, meant)})
        if not alias or text in self._spelt:
            found.update(self._by_sense(text, word))
        return found

    def _by_sense(self, text: str, word: Keys) -> dict[str, float]:
        """Find words by spelling. A word without a meaning of its own never matches one with a meaning."""
        found = self._by_spelling(text, word)
        if text not in self._fillers:
            return found
        return {other: quality for other, quality in found.items() if other in self._fillers}

    def _by_spelling(self, text: str, word: Keys) -> dict[str, float]:
        """Find the word and words of other scripts with its sound; for an unlisted word, all words with its sound."""
        is_spelt = text in self._spelt
        found = {text: EXACT} if is_spelt else dict[str, float]()
        for level, quality in enumerate((SOUND, FRAME)):
            for other in self._by_key[level].get(word[level], ()):
                same = is_spelt and other.isascii() == text.isascii() and is_urdu(text) == is_urdu(other)
                if same or not may_meet(text, other, len(word[level]) - level - is_spelt * level):
                    continue
                short = is_spelt and not may_meet(text, other, len(word[level]) - level - is_spelt * (level + 1))
                found.setdefault(other, SHORT if short else quality)
            if found and not is_spelt:
                return found
        if not found and lacks_vowels(text, word):
            alike = self._by_key[2].get(word.bones, ())
            return {other: BONES for other in alike if may_meet(text, other, len(word.bones))}
        return found

    def _by_prefix(self, text: str, word: Keys) -> dict[str, float]:
        found = {f"~{stem}": INFLECTED} if (stem := stem_of(word.sound)) else dict[str, float]()
        if word.sound[:2] in self._verb_beginnings and (text not in self._fillers or len(word.sound) >= SHORTEST_STEM):
            found.update((name, SOUND) for stem in stems(word.sound) if (name := stem + VERB) in self._verbs)
        for level, quality in ((1, FRAME), (0, SOUND)):
            key, prefixes = word[level], self._prefixes[level]
            for length in range(1, len(key) + 1 if prefixes else 0):
                for name in prefixes.get(key[:length], ()):
                    begins = level == 0 and roman(text)[:2].startswith(name.partition(":")[0])
                    if length > SHORTEST_PREFIX or begins:
                        found[name] = quality
        return found

    def _inflected(self, text: str, sound: str) -> dict[str, float]:
        """Find nouns and verbs whose plural, oblique case or past tense an unknown word may be."""
        for base in singulars(sound, english=text.isascii()):
            for level in (0, 1) if len(base) >= _SHORTEST_LONG else (0,):
                key = base if level == 0 else keys(base).frame
                if others := [one for one in self._by_key[level].get(key, ()) if may_meet(text, one, len(key) - level)]:
                    return dict.fromkeys(others, FRAME)
        return {}

    def _build(self, index: Index) -> None:
        self._spelt: dict[str, Keys] = {}
        self._starts: dict[str, list[str]] = {}
        """First word → its phrases, each a line with its mark and its words, since lines are faster to build than
        objects."""
        self._ordered: dict[str, _Start] = {}
        self._by_key: tuple[dict[str, list[str]], ...] = ({}, {}, {})
        self._prefixes: tuple[dict[str, set[str]], ...] = ({}, {})
        self._verbs: set[str] = set()
        self._verb_beginnings: set[str] = set()
        """The first two letters of every verb. They exclude most words from the search for verbs."""
        self._kept: dict[str, _Word] = {}
        """Cache of what listed words may stand for."""
        self._fillers = {phrase.words[0] for phrase in index.phrases if phrase.mark == "fill" and not phrase.words[1:]}
        """Words without a meaning of their own. None of them matches a word with a meaning by its sound."""
        stems_of: dict[str, str] = {}
        for phrase in index.phrases:
            self._add(phrase, index.keys, stems_of)
        for level, words in enumerate(self._by_key):
            for word, word_keys in self._spelt.items():
                words.setdefault(word_keys[level], []).append(word)
        self._near_sounds = NearSounds(self._by_key[0])

    def _add(self, phrase: Phrase, known: Mapping[str, Keys], stems_of: dict[str, str]) -> None:
        mark, words, ending = phrase
        if self._add_words(words, known):
            words = tuple(self._add_verb(word) if word[-1] == VERB else word for word in words)
        last = self._spelt.get(words[-1])
        if ending:
            words = (*words[:-1], self._add_prefix(words[-1]))
        elif len(words) > 1 and mark.startswith(_SUBSTANCE) and last and last.sound in VERBS:
            words = (*words[:-1], self._add_verb(words[-1] + VERB))
        entry = f"{mark} {' '.join(words)}"
        first = words[0]
        self._starts.setdefault(first, []).append(entry)
        if len(words) == 1:
            return
        if first not in stems_of:
            stems_of[first] = stem_of(self._spelt[first].sound) if first in self._spelt else ""
        if stem := stems_of[first]:
            self._starts.setdefault(f"~{stem}", []).append(entry)
        if not ending and not self._verbs.intersection(words) and _may_be_joined(words, mark):
            joined = "".join(words)
            self._add_words((joined,), known)
            self._starts.setdefault(joined, []).append(f"{mark} {joined}")

    def _add_words(self, words: Sequence[str], known: Mapping[str, Keys]) -> bool:
        """Store the words' keys; return whether a verb, which has no keys, is among them."""
        verbs = False
        for word in words:
            if word not in self._spelt:
                if word[-1] == VERB:
                    verbs = True
                else:
                    self._spelt[word] = known.get(word) or keys(word)
        return verbs

    def _add_verb(self, word: str) -> str:
        # Before an ending the stem keeps what the end of a word loses: kah, "kahna".
        stem = roman(word[:-1])
        ending = "ta" if stem.endswith("n") else "na"
        name = keys(stem + ending).sound.removesuffix(ending) + VERB
        self._verbs.add(name)
        self._verb_beginnings.add(name.removesuffix(VERB)[:2])
        return name

    def _add_prefix(self, word: str) -> str:
        name = f"{roman(word)[:2]}:{word}*"
        for level in (0, 1):
            key = self._spelt[word][level]
            if key:
                self._prefixes[level].setdefault(key, set()).add(name)
        return name


def _phrases(words: Sequence[_Word]) -> Iterator[Mark]:
    """Yield the marks of the phrases in a text."""
    for index, (word, following) in enumerate(pairwise(words)):
        for followed, quality in word.followed:
            for second in following.found:
                for phrase in followed.get(second, ()):
                    if worst := _match(phrase.words, index, words, quality):
                        yield Mark(phrase.mark, index, index + len(phrase.words), worst)


def _only_stems(found: _Found) -> bool:
    """Return whether a word matches no listed word, or only the stem of one."""
    return all(name[0] == "~" for name in found)


def _match(words: tuple[str, ...], index: int, known: Sequence[_Word], quality: float) -> float:
    """Return the lowest quality with which the next words match these; 0: they don't match."""
    if index + len(words) > len(known):
        return 0
    for offset in range(1, len(words)):
        here = known[index + offset].found
        found = here.get(words[offset], 0) or here.get(_stem_name(words[offset]), 0)
        if not found:
            return 0
        quality = min(quality, found)
    return quality


@cache
def _stem_name(word: str) -> str:
    """Return the name of a listed word's stem. The cache contains no words that tipsters typed."""
    return f"~{stem_of(sound_of(word))}"


def _may_be_joined(words: Sequence[str], mark: str) -> bool:
    """Return whether a phrase may also be written as one word: "bhejdo", "hogaya"."""
    if mark.startswith(("cmd", "say", "soc")):
        return len("".join(words)) >= _SHORTEST_LONG
    return len(words) == 2 and min(map(len, words)) >= SHORTEST_STEM  # noqa: PLR2004
