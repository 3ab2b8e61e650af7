"""Finds the answers in a story: its category, the police unit that it accuses, its time and its place.

A negation or a time belongs to its clause, and in it to the words beside it.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Final, Literal, TypeAlias

from satark_words.analysis import ENGLISH_NEGATIONS, Analysis, once
from satark_words.places import Places, is_cleared
from satark_words.reading import Danger, DangerKind, Opening
from satark_words.rules import Mark, Rules, all_matches, each_line, widest
from satark_words.small_words import in_order, listed, read_table
from satark_words.weights import CLEAR, CLEAR_MARGIN, likely_of, weights

Moment: TypeAlias = Literal["", "now", "past", "coming"]

_OVER: Final = ("soc.ok", "k.calm")
"""Marks of words that say that nothing happens now: "abhi sab theek hai"."""
_LATER: Final = ("soc.wait", "opt.when.coming", "k.with", "cmd.help")
"""Marks whose phrases may contain the word of another time: "abhi hua nahi"."""


def is_denied(analysis: Analysis, mark: Mark, by: str = "@denials") -> bool:
    """Return whether a negation belongs to the words of a mark, in their clause."""
    return any(_stands_with(negation, mark, analysis) for negation in _beside(mark, (by,), analysis))


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
    if analysis.tokens[negation.start].text in ENGLISH_NEGATIONS:
        return negation.start <= mark.start
    if before and any(one.end == negation.start for one in analysis.found("@story")):
        return False  # "bhang nahi ganja"
    between = range(negation.end, mark.start) if before else range(mark.end, negation.start)
    return analysis.covered(("fill", "opt.when.was")).issuperset(between)


_TIMES: Final = dict(one.split(":") for one in in_order("times"))
_ANSWERS: Final = _TIMES | dict(one.split(":") for one in in_order("answers"))
"""Marks that tell a time in an answer, in which a single word suffices."""


def moment_of(analysis: Analysis) -> Moment:
    """Return when something happens, according to a text. If it tells two times, what surely goes on counts first."""
    times = _clause_times(analysis, _TIMES)
    told = {_moment(senses) for senses in times.values()}
    idle = {analysis.clauses[at] for at, one in enumerate(analysis.tokens) if one.text in listed("not-going-on")}
    only = {clause for clause, senses in times.items() if senses == {"now"}}
    if not any({"now", "ongoing"} <= one for one in times.values()) and ("past" in told or only <= idle):
        told.discard("now")
    order: tuple[Moment, ...] = ("now", "coming", "past")
    return next((moment for moment in order if moment in told), "")


def _moment(senses: set[str]) -> str:
    """Return when the verb of one clause happens: "abhi 2 ghante pehle hua" is past, as "abhi aaega" is to come."""
    if "now" in senses and ("ongoing" in senses or senses == {"now"}):
        return "now"
    return next((moment for moment in ("coming", "past") if moment in senses), "")


def moment_told(analysis: Analysis) -> Moment:
    """Return whether a time was or will be; empty: either, as in "kal", "15 tarikh ko", "Holi se pehle"."""
    words, past = [token.text for token in analysis.tokens], set()
    for one in analysis.found("time.past", "opt.when.past", "opt.when.was"):
        begins = words[one.start] in listed("before") and one.end < len(words)
        is_before = begins or not listed("than").isdisjoint(words[one.start - 1 : one.start])  # "chunav se pehle"
        unsaid = {at for at, word in enumerate(words) if word == "the"} | analysis.covered(("time.later",))
        past |= set() if is_before or unsaid >= {*range(one.start, one.end)} else {one.name}
    later = analysis.has("time.coming", "verb.future", "opt.when.coming")
    return "past" if past and ("opt.when.was" in past or not later) else "coming" if later else ""


def happens_now(analysis: Analysis) -> str:
    """Return `yes` or `no` if a text says that something happens now or at another time; empty: it tells no time.

    Something that happened while the sender was there, "jab nikla tab ho raha tha", may continue.
    """
    for senses in _clause_times(analysis, _ANSWERS).values():
        if ("ongoing" in senses and "often" not in senses) or {"now"} <= senses <= {"now", "ongoing", "clock"}:
            return "yes"
    past = analysis.found(*(name for name, when in _ANSWERS.items() if when in {"past", "coming", "often", "clock"}))
    was = analysis.covered(("opt.when.was",))
    may_go_on = analysis.has("verb.went-on") and all(was >= {*range(one.start, one.end)} for one in past)
    return "no" if analysis.has(*_ANSWERS) and not may_go_on else ""


def _clause_times(analysis: Analysis, names: dict[str, str]) -> dict[int, set[str]]:
    """Return the times that each clause tells, other than those at which the police were told of it."""
    found: dict[int, set[str]] = {}
    for mark in timely(analysis, *names):
        found.setdefault(analysis.clauses[mark.start], set()).add(names[mark.name])
    to_police, said = (
        {analysis.clauses[mark.start] for mark in analysis.found(*marks)}
        for marks in (("to.police", "person.police"), ("k.told",))
    )
    return {clause: senses for clause, senses in found.items() if clause not in to_police & said}


def timely(analysis: Analysis, *names: str) -> list[Mark]:
    """Return the marks of times that are not denied, as in "abhi nahi" and "it is not happening now"."""
    denials = ("@denials", *_OVER, *_LATER)
    return [
        mark
        for mark in analysis.found(*names)
        if not any(_denies_time(one, mark, analysis) for one in _beside(mark, denials, analysis))
    ]


def _denies_time(denial: Mark, mark: Mark, analysis: Analysis) -> bool:
    """Return whether a time is denied. A negation behind a time denies only that time: "kal nahi abhi"."""
    if denial.name in _LATER:
        return denial.start <= mark.start and mark.end <= denial.end
    if denial.name in _OVER:
        return mark.name in {"time.now", "opt.when.now"} and (mark.end <= denial.start or denial.name == "k.calm")
    if analysis.tokens[denial.start].text in ENGLISH_NEGATIONS:
        return denial.start <= mark.start or denial.start == mark.end
    times = analysis.found("time.*", "opt.when.now", "opt.when.past", "opt.when.coming")
    clause = analysis.clauses[denial.start]
    before = [one for one in times if one.start <= denial.start and analysis.clauses[one.start] == clause]
    inside = any(time.end <= denial.end for time in before)  # "abhi na"
    present = inside and mark.name in {"opt.when.now", "verb.ongoing"}
    return not before or present or any(time.start <= mark.start < time.end for time in before)


ORDER: Final = in_order("categories")
"""Categories in order of precedence: if a text tells of two equally, the earlier one counts."""
_STRONG: Final = 3.0
_TOGETHER: Final = 1.2
_WEAK: Final = 0.3
_LAST: Final = 0.2
"""Weight of the category "something else", which counts only if no other category is told."""
_PAID_FOR: Final = ("INTOX", "GAMBL", "MINE", "COW", "ARMS", "TRAFF", "CONV")
"""Categories of crimes for which others pay the police: the tip is about the crime."""
_RANKS: Final = ("range", "district", "circle", "other_station", "outpost", "station")
"""Levels of the police, the highest first. If a text names two, the higher one counts, since that keeps the tip from
more people."""


@once
def category_of(analysis: Analysis) -> str:
    """Return the code of the category that a text tells of, or an empty text. A denied crime doesn't count."""
    scores = _scores(analysis)
    if _police_do_it(analysis, scores):
        return "POLCOR"
    if _others_do_it(analysis, scores):
        scores.pop("POLCOR", None)
    return max(ORDER, key=lambda code: scores.get(code, 0)) if scores else ""


