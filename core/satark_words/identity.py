"""Finds the words of a text that identify its author, so that they can be shown and removed before sending."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from satark_words.analysis import Analysis
from satark_words.reading import IdentitySpan
from satark_words.rules import Mark, Marks, Rules, all_matches, between, parse_rule
from satark_words.tokens import ascii_digits

_Kind: TypeAlias = Literal["name", "phone", "address", "kin", "own_place", "work", "only_witness", "number"]
_PHONE: Final = re.compile(r"(?<![\w])(?:\+?91[\s-]?|0)?[6-9]\d(?:[\s-]?\d){8}(?![\w])")
_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
"""Matches an e-mail address, which has at most 64 characters before its @ (RFC 5321, 4.5.3.1). Without that limit a
single word of many thousand letters would take minutes."""
_DIGIT: Final = re.compile("[0-9]")
_HOUSE: Final = re.compile(r"(?<![\w/])[A-Za-z]{1,2}\s?-?\s?\d{1,3}/\d{1,3}(?:-?[A-Za-z0-9]{1,4})?(?![\w/])")
_NAME_WORDS: Final = 3
_LATER_WORDS: Final = 5
_NEAR: Final = 5
_OTHERS: Final = frozenset({"id.their-number", "id.their", "who.they", "person.police", "who.kin", "id.role"})


class OwnIdentity:
    """Finds the parts of a text that identify its sender. The rules are data: `identity.yaml`."""

    def __init__(self) -> None:
        text = (files("satark_words") / "identity.yaml").read_bytes()
        lines = msgspec.yaml.decode(text, type=dict[_Kind, list[str]])
        self._rules: Rules[_Kind] = Rules(
            (kind, parse_rule(kind, line)) for kind in get_args(_Kind) for line in lines.get(kind, [])
        )

    def find(self, analysis: Analysis) -> tuple[IdentitySpan, ...]:
        """Find the parts of a text that identify its sender, in order and without overlaps."""
        names = [Mark("id.unknown", at, at + 1, 1.0) for at in sorted(analysis.unknown)]
        found = [*self._by_rules(analysis, Marks([*analysis.marks.all(), *names])), *_by_form(analysis)]
        return _merged([*found, *_signature(analysis)])

    def _by_rules(self, analysis: Analysis, marks: Marks) -> Iterator[IdentitySpan]:
        for kind, rule in self._rules.that_may_hold(marks):
            for start, end in all_matches(rule, marks):
                last = _name_end(analysis, end) if kind == "name" else end
                yield IdentitySpan(analysis.tokens[start].start, analysis.tokens[last - 1].end, kind)


def _name_end(analysis: Analysis, end: int) -> int:
    """Return the end of the name after "my name is", which is before the first word with an ordinary meaning."""
    ordinary = analysis.covered(("fill", "cat.*", "act.*", "place.*", "neg"))
    stop = min(len(analysis.tokens), end + _NAME_WORDS + 1)
    clause = analysis.tokens[end - 1].clause
    while end < stop and analysis.tokens[end].clause == clause and (end not in ordinary or end < stop - _NAME_WORDS):
        end += 1
    return end


def _signature(analysis: Analysis) -> Iterator[IdentitySpan]:
    """Yield the name with a relation to somebody that stands alone at the end: "…, neighbour Sunita"."""
    found, last = analysis.found("who.kin", "id.beside"), len(analysis)
    relations = {mark.start for mark in found if mark.end - mark.start == 1}
    first = next((at + 1 for at in reversed(range(last)) if at not in relations | analysis.unknown), 0)
    tail, is_apart = {*range(first, last)}, 0 < first < last and analysis.clauses[first - 1] < analysis.clauses[first]
    if is_apart and tail & relations and tail & analysis.unknown:
        yield IdentitySpan(analysis.tokens[first].start, analysis.tokens[-1].end, "name")


def _by_form(analysis: Analysis) -> Iterator[IdentitySpan]:
    plain = ascii_digits(analysis.text)
    for match in _MAIL.finditer(plain) if "@" in plain else ():
        yield IdentitySpan(match.start(), match.end(), "number")
    if not _DIGIT.search(plain):
        return
    for match in _PHONE.finditer(plain):
        if not _is_anothers(analysis, match.start()):
            yield IdentitySpan(match.start(), match.end(), "phone")
    for match in _HOUSE.finditer(plain):
        if not _is_anothers(analysis, match.start()):
            yield IdentitySpan(match.start(), match.end(), "address")


def _is_anothers(analysis: Analysis, at: int) -> bool:
    """Return whether the words before a number tell that it is somebody else's: "his number is 98…"."""
    index = next((i for i, token in enumerate(analysis.tokens) if token.end > at), len(analysis.tokens))
    before = between(analysis.marks.all(), index - _NEAR - 1, index + _LATER_WORDS - 1)
    own = [mark for mark in before if mark.name in {"id.my-number", "who.mine", "id.live", "id.my-name"}]
    others = [mark for mark in before if mark.name in _OTHERS and mark.start < index]
    return not own and (bool(others) or _is_named(analysis, index))


def _is_named(analysis: Analysis, index: int) -> bool:
    """Return whether words such as "ka mobile" or "number of" precede a number, which is then another person's."""
    of = {"ka", "का", "ki", "की", "کا", "کی", "ke", "के", "of", "s"}
    return any(token.text in of for token in analysis.tokens[max(0, index - 3) : index])


def _merged(found: Iterable[IdentitySpan]) -> tuple[IdentitySpan, ...]:
    merged: list[IdentitySpan] = []
    for span in sorted(found, key=lambda one: (one.start, -one.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = IdentitySpan(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return tuple(merged)


def without_spans(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return the text without these parts, each given by its start and end index."""
    kept: list[str] = []
    at = 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    return " ".join("".join([*kept, text[at:]]).split())
