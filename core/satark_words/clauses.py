"""Clauses of a text. A negation and a time belong to their clause, and in it to the words that they stand with."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from satark_words.analysis import NEGATIONS, Analysis
from satark_words.rules import Mark

Moment: TypeAlias = Literal["", "now", "past", "coming"]

_NEGATIONS: Final = (*NEGATIONS, "say.no", "say.nobody", "ask.none", "opt.police.no", "opt.danger.no")
_OVER: Final = ("soc.ok", "k.calm")
"""Marks of words which say that nothing happens now: "abhi sab theek hai"."""
_LATER: Final = ("soc.wait", "opt.when.coming", "k.with")
"""Marks whose phrases may contain the word of another time: "abhi hua nahi"."""
_ENGLISH: Final = frozenset({
    "not", "no", "dont", "never", "isnt", "arent", "doesnt", "do", "didnt", "wasnt", "cannot", "cant", "wont",
    "without", "none", "nothing", "nobody", "does", "did", "is", "neither", "nor",
})  # fmt: skip
"""First words of English negations, which deny what stands after them."""


def is_denied(analysis: Analysis, mark: Mark, by: tuple[str, ...] = _NEGATIONS) -> bool:
    """Return whether a negation stands with the words of a mark, in their clause."""
    return any(_stands_with(negation, mark, analysis) for negation in _beside(mark, by, analysis))


def _beside(mark: Mark, names: tuple[str, ...], analysis: Analysis) -> list[Mark]:
    """Return the marks with these names in the clause of a mark's words, but not among these words."""
    clause = analysis.clauses[mark.start]
    others = [other for other in analysis.found(*names) if analysis.clauses[other.start] == clause]
    return [other for other in others if other.start < mark.start or mark.end < other.end]


def _stands_with(negation: Mark, mark: Mark, analysis: Analysis) -> bool:
    before = negation.end <= mark.start
    if negation.start <= mark.start and mark.end <= negation.end:
        return True
    if negation.name in {"say.unknown", "say.if"}:
        return before or negation.name == "say.unknown"
    if negation.name == "neg.without":
        return negation.end == mark.start
    if analysis.tokens[negation.start].text in _ENGLISH:
        return before
    if before and any(one.end == negation.start for one in analysis.story_marks()):
        return False  # "bhang nahi ganja"
    between = range(negation.end, mark.start) if before else range(mark.end, negation.start)
    return analysis.covered(("fill", "opt.when.was")).issuperset(between)


_TIMES: Final = {
    "time.now": "now", "time.past": "past", "time.coming": "coming", "verb.future": "coming", "verb.ongoing": "ongoing",
}  # fmt: skip
_ANSWERS: Final = {
    **_TIMES, "opt.when.now": "now", "opt.when.past": "past", "opt.when.was": "past", "opt.when.coming": "coming",
    "time.often": "often", "time.clock": "clock", "verb.habit": "often",
}  # fmt: skip
"""Marks that tell a time in an answer, where a single word may do so."""


def moment_of(analysis: Analysis) -> Moment:
    """Return when a text says that something happens. Where it says so twice, what happens now counts first."""
    told = [_moment(senses) for senses in _clause_times(analysis, _TIMES)]
    order: tuple[Moment, ...] = ("now", "coming", "past")
    return next((moment for moment in order if moment in told), "")


def _moment(senses: set[str]) -> str:
    """Return when the verb of one clause happens: "abhi 2 ghante pehle hua" is past, as "abhi aaega" is to come."""
    if "now" in senses and ("ongoing" in senses or senses == {"now"}):
        return "now"
    return next((moment for moment in ("coming", "past") if moment in senses), "")


def happens_now(analysis: Analysis) -> str:
    """Return `yes` or `no` as a text says that something happens now or at another time; empty where it tells none."""
    for senses in _clause_times(analysis, _ANSWERS):
        if ("ongoing" in senses and "often" not in senses) or {"now"} <= senses <= {"now", "ongoing", "clock"}:
            return "yes"
    return "no" if analysis.has(*_ANSWERS) else ""


def _clause_times(analysis: Analysis, names: dict[str, str]) -> list[set[str]]:
    """Return the times that each clause tells, other than those at which the police were told of it."""
    found: dict[int, set[str]] = {}
    for mark in timely(analysis, *names):
        found.setdefault(analysis.clauses[mark.start], set()).add(names[mark.name])
    to_police, said = (
        {analysis.clauses[mark.start] for mark in analysis.found(*marks)}
        for marks in (("to.police", "person.police"), ("k.told",))
    )
    return [senses for clause, senses in found.items() if clause not in to_police & said]


def timely(analysis: Analysis, *names: str) -> list[Mark]:
    """Return the marks of times that are not denied, as in "abhi nahi" and "it is not happening now"."""
    denials = (*_NEGATIONS, *_OVER, *_LATER)
    return [
        mark
        for mark in analysis.found(*names)
        if not any(_denies_time(one, mark, analysis) for one in _beside(mark, denials, analysis))
    ]


def _denies_time(denial: Mark, mark: Mark, analysis: Analysis) -> bool:
    """Return whether a time is denied. Behind a time, a negation denies that one alone: "kal nahi abhi"."""
    if denial.name in _LATER:
        return denial.start <= mark.start and mark.end <= denial.end
    if denial.name in _OVER:
        return mark.name in {"time.now", "opt.when.now"} and (mark.end <= denial.start or denial.name == "k.calm")
    if analysis.tokens[denial.start].text in _ENGLISH:
        return denial.start <= mark.start or denial.start == mark.end
    times = analysis.found("time.*", "opt.when.now", "opt.when.past", "opt.when.coming")
    clause = analysis.clauses[denial.start]
    before = [one for one in times if one.start <= denial.start and analysis.clauses[one.start] == clause]
    inside = any(time.end <= denial.end for time in before)  # "abhi na"
    present = inside and mark.name in {"opt.when.now", "verb.ongoing"}
    return not before or present or any(time.start <= mark.start < time.end for time in before)