def _others_do_it(analysis: Analysis, scores: dict[str, float]) -> bool:
    """Return whether others' crime is told, for which the police are only paid, in a clause without the police."""
    told = {f"{kind}.{code}" for kind in ("cat", "strong") for code in _PAID_FOR if scores.get(code, 0) >= 1}
    if not told:
        return False
    first = {analysis.clauses[one.start]: one.start for one in reversed(analysis.found("@police"))}
    clauses = [(one.start, first.get(analysis.clauses[one.start], len(analysis))) for one in analysis.found(*told)]
    return all(start <= police for start, police in clauses)


def _scores(analysis: Analysis) -> dict[str, float]:
    scores: dict[str, float] = {}
    denied: set[str] = set()
    weak = {(mark.start, mark.end) for mark in analysis.found("weak.*")}
    for mark in widest(analysis.found("cat.*", "strong.*")):
        kind, _, code = mark.name.partition(".")
        if is_denied(analysis, mark):
            denied.add(code)
            continue
        size = 1 + 0.25 * (mark.end - mark.start - 1)
        weight = _STRONG if kind == "strong" else _WEAK if code == "HEIN" and (mark.start, mark.end) in weak else size
        scores[code] = scores.get(code, 0) + (weight * _LAST if code == "OTHER" else weight) * mark.quality
    denied -= scores.keys()
    if analysis.has("@police", "w.office") and not _accused(analysis, "@police", but=()):
        denied.add("POLCOR")
        scores.pop("POLCOR", None)
    for code, rule in _rules().that_may_hold(analysis.marks):
        spans = [] if code in denied else all_matches(rule, analysis.marks)
        if any(not is_denied(analysis, Mark(code, *span, 1.0), "@denies-crime") for span in spans):
            scores[code] = scores.get(code, 0) + (_TOGETHER * _LAST if code == "OTHER" else _TOGETHER)
    marks = {*scores, *analysis.marks.names()}
    told = {code for code in ORDER if f"not.{code}" not in marks or f"strong.{code}" in marks} if scores else ()
    return {code: weight for code, weight in scores.items() if code in told}


