"""Finds the words of a text that identify its author, so that they can be shown and removed before sending."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, get_args

from satark_words.analysis import Analysis
from satark_words.lexicon import Lexicon
from satark_words.lexicon_files import index_of
from satark_words.reading import IdentityKind, IdentitySpan
from satark_words.rules import EXACT, SOUND, Mark, Marks, Rules, all_matches, between, each_line
from satark_words.small_words import listed, read_table
from satark_words.tokens import ascii_digits

_PHONE: Final = re.compile(r"(?<![\w])(?:\+?91[\s-]?|0)?[6-9]\d(?:[\s-]?\d){8}(?![\w])")
_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
"""Matches an e-mail address, which has at most 64 characters before its @ (RFC 5321, 4.5.3.1). Without that limit a
single word of many thousand letters would take minutes."""
_DIGIT: Final = re.compile("[0-9]")
_HOUSE: Final = re.compile(r"(?<![\w/])[A-Za-z]{1,2}\s?-?\s?\d{1,3}/\d{1,3}(?:-?[A-Za-z0-9]{1,4})?(?![\w/])")
_SHORT: Final = 5
"""Number of letters of the longest phrase that counts only in its exact spelling: "patti" sounds like "pati"."""
_NAME_WORDS: Final = 3
_LATER_WORDS: Final = 5
_NEAR: Final = 5
_OTHERS: Final = frozenset({"id.their-number", "id.their", "who.they", "person.police", "who.kin", "id.role"})


@cache
def _tables() -> tuple[Rules[IdentityKind], Lexicon]:
    """Return the rules and words of `identifying_words.yaml`."""
    read = read_table("identifying_words.yaml", dict[str, dict[str, list[str]]])
    rules: dict[IdentityKind, list[str]] = {kind: read["rules"].get(kind, []) for kind in get_args(IdentityKind)}
    return Rules(each_line(rules)), Lexicon(index_of(each_line(read["words"])))


def own_identity_of(analysis: Analysis) -> tuple[IdentitySpan, ...]:
    """Find the parts of a text that identify its sender, in order and without overlaps."""
    marks = _marks(analysis)
    found = [*_by_rules(analysis, marks), *_by_form(analysis), *_signature(analysis, marks)]
    return _merged([*found, *_again(analysis, marks, found)])


def _marks(analysis: Analysis) -> Marks:
    """Return the text's marks with those of the rules. Names are words that are like none, and no places."""
    places = {at for one in analysis.places if one.quality >= SOUND for at in range(one.start, one.end)}
    tokens, (_, words) = analysis.tokens, _tables()
    listed = [
        one
        for one in words.marks(tokens, analysis.heard)
        if one.quality == EXACT or (one.quality == SOUND and tokens[one.end - 1].end - tokens[one.start].start > _SHORT)
    ]
    names = analysis.unknown - places | {one.start for one in listed if one.name in {"own.given", "own.surname"}}
    marks = Marks([*analysis.found("*"), *listed, *(Mark("id.unknown", at, at + 1, 1.0) for at in names)])
    others = {at for one in marks.named(("id.unknown", "@beside-names")) for at in range(one.start, one.end)}
    return Marks([one for one in marks.named(("*",)) if _stands(one, analysis, others)])


def _by_rules(analysis: Analysis, marks: Marks) -> Iterator[IdentitySpan]:
    names = {one.start for one in marks.named(("id.unknown",))}
    who = names | {one.end - 1 for one in marks.named(("@relations",))}
    rules, _ = _tables()
    for kind, rule in rules.that_may_hold(marks):
        for start, end in all_matches(rule, marks):
            last = end if kind != "name" or who & {*range(start - 1, end)} else _name_end(analysis, end)
            while kind == "name" and last - 1 in names and last in names:
                last += 1
            first, last = _with_name(analysis, start, last, names) if kind == "kin" else (start, last)
            yield IdentitySpan(analysis.tokens[first].start, analysis.tokens[last - 1].end, kind)


def _stands(mark: Mark, analysis: Analysis, others: set[int]) -> bool:
    """Whether a mark counts where it is: some words must begin or end a clause, and kin must be the sender's."""
    tokens, at = analysis.tokens, mark.start
    if mark.name == "own.last":
        ends = mark.end == len(tokens) or tokens[mark.end].clause > tokens[at].clause
        return ends and all(one in others for one in range(at) if tokens[one].clause == tokens[at].clause)
    begins = at == 0 or analysis.clauses[at - 1] < analysis.clauses[at] or tokens[at - 1].text in listed("links")
    alone = mark.name == "own.alone" and at - 1 not in others
    if alone and mark.end < len(tokens) and tokens[mark.end].clause > tokens[at].clause:
        return False  # who is addressed
    return begins or alone or mark.name not in {"own.first", "own.alone"}


