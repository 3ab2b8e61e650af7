"""Finds the police units that a tip accuses, in everything that its sender tells and answers. Routing reads only this.

Accusations are kept in the session, and further words, another place or another answer never make them fewer. "No"
takes back only a unit that words mention without accusing it or naming its kin. An answer that names one unit ends the
doubt about which station is meant.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

from msgspec.structs import replace

from satark.api.flow import Step
from satark.api.tip import Accused
from satark.dialogue.flow.promises import REACH
from satark.dialogue.session import Accusation
from satark.dialogue.turn.recipient_wishes import OFFICES, RecipientWishes
from satark.dialogue.turn.session_changes import SessionChanges
from satark_words.analysis import Analysis
from satark_words.reading import Asked, AskedChoice
from satark_words.rules import SOUND, Mark, widest
from satark_words.small_words import listed
from satark_words.tokens import fold

_AFTERWARDS: Final = "@afterwards "
"""Prefix of the source of accusations after the tip was sent; the digest of their words follows."""
_SENTENCE_END: Final = re.compile(r"[।?!\n]+|(?<!\b\w)\.")
_INITIAL: Final = re.compile(
    r"(?<!\w)([A-Za-z]|[\u0900-\u097f]{2,3})\.(?=[A-Za-z]\b|[\u0900-\u097f]{1,3}(?![\u0900-\u097f]))"
)
"""Matches an initial before another, as in "S.P.": its stop does not end the sentence."""
_POSSESSIVE: Final = re.compile(r"(?<=[A-Za-z])['’]s\b")
_DOUBT: Final = "unknown"
"""The level of an accusation against a station or circle that is not known."""
_POLICE: Final = "police"
_KINDS: Final = {
    "unit.station": "station", "unit.outpost": "station", "unit.any": "station", "unit.other_station": "other_station",
    "unit.circle": "circle", "unit.above": "circle",
}  # fmt: skip
"""Mark of unnamed police → the kind of unit that an answer must name to say which one is meant."""
_OF: Final = listed("of-office")
_AT: Final = listed("at-office")
_IN: Final = listed("behind-place")
_AND: Final = listed("and")
_INSIDE: Final = listed("inside")
_DENIES: Final = ("opt.police.no", "said.police.no")
_NOBODY: Final = ("no", "nobody")


def speaks_of_police(context: SessionChanges, words: str) -> bool:
    """Whether words surely speak of police, or of an office of theirs."""
    return any(mark.quality >= SOUND for mark in context.analysis(words).found("person.police", "unit.*"))


def _split(words: str) -> Sequence[str]:
    """List the sentences of a text. "S.P." and "SP's" are read as SP."""
    return _SENTENCE_END.split(_POSSESSIVE.sub("", _INITIAL.sub(r"\1 ", words)))


def _sentences(context: SessionChanges, words: str) -> Sequence[str]:
    """List the sentences that speak of police."""
    found = speaks_of_police(context, words)
    told = [one for one in _split(words) if speaks_of_police(context, one)] if found else []
    for one in told:
        context.names(one)  # so that a wish knows the names of places
    return told


def accuses(context: SessionChanges, words: str) -> bool:
    """Whether a sentence about police would answer the question about them with yes."""
    told = _answers_in(context, words)
    return "yes" in told or (bool(told) and context.loaded.reader.open(context.analysis(words)).police)


def denies(context: SessionChanges, words: str) -> bool:
    """Whether every sentence about police would answer the question about them with no."""
    return _answers_in(context, words) == {"no"} and not accuses(context, words)


def surely_denies(context: SessionChanges, words: str) -> bool:
    """Whether words deny that police are involved, and tell nothing else in the clauses that speak of police."""
    told = context.analysis(words)
    clauses = {told.clauses[one.start] for one in told.found("person.police", "police", "unit.*")}
    here = {at for at in range(len(told)) if told.clauses[at] in clauses}
    doubts = (here & told.covered(("@limits",))) - told.covered(_DENIES)
    return not doubts and here <= told.covered(("@of-denials",)) and denies(context, words)


def _answers_in(context: SessionChanges, words: str) -> set[str]:
    """Read each sentence that speaks of police as an answer to the question about them."""
    flow, reader, told = context.loaded.flow, context.loaded.reader, _sentences(context, words)
    police = flow.by_id.get(flow.meanings.get("police", ""))
    if police is None or not told:
        return set()
    options = police.type.ask(police, context.view(police)).options
    asked = Asked(name="police", asks="choice", options=tuple(AskedChoice(o.code, o.label, o.words) for o in options))
    analyses = [context.analysis(one) for one in told]
    return {reader.read(one, asked).option for one in analyses if not RecipientWishes(one).is_wish}


def _relates(context: SessionChanges, words: str) -> bool:
    """Whether words accuse police or name relatives of police."""
    told = context.analysis(words)
    is_kin = told.has("who.kin") and not context.loaded.reader.dangers(told)  # a cry for kin asks police to come
    return is_kin or accuses(context, words)


def hear(context: SessionChanges, words: str) -> bool:
    """Store the units that words accuse. Return whether one may read the sent tip, unless the words come again."""
    session, told = context.session, [context.analysis(one) for one in _sentences(context, words)]
    if not told:
        return False
    wishes = _wishes_in(context, told)
    alone = {level for one in wishes for level in one.alone}
    is_sure = bool(alone) or _relates(context, words) or any(map(_keeps_out, told))
    units = {unit for one in told for unit in _units_in(context, one, but_said_to=True)}
    units |= {("district", "") if alone == {"range"} else (_DOUBT, "station")} if alone else set()
    again = any(one.has("office.again", "id.their", "who.they") for one in told)
    if is_sure and (not units or (again and len(wishes) < len(told))):
        units = {unit for one in told for unit in _units_in(context, one, but_said_to=False)}
    if len(units) > 1 and (_DOUBT, _POLICE) in units:  # it is said beside other units, so that none of them is meant
        units = units - {(_DOUBT, _POLICE)} | {(_DOUBT, "station")}
    is_sent = bool(session.mailbox or session.submitted)
    source = _AFTERWARDS + sha256(fold(words).encode()).hexdigest() if is_sent else context.source
    is_again = any(one.source == source for one in session.accused)
    kept = [one for one in session.accused if not (is_sent and _is_afterwards(one))]
    told_of = (
        Accusation(*one, source, is_sure or one[0] in OFFICES.values() or one[1] == "circle") for one in sorted(units)
    )
    _keep(context, *kept, *told_of)
    known = {"station", *(one.level for one in kept if not session.mailbox)} | (set() if is_sure else {_DOUBT})
    return is_sent and not is_again and not known.issuperset(level for level, _ in units)


def _units_in(context: SessionChanges, told: Analysis, *, but_said_to: bool) -> Iterator[tuple[str, str]]:
    """Yield level and unit of each accused unit, or a kind. `but_said_to`: none that the sentence only speaks to."""
    geography = context.loaded.geography
    texts = [token.text for token in told.tokens]
    police = widest(told.found("person.police", "unit.*"))
    marks = [mark for mark in police if not (but_said_to and _is_said_to(told, mark))]
    named = context.place_marks(told.text)
    stations = [geography.station_of(code) or code for code in named]
    yield from (("station", code) for code in stations if marks and geography.station(code))
    districts = {code: named.pop(code) for code in (*named,) if geography.district(code)}
    for mark in marks:
        level = OFFICES.get(mark.name, _DOUBT)
        whose = {code for code, those in districts.items() if any(_is_of(mark, one, texts) for one in those)}
        codes = (whose or {"", *districts}) if level == "district" else {""}
        yield from ((level, code if level != _DOUBT else _KINDS.get(mark.name, _POLICE)) for code in codes)
    first = min((one.start for those in named.values() for one in those), default=0)
    if any(not _AND.isdisjoint(texts[mark.end : first]) for mark in marks):
        yield _DOUBT, "other_station"  # that of the first is not named


def _is_said_to(told: Analysis, mark: Mark) -> bool:
    """Whether a sentence only calls an office for help, speaks to it, asks about it or names it as a landmark."""
    called = told.covered(("asks.police", "d.call")) - told.covered(("said.police.fear",))
    trains = told.covered(("place.thing",), SOUND) if mark.name == "unit.station" else called
    if mark.start in trains and (mark.name == "unit.station" or mark.name not in {*_KINDS, *OFFICES}):
        return True
    if (wished := RecipientWishes(told).shall.get(mark.start)) is not None or (
        mark.name not in OFFICES and not told.asks
    ):
        return bool(wished)
    asked = told.asks and mark.start in told.covered(("office.reads",))
    before, after = {mark.start - 1, mark.start - 2}, {mark.end, mark.end + 1}
    trusted = _is_trusted(told, mark, before, after)
    house = told.covered(("office.house",)) & {*range(mark.start, mark.end + 1)}
    beside = {*range(mark.start - 3, mark.end + 2)} & told.covered(("place.near",))
    near = any(told.tokens[at].text not in _INSIDE for at in beside)
    return bool(asked or trusted or (house and near))


def _is_trusted(told: Analysis, mark: Mark, before: set[int], after: set[int]) -> bool:
    """Whether an office is praised or asked to be told: "SP sahab achhe hain", "tell the SP", not "they tell"."""
    near = {*range(mark.start - 4, mark.end + 4)}
    told_to = before & told.covered(("office.tell",)) and not near & told.covered(("who.they", "who.kin"))
    return not near & told.covered(("@untrusted",)) and bool(told_to or after & told.covered(("office.told",), SOUND))


def _keeps_out(told: Analysis) -> bool:
    """Whether words say that police shall not get the tip: "thane ko nahi", "don't tell the station"."""
    people = told.found("person.police", "unit.*")
    sides = {at for one in people for at in (one.start, one.end, one.end + 1)}
    wishes = [one for one in told.found("office.not") if one.quality >= SOUND and sides & {one.start, one.end}]
    is_said = any(one.end - one.start > 2 or one.end == len(told) for one in wishes)  # noqa: PLR2004 - "ko nahi bataya" is none
    return is_said or not all(RecipientWishes(told).shall.values())


def _is_of(mark: Mark, district: Mark, texts: list[str]) -> bool:
    """Return whether a district's name belongs to the office, as in "SP Jaunpur"."""
    before = district.end <= mark.start and _OF.issuperset(texts[district.end : mark.start])
    after = mark.end <= district.start and _AT.issuperset(texts[mark.end : district.start])
    return before or (after and _IN.isdisjoint(texts[district.end : district.end + 1]))


