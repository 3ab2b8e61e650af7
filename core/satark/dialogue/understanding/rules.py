"""Rules: which marks together mean something. The rules are data (`rules.yaml`, `danger.yaml`, `identity.yaml`).

A rule is a line: `act.kill + who.me|who.kin /4 - frame.past|frame.joke`. The parts between `+` must all be there, each
as one of the marks between `|`, each at most so many words (`/4`, else 6) from the one before it; with `>` in place of
`+` in this order. After `-` stand marks that must not be near (within as many words, in the same sentence part).
A mark ending in `*` stands for all that begin so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from satark.dialogue.understanding.lexicon import Mark

_NEAR: Final = 6
_MOST: Final = 40
"""Marks of one kind that are looked at: a story of eight hundred words must not take longer than it takes to read."""


class RuleError(ValueError):
    """A rule can't be read; the message shows it."""


class Rule(NamedTuple):
    """One rule."""

    name: str
    parts: tuple[tuple[str, ...], ...]
    ordered: bool
    near: int
    unless: tuple[str, ...]


def parse_rule(name: str, line: str) -> Rule:
    """Read a rule from its line.

    Raises:
        RuleError: it has no parts.
    """
    line, _, unless = line.partition(" - ")
    distance = re.search(r"\s/(\d+)", line)
    line = re.sub(r"\s/\d+", "", line)
    parts = tuple(tuple(part.strip().split("|")) for part in re.split(r"\s[+>]\s", line) if part.strip())
    if not parts:
        raise RuleError(f"the rule {name!r} has no marks")
    return Rule(name, parts, " > " in line, int(distance[1]) if distance else _NEAR, _names(unless))


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split("|") if name.strip())


def carries(mark: Mark, names: Sequence[str]) -> bool:
    """Whether a mark is one of these; a name ending in `*` stands for all that begin so."""
    return any(mark.name == name or (name[-1] == "*" and mark.name.startswith(name[:-1])) for name in names)


def matches(rule: Rule, marks: Sequence[Mark]) -> tuple[int, int] | None:
    """Return the words, from first to last, on which a rule holds; None: it does not."""
    return next(all_matches(rule, marks), None)


def all_matches(rule: Rule, marks: Sequence[Mark]) -> Iterator[tuple[int, int]]:
    """Yield the words, from first to last, of each place where a rule holds."""
    candidates = [[mark for mark in marks if carries(mark, part)][:_MOST] for part in rule.parts]
    if not all(candidates):
        return
    stops = [mark for mark in marks if carries(mark, rule.unless)] if rule.unless else []
    for found in _combinations(candidates, rule):
        start, end = min(mark.start for mark in found), max(mark.end for mark in found)
        if not any(stop.start < end + rule.near and stop.end > start - rule.near for stop in stops):
            yield start, end


def _combinations(candidates: Sequence[Sequence[Mark]], rule: Rule) -> Iterator[tuple[Mark, ...]]:
    chains: list[tuple[Mark, ...]] = [(mark,) for mark in candidates[0]]
    for more in candidates[1:]:
        chains = [(*chain, mark) for chain in chains for mark in more if _fit((chain[-1], mark), rule)]
    yield from chains


def _fit(found: tuple[Mark, Mark], rule: Rule) -> bool:
    before, after = found
    if rule.ordered and after.start < before.end:
        return False
    if before.start < after.end and after.start < before.end:
        return False
    gap = after.start - before.end if after.start >= before.end else before.start - after.end
    return gap <= rule.near
