"""The analysis of a text: its tokens and marks, and queries on them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise, product
from typing import Final

from satark_words.geography.geography import PlaceName
from satark_words.lexicon import Lexicon
from satark_words.reading import Danger, Opening
from satark_words.rules import FRAME, SOUND, Mark, Marks, compounds, without_hidden
from satark_words.small_words import in_order, listed
from satark_words.spelling import plain
from satark_words.tokens import Keys, TextToken, tokenize, unglued

NEGATIONS: Final = ("neg", "neg.dont", "neg.without")
ENGLISH_NEGATIONS: Final = listed("english-negations")
"""First words of English negations, which deny the words after them."""
DOUBTS: Final = ("neg", "neg.dont", "neg.without", "neg.wrong", "neg.but", "say.maybe", "soc.wait", "time.coming")
"""Marks of doubt: a text with one of them triggers no action that can't be undone."""
_SHORTEST_VERB: Final = 3
_ASKING: Final = ("ask", "ask.sign", "ask.who")


class Analysis:
    """One text with its tokens and marks. It is kept only for one reading."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.tokens: Sequence[TextToken] = list(unglued(tokenize(text), lexicon.sounds_known, lexicon.knows))
        self.heard: dict[str, Keys] = {}
        """Word of the text → its keys."""
        self.places: Sequence[Mark] | None = None
        """Marks of the names of places in the text; None until `Places` has searched for them."""
        self.codes: set[str] | None = None
        """Codes of the places that the text names; None until `Places` has searched for them."""
        self.villages: Sequence[PlaceName] | None = None
        """Villages and places outside that the text names; None until `Places` has searched for them."""
        self.openings: dict[tuple[Danger, ...], Opening] = {}
        """Answers that the text gives without being asked, by the dangers that it tells of; see `opening_of`."""
        self.danger: float | None = None
        """The logit of a danger from the letters; None until `DangerRules` has weighed them."""
        self._lexicon = lexicon
        marks = lexicon.marks(self.tokens, self.heard)
        marks = _without_misread(marks, self.tokens)
        marks = [*marks, *_inverted(marks, self.tokens), *_by_ending(self.tokens), *_minors(self.tokens)]
        marks += _vehicle_numbers(self.tokens) if any(char.isdigit() for char in text) else ()
        marks = [mark for mark in marks if not (mark.name in _COMING and _names_people(mark, self.tokens))]
        self.marks = Marks(without_hidden([*marks, *compounds(marks)]))
        """The marks of the text's words and phrases."""

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def normal(self) -> str:
        """The folded words, joined by spaces, without question marks."""
        return " ".join(token.text for token in self.tokens if token.text != "?")

    @cached_property
    def sounds(self) -> list[str]:
        """The sound of each word, in order."""
        return [self.heard[token.text].sound for token in self.tokens]

    @cached_property
    def features(self) -> set[str]:
        """The names under which `weights.tsv` lists the words and marks of the text."""
        names = (name for name in self.marks.names() if not name.startswith("thing."))
        return {plain(word.sound) for word in self.heard.values()} | {f"={name}" for name in names}

    @cached_property
    def unknown(self) -> set[int]:
        """The indexes of words that resemble none in the lexicon, as names do."""
        known = self.covered(("*",), FRAME) - self.covered(("verb.*",))  # "Sunita hoon" is no verb
        words = [(at, one.text) for at, one in enumerate(self.tokens) if at not in known]
        return {at for at, word in words if word[0].isalpha() and not self._lexicon.sounds_known(word)}

    @cached_property
    def asks(self) -> bool:
        """Whether the text contains a question."""
        return self.has(*_ASKING)

    @cached_property
    def clauses(self) -> list[int]:
        """The number of each token's clause."""
        begins, verbs = {mark.start for mark in self.found(*_JOINS)}, self.covered(_VERB)
        stays = self.covered(_STAYS)
        numbers = [0] * len(self)
        for index, (before, token) in enumerate(pairwise(self.tokens), 1):
            joins = index in begins and (token.text not in _ON or index - 1 in verbs or before.text in IS | _DID)
            ends = before.text in _ENDS and index not in stays and token.text not in IS
            numbers[index] = numbers[index - 1] + (token.clause != before.clause or joins or ends)
        return numbers

    @cached_property
    def negates(self) -> bool:
        """Whether the text contains a negation that is not part of a longer phrase."""
        return self.has(*NEGATIONS)

    def has(self, *names: str) -> bool:
        """Return whether the text has any of these marks."""
        return self.marks.has(names)

    def found(self, *names: str) -> Sequence[Mark]:
        return self.marks.named(names)

    def covered(self, names: Iterable[str], worst: float = 0) -> set[int]:
        """Return the indexes of the tokens that have one of these marks with at least the quality `worst`."""
        return {
            index for mark in self.marks.named(names) if mark.quality >= worst for index in range(mark.start, mark.end)
        }

    @cached_property
    def heard_surely(self) -> set[int]:
        """The indexes of the tokens that have a mark because of their spelling or sound."""
        return self.covered(("*",), SOUND)

    def consists_of(self, names: Sequence[str], beside: Sequence[str], *, worst: float = 0, spare: int = 0) -> bool:
        """Return whether marks of `names` (at least one) and of `beside` cover all but `spare` tokens of the text."""
        if not self.marks.has(names) or not self.covered(names, worst):
            return False
        rest = self._words - self.covered([*names, *beside], worst)
        return len(rest) <= spare

    @cached_property
    def _words(self) -> set[int]:
        return {index for index, token in enumerate(self.tokens) if token.text != "?"}

    def is_exactly(self, names: Sequence[str], beside: Sequence[str]) -> bool:
        """Return whether the text is an exact word or phrase of `names`, with only marks of `beside` around it.

        Never true for a text that contains a question or a negation.
        """
        if not self.marks.has(names) or self.asks:
            return False
        return not self.has_outside(DOUBTS, names) and self.consists_of(names, beside, worst=FRAME)

    def has_outside(self, names: Sequence[str], others: Sequence[str]) -> bool:
        """Return whether a mark of `names` is not inside one of `others`."""
        around = self.marks.named(others)
        return any(
            not any(one.start <= mark.start and mark.end <= one.end for one in around) for mark in self.found(*names)
        )

    def story_marks(self) -> Sequence[Mark]:
        """The marks that tell of a crime rather than of the conversation."""
        return self.found("cat.*", "act.*")