@cache
def _rules() -> Rules[str]:
    """Return the rules of `categories.yaml`."""
    return Rules(each_line(read_table("categories.yaml", dict[str, list[str]])))


def _police_do_it(analysis: Analysis, scores: dict[str, float]) -> bool:
    """Return whether the police themselves sell, take or cover up, so that the tip is about them."""
    people = _accused(analysis, "person.police")
    if not people or scores.keys() & {"HEIN", "TRAFF"}:
        return False
    paid = () if _others_do_it(analysis, scores) else analysis.found("act.take")
    deeds = paid or (analysis.found("act.complicit") if not scores else [])
    deeds = deeds or (analysis.found("cat.EXTORT", "w.demand") if "EXTORT" in scores else [])
    deeds = deeds or [mark for mark in analysis.found("act.sell", "act.play") if _follows(mark, people)]
    return any(not is_denied(analysis, deed) for deed in deeds)


def _follows(deed: Mark, people: Sequence[Mark]) -> bool:
    return any(0 <= deed.start - person.end <= 2 for person in people)  # noqa: PLR2004


def _accused(analysis: Analysis, *names: str, but: tuple[str, ...] = ("to.police",)) -> list[Mark]:
    """Return the marks of the police that a text neither speaks to nor clears, as in "daroga imandar hai"."""
    if not analysis.has(*names):
        return []
    asks = () if analysis.has("verb.habit", "w.money", "w.bribe", "act.take") else ("asks.police",)  # for help
    spoken_to = analysis.covered((*but, *asks)) - analysis.covered(("said.police.fear",))
    taken = analysis.found("k.with", "act.take", "w.demand")
    cleared = [mark for mark in taken if is_denied(analysis, mark, "@denies-crime")]
    clauses = {analysis.clauses[mark.start] for mark in (*analysis.found("said.police.no", "k.posing"), *cleared)}
    people = [one for one in analysis.found(*names) if one.start not in spoken_to and not _is_none(analysis, one)]
    return [mark for mark in people if analysis.clauses[mark.start] not in clauses]


def _is_none(analysis: Analysis, police: Mark) -> bool:
    """Return whether a text says that there are no such police: "isme police nahi hai", but not "police nahi sunti"."""
    empty = analysis.covered(("opt.police.no", "@says-no", "fill"))
    rest = next((clause for at, clause in enumerate(analysis.clauses) if at >= police.end and at not in empty), -1)
    before = analysis.tokens[police.start - 1 : police.start]
    alone = rest != analysis.clauses[police.start] or any(one.text in ENGLISH_NEGATIONS for one in before)
    denied = police.start in analysis.covered(("opt.police.no",)) or is_cleared(analysis, police)
    return alone and denied