def settle(context: SessionChanges) -> None:
    """Store the units that this turn's answers accuse, and the units of the place as it is now."""
    answers, about = context.session.answers, _answered(context)
    if not about and not context.session.accused:
        return
    named, new = _by_answers(context), [step for step in about if answers[step.id].source == context.source]
    is_denied = any(step.accuses.get(str(answers[step.id].value), answers[step.id].value) in _NOBODY for step in new)
    is_named = bool(new and named and named[0] != _DOUBT)
    kept = [one for one in context.session.accused if one.is_sure or not is_denied]
    if is_named and named:
        meant = {"", _POLICE, "station" if named[0] == "outpost" else named[0], "other_station" if named[1] else ""}
        kept = [one for one in kept if not (one.level == _DOUBT and one.unit in meant)]
    if new and named:
        kept.append(Accusation("station" if named[0] == "outpost" else named[0], named[1], context.source))
    _keep(context, *kept, *(one._replace(unit=_unit_here(context, one.level)) for one in kept if not one.unit))


def has_nobody_above(context: SessionChanges) -> bool:
    """Whether an accused office has no desk above it, so that nobody could get the tip."""
    told = (one for one in context.session.accused if not _is_afterwards(one))
    return any(one.level == "range" for one in told) and not context.is_above_range()