def _inverted(marks: Sequence[Mark], tokens: Sequence[TextToken]) -> list[Mark]:
    """Mark English questions that have no question word: "is my number visible"."""
    verbs = {mark.start for mark in marks if mark.name == "aux"}
    if not verbs:
        return []
    subjects = {mark.start for mark in marks if mark.name == "aux.subject"}
    first = [i for i in range(len(tokens)) if i == 0 or tokens[i].clause != tokens[i - 1].clause]
    return [Mark("ask", i, i + 1, 1.0) for i in first if i in verbs and i + 1 in subjects]


_HINDI: Final = listed("hindi")
_RELATIVE: Final = frozenset({"who", "which", "when", "where", "what"})


def _without_misread(marks: list[Mark], tokens: Sequence[TextToken]) -> list[Mark]:
    """Leave out words that mean something else here: "me" and "hi" in roman Hindi, "who" in "a man who sells drugs".

    "Dig" beside sand or a machine is the verb, and not the officer, unless the words around it are an officer's.
    """
    hindi = any(token.text in _HINDI for token in tokens)
    tells = any(mark.name.startswith(("cat.", "act.")) for mark in marks) and tokens[-1].text != "?"
    owners = {mark.end for mark in marks if mark.name in {"who.mine", "id.their"}}
    kin = owners & {mark.start for mark in marks if mark.name == "who.kin"}  # no address, as a lone "bhai" is
    left = [mark for mark in marks if not (mark.name in {"fill", "pol"} and mark.start in kin)]
    if any(mark.name in _DUG for mark in left):
        left = [mark for mark in left if not (mark.name in {"police", "unit.range"} and _digs(mark, tokens))]
    return [mark for mark in left if mark.end - mark.start > 1 or not _is_misread(mark, tokens, hindi, tells)]


_DUG: Final = frozenset({"w.earth", "w.river", "w.machine"})
_OFFICER: Final = listed("officer")


def _digs(mark: Mark, tokens: Sequence[TextToken]) -> bool:
    words = [token.text for token in tokens]
    before, after = words[max(0, mark.start - 1) : mark.start], words[mark.end : mark.end + 1]
    is_officer = _OFFICER & {*before, *(word for word in after if word != "the")}
    return words[mark.start : mark.end] == ["dig"] and not is_officer