def _with_name(analysis: Analysis, start: int, end: int, names: set[int]) -> tuple[int, int]:
    """Return the span of kin together with their name: "meri beti Rukhsana", "Anil mera bhai", "my son named Anil"."""
    tokens = analysis.tokens
    clause = [at for at, token in enumerate(tokens) if token.clause == tokens[start].clause]
    is_name = analysis.text[tokens[clause[-1]].start].isupper() or clause[-1] not in analysis.unknown  # or a verb
    named = names & {*(clause if is_name else clause[:-1])}
    behind = max((at + 1 for at in clause if end <= at <= end + 2 and tokens[at].text in listed("called")), default=end)
    end = behind if behind in named else end
    while end in named:
        end += 1
    while start - 1 in named:
        start -= 1
    return start, end


def _name_end(analysis: Analysis, end: int) -> int:
    """Return the end of the name after "my name is": the place before the first word with an ordinary meaning."""
    ordinary = analysis.covered(("fill", "cat.*", "act.*", "place.*", "neg"))
    ordinary |= {at for one in analysis.places or () for at in range(one.start, one.end)}
    stop = min(len(analysis.tokens), end + _NAME_WORDS + 1)
    clause = analysis.tokens[end - 1].clause
    while end < stop and analysis.tokens[end].clause == clause and (end not in ordinary or end < stop - _NAME_WORDS):
        end += 1
    return end


def _again(analysis: Analysis, marks: Marks, found: Iterable[IdentitySpan]) -> Iterator[IdentitySpan]:
    """Yield further occurrences of the names of kin in a text."""
    names = [analysis.tokens[one.start] for one in marks.named(("id.unknown",))]
    own = {name.text for name in names for one in found if one.kind == "kin" and one.start <= name.start < one.end}
    yield from (IdentitySpan(one.start, one.end, "kin") for one in names if one.text in own)


def _signature(analysis: Analysis, marks: Marks) -> Iterator[IdentitySpan]:
    """Yield the name that stands alone at the end: "…, neighbour Sunita", "…, Ramesh Yadav", "… - Ramesh, Ward 5"."""
    tokens, last = analysis.tokens, len(analysis)
    names = {one.start for one in marks.named(("id.unknown",))}
    found = marks.named(("who.kin", "id.beside", "own.surname"))
    # Lal and Pathak are words too, but not behind a first name.
    alone = {mark.start for mark in found if mark.name == "own.surname" and mark.start - 1 not in names}
    relations = {mark.start for mark in found if mark.end - mark.start == 1} - alone
    beside = analysis.covered(("digits", "place.thing"))
    first = next((at + 1 for at in reversed(range(last)) if at not in relations | names | beside), 0)
    while first < last and (first in beside or tokens[first].clause == tokens[first - 1].clause):
        first += 1
    if 0 < first < last and names & {first, first + 1} and first - 1 not in names:
        gap = analysis.text[tokens[first - 1].end : tokens[first].start]
        if (relations & {*range(first, last)} and last - first > 1) or re.search(r"\s[-–—~]", gap):
            yield IdentitySpan(tokens[first].start, tokens[-1].end, "name")


def _by_form(analysis: Analysis) -> Iterator[IdentitySpan]:
    plain = ascii_digits(analysis.text)
    for match in _MAIL.finditer(plain) if "@" in plain else ():
        yield IdentitySpan(match.start(), match.end(), "number")
    if not _DIGIT.search(plain):
        return
    kinds: tuple[tuple[IdentityKind, re.Pattern[str]], ...] = (("phone", _PHONE), ("address", _HOUSE))
    for kind, match in ((kind, match) for kind, form in kinds for match in form.finditer(plain)):
        if not _is_anothers(analysis, match.start()):
            yield IdentitySpan(match.start(), match.end(), kind)


def _is_anothers(analysis: Analysis, at: int) -> bool:
    """Return whether words before a number say that it is somebody else's: "his number is 98…", "ka mobile 98…"."""
    index = next((i for i, token in enumerate(analysis.tokens) if token.end > at), len(analysis.tokens))
    before = between(analysis.found("*"), index - _NEAR - 1, index + _LATER_WORDS - 1)
    own = [mark for mark in before if mark.name in {"id.my-number", "who.mine", "id.live", "id.my-name"}]
    others = [mark for mark in before if mark.name in _OTHERS and mark.start < index]
    of = {"ka", "का", "ki", "की", "کا", "کی", "ke", "के", "of", "s"}
    return not own and (bool(others) or any(one.text in of for one in analysis.tokens[max(0, index - 3) : index]))


def _merged(found: Iterable[IdentitySpan]) -> tuple[IdentitySpan, ...]:
    merged: list[IdentitySpan] = []
    for span in sorted(found, key=lambda one: (one.start, -one.end, one.kind != "own_place")):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = IdentitySpan(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return tuple(merged)
