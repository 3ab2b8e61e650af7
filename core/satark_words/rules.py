"""Rules: the meaning of marks that occur together. The rules are data (`rules.yaml`, `danger.yaml`, `identity.yaml`).

A rule is a line: `act.kill + who.me|who.kin /4 - frame.past|frame.joke`. `+` joins parts that must all occur. Each part
is one of the marks between `|`, and is at most 6 words (or `/4`: 4 words) from the part before it. With `>` in place of
`+` the parts must occur in this order. After `-` come marks that must not occur within the same distance in the same
clause. `act.*` stands for all marks that begin with `act.`; a `*` is allowed only after the first dot.

`compounds` finds marks that several words form together: "tell" and "not" are a refusal, in any order and language. Its
rules are in `compounds.yaml`. A later rule may use the marks of earlier rules. Only words without meaning may occur
between the parts, so that a compound is as sure as a listed phrase. `Topics` finds questions to the service, remarks
and refusals: `rules.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from satark_words.marks import FRAME, SOUND, Mark, Marks, between

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
        """Mark → indexes of the rules that begin with it, so that few of two hundred rules must be tried."""
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
    rule = MarkRule(name, parts, " > " in line, int(distance[1]) if distance else _NEAR, _names(unless))
    if not all(map(_MARK.fullmatch, (*chain(*rule.parts), *rule.unless))):
        raise RuleError(f"the rule {name!r} has a * that does not follow a mark's first dot")
    return rule


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split("|") if name.strip())


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