def text_of_readers(context: SessionChanges, *, wished: bool) -> str:
    """Return the id of the text about offices that do not get the tip, or still get it; empty: nothing to say."""
    named, told = _by_answers(context), {one.level for one in context.session.accused if not _is_afterwards(one)}
    if has_nobody_above(context):
        return "accused.nobody_above"
    if any(level in told and level not in (named or ()) for level in OFFICES.values()):
        return "accused.kept"
    return "" if not wished else "accused.station" if _DOUBT in told else "reply.question.readers"


def _wishes_in(context: SessionChanges, told: Iterable[Analysis]) -> list[RecipientWishes]:
    """Return the wishes in sentences. At a question about police, "only the SP" may accuse, so it is no wish."""
    step, wishes = context.step, [wish for one in told if (wish := RecipientWishes(one)).is_wish]
    if step is None or not (step.accuses or step.means == "police"):
        return wishes
    return [one for one in wishes if not one.may_accuse(asked_whom=bool(step.accuses))]


def wishes_readers(context: SessionChanges, words: str, *, only: bool = False) -> bool:
    """Whether words say which police shall read a tip that is not sent yet. `only`: they must say nothing else."""
    told = [one for one in map(context.analysis, _split(words)) if len(one)]
    wishes = _wishes_in(context, told)
    polite = sum(one.consists_of(("fill", "pol", "soc.*", "say.*"), ()) for one in told)
    is_sent = context.session.mailbox or context.session.submitted
    is_all = not only or (all(one.is_all for one in wishes) and len(told) == len(wishes) + polite)
    return bool(wishes) and is_all and not is_sent


