"""The marks of a text, and rules: the meaning of marks that occur together.

The rules are data (`rules.yaml`, `danger.yaml`, `identifying_words.yaml`), as are groups of marks (`marks.yaml`).

A rule is a line: `act.kill + who.me|who.kin /4 - frame.past|frame.joke`. `+` joins parts that must all occur. Each part
is one of the marks between `|`, and is at most 6 words (or `/4`: 4 words) from the part before it. With `>` in place of
`+` the parts must occur in this order. After `-` come marks that must not occur within the same distance in the same
clause. `act.*` stands for all marks that begin with `act.`; a `*` is allowed only after the first dot.

`compounds` finds marks that several words form together: "tell" and "not" are a refusal, in any order and language. Its
rules are in `compounds.yaml`. A later rule may use the marks of earlier rules. Only words without meaning may occur
between the parts, so that a compound is as sure as a listed phrase. `topic_of` finds questions to the service,
remarks and refusals: `rules.yaml`.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Final, Generic, NamedTuple, TypeVar

from satark_words.small_words import read_table

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
    """The marks of a text, in the order of the text.

    `act.*` stands for all names that begin so, `*` for every name, `@loose` for those of a group in `marks.yaml`.
    """

    __slots__ = ("_by_name", "_families", "_found", "_senses", "longest")

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._by_name: dict[str, list[Mark]] = defaultdict(list)
        for mark in marks:
            self._by_name[mark.name].append(mark)
        self._families: dict[str, list[str]] = defaultdict(list)
        """Pattern, such as `act.*` → the names of the text's marks that match it; empty until it is first needed."""
        self._senses = set[str]().union(*map(_patterns, self._by_name))
        self._found: dict[frozenset[str], Sequence[Mark]] = {}
        self.longest = max([mark.end - mark.start for mark in marks], default=1)
        """Number of tokens of the longest mark."""

    def names(self) -> KeysView[str]:
        """The names of the text's marks."""
        return self._by_name.keys()

    def senses(self) -> AbstractSet[str]:
        """The names of the text's marks and the patterns that match them."""
        return self._senses

    def named(self, names: Iterable[str]) -> Sequence[Mark]:
        """Return the marks with these names."""
        here = self._senses.intersection(names)
        if not here:
            return ()
        key = frozenset(here)
        found = self._found.get(key)
        if found is None:
            if not self._families:
                for name in self._by_name:
                    for pattern in _patterns(name):
                        self._families[pattern].append(name)
            wanted = {name for one in here for name in self._families[one]}
            found = [mark for name in wanted for mark in self._by_name[name]]
            self._found[key] = found = sorted(found, key=place)
        return found

    def has(self, names: Iterable[str]) -> bool:
        """Return whether there is a mark with one of these names."""
        return not self._senses.isdisjoint(names)


_GROUPS: Final = {f"@{name}": marks.split(", ") for name, marks in read_table("marks.yaml", dict[str, str]).items()}


@cache
def _patterns(name: str) -> list[str]:
    """Return all that stands for a mark's name: itself, the name's beginning, as `act.*`, its groups, and `*`."""
    first, dot, _ = name.partition(".")
    own = {name, f"{first}.*"} if dot else {name}
    return [*own, *(group for group in _GROUPS if _holds(group, own)), "*"]


def _holds(group: str, own: set[str]) -> bool:
    return any(one in own or (one in _GROUPS and _holds(one, own)) for one in _GROUPS[group])


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


def without_hidden(marks: list[Mark]) -> list[Mark]:
    """Remove marks of social and negating words inside a longer phrase, and of crime inside a phrase of another sense.

    If marks have the same name and position, the best is kept. The result is in no order.
    """
    sure = [mark for mark in marks if mark.end - mark.start > 1 and mark.quality >= FRAME]
    longer = [mark for mark in sure if mark.name.startswith(_HIDING)]
    senseless = [mark for mark in sure if mark.name.startswith(_SENSELESS)]
    if longer:
        marks = [mark for mark in marks if not (mark.name.startswith(_HIDDEN) and is_inside(mark, longer))]
    if senseless:
        marks = [mark for mark in marks if not (mark.name.startswith(_OF_CRIME) and is_inside(mark, senseless))]
    return list({mark[:3]: mark for mark in sorted(marks, key=attrgetter("quality"))}.values())


