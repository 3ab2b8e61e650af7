"""The marks of a text, and rules: the meaning of marks that occur together.

The rules are data (`rules.yaml`, `danger.yaml`, `identifying_words.yaml`).

A rule is a line: `act.kill + who.me|who.kin /4 - frame.past|frame.joke`. `+` joins parts that must all occur. Each part
is one of the marks between `|`, and is at most 6 words (or `/4`: 4 words) from the part before it. With `>` in place of
`+` the parts must occur in this order. After `-` come marks that must not occur within the same distance in the same
clause. `act.*` stands for all marks that begin with `act.`; a `*` is allowed only after the first dot.

`compounds` finds marks that several words form together: "tell" and "not" are a refusal, in any order and language. Its
rules are in `compounds.yaml`. A later rule may use the marks of earlier rules. Only words without meaning may occur
between the parts, so that a compound is as sure as a listed phrase. `Topics` finds questions to the service, remarks
and refusals: `rules.yaml`.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from importlib.resources import files
from itertools import chain
from operator import attrgetter
from typing import Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

EXACT: Final = 1.0
SOUND: Final = 0.95
FRAME: Final = 0.85
SHORT: Final = 0.86
INFLECTED: Final = 0.8
BONES: Final = 0.7
DISTANT: Final = 0.6
"""Qualities of a match: a word as spelt, by one of its keys, in another form, or with one or two letters changed."""


class Mark(NamedTuple):
    """A mark on the tokens `start` to `end` of a text."""

    name: str
    start: int
    end: int
    quality: float
    """The lowest quality of a match among the mark's words, from `EXACT` down to `DISTANT`."""


class Marks:
    """The marks of a text, in the order of the text. `act.*` stands for all names that begin so, `*` for every name."""

    __slots__ = ("_by_name", "_families", "_found", "_senses", "longest")

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._by_name: dict[str, list[Mark]] = {}
        for mark in marks:
            self._by_name.setdefault(mark.name, []).append(mark)
        self._families: dict[str, list[str]] = {"*": list(self._by_name)} if marks else {}
        """Pattern, such as `act.*` → the names of the text's marks that match it."""
        for name in self._by_name:
            self._families.setdefault(_family(name), []).append(name)
        self._senses = {*self._by_name, *self._families}
        self._found: dict[tuple[str, ...], Sequence[Mark]] = {}
        self.longest = max([mark.end - mark.start for mark in marks], default=1)
        """Number of tokens of the longest mark."""

    def all(self) -> Sequence[Mark]:
        """Every mark."""
        return self.named(("*",))

    def names(self) -> KeysView[str]:
        """The names of the text's marks."""
        return self._by_name.keys()

    def senses(self) -> AbstractSet[str]:
        """The names of the text's marks and the patterns that match them."""
        return self._senses

    def named(self, names: Iterable[str]) -> Sequence[Mark]:
        """Return the marks with these names."""
        key = tuple(names)
        if key not in self._found:
            here = [one for one in key if one in self._senses] if self.has(key) else ()
            wanted = {name for one in here for name in self._families.get(one, (one,))}
            found = [mark for name in wanted for mark in self._by_name[name]]
            self._found[key] = sorted(found, key=place)
        return self._found[key]

    def has(self, names: Iterable[str]) -> bool:
        """Return whether there is a mark with one of these names."""
        return not self._senses.isdisjoint(names)


@cache
def _family(name: str) -> str:
    """Return the pattern of a mark's name, such as `act.*` for `act.kill`; a name of one part is its own pattern."""
    first, dot, _ = name.partition(".")
    return f"{first}.*" if dot else name


def place(mark: Mark) -> tuple[int, int, str]:
    """Return the sort key of a mark in the order of the text. If marks have the same start, the longer comes first."""
    return (mark.start, -mark.end, mark.name)


def between(marks: Sequence[Mark], first: int, last: int) -> Sequence[Mark]:
    """Return the marks of a sorted sequence that start at tokens `first` to `last`, the last one included."""
    return marks[bisect_left(marks, first, key=_start) : bisect_left(marks, last + 1, key=_start)]


def _start(mark: Mark) -> int:
    return mark.start