def unit_of(analysis: Analysis) -> str:
    """Return the police level that a text is about: `station`, `outpost`, `circle`, `district`, `range`, or empty."""
    named = {mark.name.partition(".")[2] for mark in widest(analysis.found("unit.*"))}
    return next((rank for rank in _RANKS if rank in named), "station" if "any" in named else "")


def names_another(analysis: Analysis) -> bool:
    """Return whether a text denies that police are involved, and then names some: "nahi, lekin sipahi aata hai"."""
    first = min((one.end for one in analysis.found("@says-no")), default=len(analysis))
    but = min((one.end for one in analysis.found("neg.but") if first <= one.start), default=len(analysis))
    return not analysis.asks and any(but <= one.start for one in analysis.found("@police"))


def accuses_another(analysis: Analysis) -> bool:
    """Return whether a text denies that some police are involved and accuses others: "daroga nahi, CO mila hua hai"."""
    people = widest(analysis.found("@police"))
    others = [one for one in people if not is_cleared(analysis, one)]
    denied = {one.start for one in analysis.found("@says-no")} if others else set()
    return (
        (len(others) < len(people) or names_another(analysis))
        and not analysis.asks
        and any(
            one.end <= deed.start
            and analysis.clauses[one.start] == analysis.clauses[deed.start]
            and denied.isdisjoint(range(one.end, deed.end + 1))
            for one, deed in product(others, analysis.found("k.with", "@accuses"))
        )
    )


@once
def opening_of(places: Places, dangers: tuple[Danger, ...], analysis: Analysis) -> Opening:
    """Return the answers that a first message, or any story, gives to questions that would be asked."""
    often = bool(timely(analysis, "time.often"))
    when = moment_of(analysis)
    police = _tells_of_police(analysis, in_danger=any(danger.sure for danger in dangers))
    return Opening(
        category=category_of(analysis),
        place=places.find(analysis),
        when="" if often and when == "past" else when,
        often=often,
        hour=analysis.has("time.clock"),
        police=police,
        unit=unit_of(analysis) if police else "",
        dangers=dangers,
        doubts=frozenset(_doubts(analysis, dangers)),
    )


def rivals_of(code: str) -> Sequence[str]:
    """Return the categories of which a text may tell instead: police who are paid for a crime are not what it tells."""
    return ORDER if code not in _PAID_FOR else [one for one in ORDER if one != "POLCOR"]


def _doubts(analysis: Analysis, dangers: Iterable[Danger]) -> Iterator[str]:
    if moment_told(analysis) != "past" or analysis.has("@goes-on"):
        yield "when"
    code = category_of(analysis)
    harassed = code == "HARASS" and any(danger.kind is DangerKind.WOMAN for danger in dangers)
    likely = likely_of(analysis.features, rivals_of(code))
    named = {mark.name.partition(".")[2] for mark in analysis.found("cat.*", "strong.*")}
    is_clear = likely and (likely.is_clear or (named == {code} and likely.margin >= CLEAR_MARGIN))
    if not (code and (harassed or (likely and likely.sense == code and is_clear))):
        yield "category"
    yes, *others = (weights()[f"police:{answer}"] for answer in ("yes", "no", "unknown"))
    logit = yes.logit(analysis.features)  # must be high: nobody is accused by a guess
    is_clear = logit >= 2 * CLEAR and all(logit >= one.logit(analysis.features) for one in others)
    if not (is_clear or accuses_another(analysis)):
        yield "police"


def _tells_of_police(analysis: Analysis, *, in_danger: bool) -> bool:
    people = _accused(analysis, "person.police", "unit.*")
    sells = [mark for mark in analysis.found("act.sell", "act.play") if _follows(mark, people)]
    accused = [mark for mark in (*analysis.found("@accuses"), *sells) if people or mark.name.startswith("opt.")]
    named = bool(_accused(analysis, "person.police", "unit.*", but=()))
    told = named and not all(is_denied(analysis, mark, "@denies-crime") for mark in accused)
    return told or (in_danger and any(one.start not in analysis.covered(("place.thing",)) for one in people))