def widest(marks: Sequence[Mark]) -> Sequence[Mark]:
    """Return the marks that are not part of a longer one."""
    return [mark for mark in marks if not is_inside(mark, marks)]


def is_inside(mark: Mark, longer: Iterable[Mark]) -> bool:
    """Return whether a mark is part of a longer one."""
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

    def __init__(self, lines: Iterable[tuple[_Sense, str]]) -> None:
        """Read the rules from their lines.

        Raises:
            RuleError: a rule can't be read.
        """
        self._rules = [(sense, parse_rule(line)) for sense, line in lines]
        self._by_mark: dict[str, list[int]] = {}
        """Mark → indexes of the rules that need it, so that only few of two hundred rules must be tried."""
        uses = Counter(name for _, rule in self._rules for part in rule.parts for name in part)
        for index, (_, rule) in enumerate(self._rules):
            for name in min(rule.parts, key=lambda part: sum(uses[name] for name in part)):
                self._by_mark.setdefault(name, []).append(index)

    def that_may_hold(self, marks: Marks) -> Iterator[tuple[_Sense, MarkRule]]:
        """Yield the rules whose parts all occur in a text, in the order of the rules."""
        begun = {index for name in marks.senses() & self._by_mark.keys() for index in self._by_mark[name]}
        return (self._rules[index] for index in sorted(begun) if self._rules[index][1].may_hold(marks))

    def holding(self, marks: Marks) -> Iterator[_Sense]:
        """Yield the senses of the rules that hold in a text, in the order of the rules."""
        return (sense for sense, rule in self.that_may_hold(marks) if any(all_matches(rule, marks)))


def parse_rule(line: str) -> MarkRule:
    """Read a rule from its line.

    Raises:
        RuleError: the rule has no parts, or a `*` in a wrong place.
    """
    needs, _, unless = line.partition(" - ")
    distance = re.search(r"\s/(\d+)", needs)
    needs = re.sub(r"\s/\d+", "", needs)
    parts = tuple(tuple(part.strip().split("|")) for part in re.split(r"\s[+>]\s", needs) if part.strip())
    if not parts:
        raise RuleError(f"the rule {line!r} has no marks")
    stops = tuple(one.strip() for one in unless.split("|") if one.strip())
    if not all(map(_MARK.fullmatch, (*chain(*parts), *stops))):
        raise RuleError(f"the rule {line!r} has a * that does not follow a mark's first dot")
    return MarkRule(parts, " > " in needs, int(distance[1]) if distance else _NEAR, stops)


def all_matches(rule: MarkRule, marks: Marks) -> Iterator[tuple[int, int]]:
    """Yield the first and last word of each place where a rule holds, if all its parts occur in the text."""
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
    known = ("@between", *(name for part in rule.parts for name in part)) if spans else ()
    empty = {index for mark in marks.named(known) for index in range(mark.start, mark.end)}
    for start, end in spans:
        if empty.issuperset(range(start, end)):
            yield Mark(name, start, end, SOUND)


@cache
def _layers() -> tuple[Rules[str], ...]:
    """Return the rules of `compounds.yaml`, by layer."""
    return tuple(Rules(each_line(layer)) for layer in read_table("compounds.yaml", list[dict[str, list[str]]]))


def each_line(lines: Mapping[_Sense, Iterable[str]]) -> Iterator[tuple[_Sense, str]]:
    """Yield each line of a table of rules with its sense."""
    return ((sense, line) for sense, those in lines.items() for line in those)


class Topic(NamedTuple):
    """A topic and its family: `wait`, `question`, `refusal` or `remark`."""

    family: str
    name: str


def topic_of(marks: Marks) -> Topic | None:
    """Find the first topic among a text's marks."""
    return next((Topic(family, name) for family, rules in _topics().items() for name in rules.holding(marks)), None)


@cache
def _topics() -> Mapping[str, Rules[str]]:
    """Return the rules of `rules.yaml`, by family."""
    read = read_table("rules.yaml", dict[str, dict[str, list[str]]])
    return {family: Rules(each_line(topics)) for family, topics in read.items()}