_HIDDEN: Final = ("neg", "ask", "say", "cmd", "soc")
_HIDING: Final = ("neg", "ask", "say", "cmd", "soc", "opt", "f.none", "t.refuse", "lang", "w.bribe", "place.behind")
_OF_CRIME: Final = ("cat.", "act.", "w.", "unit.")
_SENSELESS: Final = ("t.refuse", "t.service", "time.", "soc.", "say.unknown", "who.party")
"""Marks whose longer phrases change the meaning of a word that tells of a crime or the police: "last week" is not
weekly extortion, and "SP's MLA" belongs to a party."""

_quality: Final = attrgetter("quality")


def without_hidden(marks: list[Mark]) -> list[Mark]:
    """Remove marks of social and negating words inside a longer phrase, and of crime inside a phrase of another sense.

    If marks have the same name and position, the best is kept. The result is in no order.
    """
    sure = [mark for mark in marks if mark.end - mark.start > 1 and mark.quality >= FRAME]
    longer = [mark for mark in sure if mark.name.startswith(_HIDING)]
    senseless = [mark for mark in sure if mark.name.startswith(_SENSELESS)]
    if longer:
        marks = [mark for mark in marks if not (mark.name.startswith(_HIDDEN) and _is_inside(mark, longer))]
    if senseless:
        marks = [mark for mark in marks if not (mark.name.startswith(_OF_CRIME) and _is_inside(mark, senseless))]
    return list({mark[:3]: mark for mark in sorted(marks, key=_quality)}.values())


def widest(marks: Sequence[Mark]) -> Sequence[Mark]:
    """Return the marks that are not part of a longer one."""
    return [mark for mark in marks if not _is_inside(mark, marks)]


def _is_inside(mark: Mark, longer: Iterable[Mark]) -> bool:
    size = mark.end - mark.start
    return any(
        other.start <= mark.start and mark.end <= other.end and other.end - other.start > size for other in longer
    )


_NEAR: Final = 6
_Sense = TypeVar("_Sense")
_MARK: Final = re.compile(r"[^*.]+(\.\*|[^*]*)")


class RuleError(ValueError):
    """A rule can't be read. The message quotes the rule."""


class MarkRule(NamedTuple):
    """One rule."""

    name: str
    parts: tuple[tuple[str, ...], ...]
    ordered: bool
    near: int
    unless: tuple[str, ...]

    def may_hold(self, marks: Marks) -> bool:
        """Return whether all parts of the rule occur in a text; most rules lack one."""
        for part in self.parts:  # noqa: SIM110 - a generator costs more than what it looks at
            if not marks.has(part):
                return False
        return True


class Rules(Generic[_Sense]):
    """Rules, each with its sense."""

    def __init__(self, rules: Iterable[tuple[_Sense, MarkRule]]) -> None:
        self._rules = tuple(rules)
        self._by_mark: dict[str, list[int]] = {}
        """Mark → indexes of the rules that begin with it, so that only few of two hundred rules must be tried."""
        for index, (_, rule) in enumerate(self._rules):
            for name in rule.parts[0]:
                self._by_mark.setdefault(name, []).append(index)

    def that_may_hold(self, marks: Marks) -> Iterator[tuple[_Sense, MarkRule]]:
        """Yield the rules whose parts all occur in a text, in the order of the rules."""
        begun = {index for name in marks.senses() & self._by_mark.keys() for index in self._by_mark[name]}
        return (self._rules[index] for index in sorted(begun) if self._rules[index][1].may_hold(marks))


def parse_rule(name: str, line: str) -> MarkRule:
    """Read a rule from its line.

    Raises:
        RuleError: the rule has no parts, or a `*` in a wrong place.
    """
    line, _, unless = line.partition(" - ")
    distance = re.search(r"\s/(\d+)", line)
    line = re.sub(r"\s/\d+", "", line)
    parts = tuple(tuple(part.strip().split("|")) for part in re.split(r"\s[+>]\s", line) if part.strip())
    if not parts:
        raise RuleError(f"the rule {name!r} has no marks")
    stops = tuple(one.strip() for one in unless.split("|") if one.strip())
    rule = MarkRule(name, parts, " > " in line, int(distance[1]) if distance else _NEAR, stops)
    if not all(map(_MARK.fullmatch, (*chain(*rule.parts), *rule.unless))):
        raise RuleError(f"the rule {name!r} has a * that does not follow a mark's first dot")
    return rule