def _is_misread(mark: Mark, tokens: Sequence[TextToken], hindi: bool, tells: bool) -> bool:  # noqa: FBT001
    name, word, is_later = mark.name, tokens[mark.start].text, mark.start > 0
    is_hindi = (name == "who.me" and word == "me" and hindi) or (name == "soc.greet" and word == "hi" and is_later)
    return is_hindi or (name == "ask" and tells and is_later and word in _RELATIVE)


FIRST_PERSON: Final = listed("am")
_ENDINGS: Final = [(tuple(listed(endings)), mark) for endings, mark in map(str.split, in_order("verb-endings"))]
"""Endings of verbs, and the mark that they give."""
_PAIRS: Final = [(listed(after), tuple(listed(end)), mark) for end, after, mark in map(str.split, in_order("pairs"))]
"""Words behind a verb, the verb's endings, and the mark that both have together."""

_ABOUT_TO: Final = listed("about-to")
_HAPPENS: Final = listed("happens")
IS: Final = listed("is")
_PRESENT: Final = listed("present")
_ENDS: Final = _PRESENT | listed("past")
_JOINS: Final = ("neg.but", "say.else", "k.joins")
_ON: Final = listed("but-or-on")
_DID: Final = listed("did")
_VERB: Final = ("neg", "opt.when.was", "time.now", "k.told")
_STAYS: Final = ("neg", "ask", "ask.sign", "say.unknown", "opt.when.was", "k.may")
"""Marks of words that still belong to the clause after the verb that ends it."""
_COMING: Final = ("time.coming", "opt.when.coming", "verb.future")
_AGE: Final = listed("age")
_OF: Final = listed("of")
_GROWN_UP: Final = 18


def _names_people(mark: Mark, tokens: Sequence[TextToken]) -> bool:
    """Return whether words like "karne wale" describe the people named after them: "loot karne wale giroh"."""
    last, end = tokens[mark.end - 1], mark.end
    if last.text not in _ABOUT_TO or end - mark.start == 1 or end == len(tokens) or tokens[end - 2].text in _HAPPENS:
        return False
    return tokens[end].clause == last.clause and tokens[end].text not in IS


def _minors(tokens: Sequence[TextToken]) -> list[Mark]:
    """Find ages of children: "13 saal ki"."""
    return [
        Mark("who.minor", i, i + 3, 1.0)
        for i, token in enumerate(tokens[:-2])
        if token.text.isdecimal()
        and int(token.text) < _GROWN_UP
        and tokens[i + 1].text in _AGE
        and tokens[i + 2].text in _OF
    ]


_REGISTERED: Final = re.compile(r"(?:up|यूपी|यू|br|mp|dl|jh|uk|hr|wb|mh|rj)\d{1,2}[^\s\d]{0,5}\d{3,4}")


def _vehicle_numbers(tokens: Sequence[TextToken]) -> Iterator[Mark]:
    """Find the numbers of vehicles in any script and spacing: "UP65AX1234", "यूपी 65 एक्स 1234"."""
    for at, size in product(range(len(tokens)), (1, 2, 3, 4)):
        if _REGISTERED.fullmatch("".join(token.text for token in tokens[at : at + size])):
            yield Mark("thing.number", at, min(at + size, len(tokens)), 1.0)


def _by_ending(tokens: Sequence[TextToken]) -> list[Mark]:
    """Find the marks that a word gets from its ending, alone or with the word after it."""
    marks: list[Mark] = []
    for i, token in enumerate(tokens):
        if token.text.isdecimal():
            marks.append(Mark("digits", i, i + 1, 1.0))
        elif len(token.text) > _SHORTEST_VERB:
            marks += [Mark(mark, i, i + 1, 1.0) for endings, mark in _ENDINGS if token.text.endswith(endings)]
    for i, (verb, after) in enumerate(pairwise(tokens)):
        found = [mark for words, endings, mark in _PAIRS if after.text in words and verb.text.endswith(endings)]
        going = {"is": "verb.ongoing", "are": "verb.ongoing", "was": "verb.went-on", "were": "verb.went-on"}
        found += [going[verb.text]] if verb.text in going and after.text.endswith("ing") else []
        marks += [Mark(mark, i, i + 2, 1.0) for mark in found]
    return marks