def accused_by(context: SessionChanges) -> Accused | None:
    """Return the police units that the tip accuses; None: nobody is accused."""
    settle(context)
    named, told = _by_answers(context), [one for one in context.session.accused if not _is_afterwards(one)]
    units = {(one.level, "" if one.level == _DOUBT else one.unit or _unit_here(context, one.level)) for one in told}
    if has_nobody_above(context):  # the tipster is told so
        units = {(_DOUBT, "") if one[0] == "range" else one for one in units}
    if (_DOUBT, "") in units:
        units = {one for one in units if one[0] in {_DOUBT, *OFFICES.values()}}
    if named:
        named = named[0], named[1] or _unit_here(context, named[0])
        units = units - {("station", context.loaded.geography.station_of(named[1]) or named[1])} | {named}
    ranked = sorted(units, key=lambda one: (one[0] == _DOUBT, one != named, one[0] != "range", one))
    found = [Accused(level=level, unit=unit) for level, unit in ranked]
    return replace(found[0], also=tuple(found[1:])) if found else None


def kept_from(context: SessionChanges) -> str:
    """Return the highest unit that the tip accuses, up to which routing keeps it from all; empty: it accuses nobody."""
    accused = accused_by(context)
    units = [one.level for one in (accused, *accused.also)] if accused else []
    highest = max(units, key=lambda level: (REACH[level], level != _DOUBT), default="")
    return "station" if highest == "outpost" else highest


def _is_afterwards(one: Accusation) -> bool:
    return one.source.startswith(_AFTERWARDS)


def _keep(context: SessionChanges, *accused: Accusation) -> None:
    if accused != context.session.accused:
        context.change(accused=tuple(dict.fromkeys(accused)))


def _by_answers(context: SessionChanges) -> tuple[Any, str] | None:
    """Return the level and the unit that the answers accuse, as the steps declare it. Empty unit: that of the place."""
    values = context.progress.values
    units = (step.accuses.get(values[step.id]) for step in _answered(context) if step.accuses and values[step.id])
    level = next((unit for unit in units if unit not in {None, "nobody"}), None)
    if level != "named":
        return (level, "") if level else None
    station = _named(context, "station")
    return ("station", station) if station not in {"", "unknown"} else (_DOUBT, "")


def _unit_here(context: SessionChanges, level: str) -> str:
    """Return the code of the unit of this level at the tip's place, or of the outpost that the place names."""
    place, geography = context.progress.place, context.loaded.geography
    if level == "outpost" and (outpost := geography.outpost_in(context.names(_named(context, level)), place.station)):
        return outpost
    return {"station": place.station, "outpost": place.station, "district": place.district}.get(level, "")


def _named(context: SessionChanges, what: str) -> str:
    """Return the answer that names a unit; a spoken answer names none."""
    found = (context.progress.values[step.id] for step in _answered(context) if step.names == what)
    return next((answer for answer in found if isinstance(answer, str)), "")


def _answered(context: SessionChanges) -> list[Step]:
    """List the steps on the path that are answered and may accuse police."""
    values = context.progress.values
    return [step for step in context.loaded.about_police if step.id in values]