def matches(rule: MarkRule, marks: Marks) -> tuple[int, int] | None:
    """Return the first and last word of the place where a rule holds; None: it does not hold."""
    return next(all_matches(rule, marks), None)


def all_matches(rule: MarkRule, marks: Marks) -> Iterator[tuple[int, int]]:
    """Yield the first and last word of each place where a rule holds."""
    if not rule.may_hold(marks):
        return
    stops = marks.named(rule.unless) if rule.unless else ()
    for start, end in _spans(rule, marks):
        near = between(stops, start - rule.near - marks.longest, end + rule.near - 1)
        if not any(stop.end > start - rule.near for stop in near):
            yield start, end


def _spans(rule: MarkRule, marks: Marks) -> Iterator[tuple[int, int]]:
    """Yield the span of each chain of marks that are near one another, each span once."""
    seen: set[tuple[int, int]] = set()
    for first in marks.named(rule.parts[0]):
        chains = {(first.start, first.end, first)}
        for part in rule.parts[1:]:
            chains = {
                (min(start, mark.start), max(end, mark.end), mark)
                for start, end, last in chains
                for mark in _near(last, marks.named(part), rule, marks.longest)
            }
        found = sorted({(start, end) for start, end, _ in chains} - seen)
        seen.update(found)
        yield from found


def _near(last: Mark, marks: Sequence[Mark], rule: MarkRule, longest: int) -> Iterator[Mark]:
    first = last.end if rule.ordered else last.start - rule.near - longest
    return (mark for mark in between(marks, first, last.end + rule.near) if _fit(last, mark, rule.near))


def _fit(before: Mark, after: Mark, near: int) -> bool:
    if before.start < after.end and after.start < before.end:
        return False
    gap = after.start - before.end if after.start >= before.end else before.start - after.end
    return gap <= near


_BETWEEN: Final = ("fill", "pol", "who.me", "who.you", "say.yes", "soc.ok", "k.opinion")
_LONGEST_COMPOUND: Final = 10
"""Number of words of the longest compound."""


def compounds(marks: Sequence[Mark]) -> list[Mark]:
    """Find the compounds of a text."""
    listed = [mark for mark in marks if mark.quality >= FRAME]
    sure = Marks(listed)
    found: list[Mark] = []
    for rules in _layers():
        more = [mark for name, rule in rules.that_may_hold(sure) for mark in _of(name, rule, sure)]
        if more:
            found += more
            sure = Marks([*listed, *found])
    return found


def _of(name: str, rule: MarkRule, marks: Marks) -> Iterator[Mark]:
    spans = [(start, end) for start, end in all_matches(rule, marks) if end - start <= _LONGEST_COMPOUND]
    known = (*_BETWEEN, *(name for part in rule.parts for name in part)) if spans else ()
    empty = {index for mark in marks.named(known) for index in range(mark.start, mark.end)}
    for start, end in spans:
        if empty.issuperset(range(start, end)):
            yield Mark(name, start, end, SOUND)


@cache
def _layers() -> tuple[Rules[str], ...]:
    """Return the rules of `compounds.yaml`, by layer."""
    text = (files("satark_words") / "compounds.yaml").read_bytes()
    read = msgspec.yaml.decode(text, type=list[dict[str, list[str]]])
    return tuple(
        Rules((name, parse_rule(name, line)) for name, lines in layer.items() for line in lines) for layer in read
    )


Family: TypeAlias = Literal["wait", "question", "remark", "refusal"]


class Topic(NamedTuple):
    """A topic and its family."""

    family: Family
    name: str


class Topics:
    """The parsed rules of questions, remarks and refusals."""

    def __init__(self) -> None:
        text = (files("satark_words") / "rules.yaml").read_bytes()
        read: Mapping[Family, Mapping[str, list[str]]] = msgspec.yaml.decode(
            text, type=dict[Family, dict[str, list[str]]]
        )
        self._rules: Mapping[Family, Rules[str]] = {
            family: Rules((name, parse_rule(name, line)) for name, lines in topics.items() for line in lines)
            for family, topics in read.items()
        }

    def find(self, marks: Marks, *families: Family) -> Topic | None:
        """Find the first topic of these families among a text's marks."""
        for family in families:
            for name, rule in self._rules[family].that_may_hold(marks):
                if matches(rule, marks):
                    return Topic(family, name)
        return None
