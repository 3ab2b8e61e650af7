"""The analysis of a text: its tokens and marks, and queries on them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, wraps
from itertools import chain, pairwise, product
from typing import Any, Final, ParamSpec, TypeVar

from satark_words.lexicon import Lexicon
from satark_words.rules import FRAME, Mark, Marks, compounds, without_hidden
from satark_words.small_words import in_order, listed
from satark_words.spelling import plain
from satark_words.tokens import Keys, TextToken, tokenize, unglued

ENGLISH_NEGATIONS: Final = listed("english-negations")
"""First words of English negations, which deny the words after them."""
_SHORTEST_VERB: Final = 3


class Analysis:
    """One text with its tokens and marks. It is kept only for one reading."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.tokens: Sequence[TextToken] = list(unglued(tokenize(text), lexicon.sounds_known, lexicon.knows))
        self.heard: dict[str, Keys] = {}
        """Word of the text → its keys."""
        self.places: Sequence[Mark] = ()
        """Marks of the names of places in the text; none until `Places` has searched for them."""
        self.known: dict[object, Any] = {}
        """What was computed of the text; see `once`."""
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
        return self.has("@asking")

    @cached_property
    def clauses(self) -> list[int]:
        """The number of each token's clause."""
        begins, verbs = {mark.start for mark in self.found("@joins-clauses")}, self.covered(("@verb-like",))
        stays = self.covered(("@stays",))
        numbers = [0] * len(self)
        for index, (before, token) in enumerate(pairwise(self.tokens), 1):
            is_verb = index - 1 in verbs or before.text in IS or before.text in listed("did")
            joins = index in begins and (is_verb or token.text not in listed("but-or-on"))
            ends = before.text in _ENDS and index not in stays and token.text not in IS
            numbers[index] = numbers[index - 1] + (token.clause != before.clause or joins or ends)
        return numbers

    @cached_property
    def negates(self) -> bool:
        """Whether the text contains a negation that is not part of a longer phrase."""
        return self.has("@negations")

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
        return not self.has_outside(("@doubts",), names) and self.consists_of(names, beside, worst=FRAME)

    def has_outside(self, names: Sequence[str], others: Sequence[str]) -> bool:
        """Return whether a mark of `names` is not inside one of `others`."""
        around = self.marks.named(others)
        return any(
            not any(one.start <= mark.start and mark.end <= one.end for one in around) for mark in self.found(*names)
        )


_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def once(function: Callable[_Given, _Found]) -> Callable[_Given, _Found]:
    """Compute what a function finds in an analysis, its last argument, only once for each text."""

    @wraps(function)
    def found(*args: _Given.args, **kwargs: _Given.kwargs) -> _Found:
        known, key = args[-1].known, (function, *args[:-1])  # type: ignore[attr-defined]
        if key not in known:
            known[key] = function(*args, **kwargs)
        return known[key]  # type: ignore[no-any-return]

    return found


def _inverted(marks: Sequence[Mark], tokens: Sequence[TextToken]) -> list[Mark]:
    """Mark English questions that have no question word: "is my number visible"."""
    subjects = {mark.start for mark in marks if mark.name == "aux.subject"}
    verbs = [mark.start for mark in marks if mark.name == "aux" and mark.start + 1 in subjects]
    first = [at for at in verbs if at == 0 or tokens[at].clause != tokens[at - 1].clause]
    return [Mark("ask", at, at + 1, 1.0) for at in first]


def _without_misread(marks: list[Mark], tokens: Sequence[TextToken]) -> list[Mark]:
    """Leave out words that mean something else here: "me" and "hi" in roman Hindi, "who" in "a man who sells drugs".

    "Dig" beside sand or a machine is the verb, and not the officer, unless the words around it are an officer's.
    """
    hindi = any(token.text in listed("hindi") for token in tokens)
    tells = any(mark.name.startswith(("cat.", "act.")) for mark in marks) and tokens[-1].text != "?"
    names = {mark.name for mark in marks}
    if "who.kin" in names:
        owners = {mark.end for mark in marks if mark.name in {"who.mine", "id.their"}}
        kin = owners & {mark.start for mark in marks if mark.name == "who.kin"}  # no address, as a lone "bhai" is
        marks = [mark for mark in marks if not (mark.name in {"fill", "pol"} and mark.start in kin)]
    if names & {"w.earth", "w.river", "w.machine"}:
        marks = [mark for mark in marks if not (mark.name in {"police", "unit.range"} and _digs(mark, tokens))]
    return [mark for mark in marks if not _is_misread(mark, tokens, hindi, tells)]


def _digs(mark: Mark, tokens: Sequence[TextToken]) -> bool:
    words = [token.text for token in tokens]
    before, after = words[max(0, mark.start - 1) : mark.start], words[mark.end : mark.end + 1]
    is_officer = listed("officer") & {*before, *(word for word in after if word != "the")}
    return words[mark.start : mark.end] == ["dig"] and not is_officer


def _is_misread(mark: Mark, tokens: Sequence[TextToken], hindi: bool, tells: bool) -> bool:  # noqa: FBT001
    if mark.name not in {"who.me", "soc.greet", "ask"} or mark.end - mark.start > 1:
        return False
    word, is_later = tokens[mark.start].text, mark.start > 0
    if mark.name == "ask":
        return tells and is_later and word in {"who", "which", "when", "where", "what"}
    return (word == "hi" and is_later) if mark.name == "soc.greet" else (word == "me" and hindi)


_ENDINGS: Final = [(tuple(listed(endings)), mark) for endings, mark in map(str.split, in_order("verb-endings"))]
"""Endings of verbs, and the mark that they give."""
_ROWS: Final = [row.split() for row in in_order("pairs")]
_PAIRS: Final = {
    word: [(in_order(ends), mark) for ends, after, mark in _ROWS if word in listed(after)]
    for word in chain.from_iterable(listed(after) for _, after, _ in _ROWS)
}
"""Word behind a verb → the verb's endings, and the mark that both have together."""

IS: Final = listed("is")
_ENDS: Final = listed("present") | listed("past")
_COMING: Final = frozenset({"time.coming", "opt.when.coming", "verb.future"})
_GROWN_UP: Final = 18


def _names_people(mark: Mark, tokens: Sequence[TextToken]) -> bool:
    """Return whether words like "karne wale" describe the people named after them: "loot karne wale giroh"."""
    last, end = tokens[mark.end - 1], mark.end
    if last.text not in listed("about-to") or end - mark.start == 1 or end == len(tokens):
        return False
    if tokens[end - 2].text in listed("happens"):
        return False
    return tokens[end].clause == last.clause and tokens[end].text not in IS


def _minors(tokens: Sequence[TextToken]) -> Iterator[Mark]:
    """Find ages of children: "13 saal ki"."""
    for at, (age, unit, of) in enumerate(zip(tokens, tokens[1:], tokens[2:], strict=False)):
        is_age = unit.text in listed("age") and of.text in listed("of") and age.text.isdecimal()
        if is_age and int(age.text) < _GROWN_UP:
            yield Mark("who.minor", at, at + 3, 1.0)


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
        found = [mark for endings, mark in _PAIRS.get(after.text, ()) if verb.text.endswith(endings)]
        going = {"is": "verb.ongoing", "are": "verb.ongoing", "was": "verb.went-on", "were": "verb.went-on"}
        found += [going[verb.text]] if verb.text in going and after.text.endswith("ing") else []
        marks += [Mark(mark, i, i + 2, 1.0) for mark in found]
    return marks
