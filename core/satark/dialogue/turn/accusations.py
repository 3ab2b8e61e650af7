"""Which police units a tip accuses, from everything that its sender tells and answers. Routing reads only this.

Accusations are kept in the session, and further words, another place or another answer never make them fewer. "No"
takes back only what words mention without accusing it or naming its kin, and an answer that names one unit takes back
the doubt which station it is.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

from msgspec.structs import replace

from satark.api.flow import Step
from satark.api.tip import Accused
from satark.dialogue.session import Accusation, Session
from satark.dialogue.turn.session_changes import SessionChanges
from satark_words.analysis import NEGATIONS, Analysis
from satark_words.reading import Asked, AskedChoice
from satark_words.rules import SOUND, Mark, widest
from satark_words.tokens import fold

_AFTERWARDS: Final = "@afterwards "
"""Begins the source of accusations that are told of a tip that is sent already, before the digest of their words."""
_SENTENCE_END: Final = re.compile(r"[।?!\n]+|(?<!\b\w)\.")
_INITIAL: Final = re.compile(
    r"(?<!\w)([A-Za-z]|[\u0900-\u097f]{2,3})\.(?=[A-Za-z]\b|[\u0900-\u097f]{2,3}(?![\u0900-\u097f]))"
)
"""An initial before another, as in "S.P.", whose stop ends nothing."""
_POSSESSIVE: Final = re.compile(r"(?<=[A-Za-z])['’]s\b")
_DOUBT: Final = "unknown"
"""The level of an accusation against an unknown station or circle."""
OFFICES: Final = {"unit.district": "district", "unit.range": "range"}
"""Marks and levels of the offices that get tips."""
_POLICE: Final = "police"
_KINDS: Final = {
    "unit.station": "station", "unit.outpost": "station", "unit.any": "station", "unit.other_station": "other_station",
    "unit.circle": "circle", "unit.above": "circle",
}  # fmt: skip
"""Mark of police without a name → the kind of unit that an answer must name to say which one is meant."""
_OF: Final = frozenset(
    {"ke", "ka", "ki", "wale", "jile", "zile", "jila", "zila", "के", "का", "की", "वाले", "जिले", "जिला"}
)
_AT: Final = frozenset({"of", "at", "in", "district", "jila", "zila", "sahab", "ji", "office", "साहब", "जिला"})
_IN: Final = frozenset({"me", "mein", "se", "tak", "ka", "ke", "ki", "में", "से", "तक", "का", "के", "की"})
"""Words between the name of a district and its office, between an office and the name, and behind that of a place."""
_AND: Final = frozenset({"aur", "or", "and", "both", "dono", "saath", "sath", "with", "और", "दोनों", "साथ", "एवं"})
_INSIDE: Final = frozenset({"andar", "अंदर", "taraf", "तरफ"})
"""Words beside an office's house that tell of its people, and not of a place near it."""
_GREETS: Final = ("to.office", "to.request", "soc.greet")
_WISHING: Final = ("office.wish", "office.told", "office.tell", "cmd.send", "k.send")
_WISHES: Final = (
    *_GREETS, *_WISHING, "office.not", "office.trust", "office.house", "k.only", "k.tell", "k.tip", "k.thing", "k.keep",
    "k.contact", "reads", "reads.to", "fill", "pol", "who.me", "neg", "neg.*", "say.no", "say.nobody", "police",
)  # fmt: skip
"""Marks of the words of a wish who shall have the tip."""
_EXCEPT: Final = frozenset({
    "except", "excluding", "but", "out", "away", "leak", "leaks", "chhodkar", "chhod", "chodkar", "chod", "alawa",
    "siwa", "sivay", "siway", "dur", "door", "bahar", "छोडकर", "छोड", "अलावा", "सिवा", "सिवाय", "दूर", "बाहर",
})  # fmt: skip
_ANYBODY: Final = frozenset({
    "anyone", "anybody", "everyone", "everybody", "all", "sab", "sabko", "sabhi", "सब", "सबको", "सभी",
})  # fmt: skip
_SHOWS: Final = frozenset({"show", "share"})
_ALONE: Final = frozenset({"hi", "ही"})
_TO: Final = frozenset({"ko", "tak", "को", "तक", "ke", "के", "to", "for"})
_DENIES_WHAT_FOLLOWS: Final = frozenset({"not", "no", "dont", "do", "never", "except", "excluding", "but", "without"})
_BESIDE_WISHES: Final = (_EXCEPT | _ANYBODY | _ALONE | _SHOWS).union({
    "local", "nearby", "our", "know", "keep", "kept", "involve", "inform", "let", "with", "leave", "officer",
    "office", "baki", "kisi", "koi", "bhi", "kar", "ko", "rakho", "rakhna", "rakhiye", "pata", "khabar", "chale",
    "isse", "is", "se", "baat", "apne", "hamare", "yahan", "yaha", "wale", "walo", "walon", "wala", "बाकी", "किसी",
    "कोई", "भी", "कर", "को", "रखो", "रखना", "रखिए", "पता", "खबर", "चले", "इससे", "इस", "से", "बात", "अपने", "हमारे",
    "यहां", "वाले", "वालों",
})  # fmt: skip
"""Words that a wish who shall have the tip may have besides."""
_STATES: Final = frozenset({"hai", "hain", "h", "है", "हैं", "tha", "था", "bhi", "भी", "too", "also"})
"""Words of what an office gets already, beside a wish that it shall have the tip."""
_UNTRUSTED: Final = (*NEGATIONS, "neg.but", "verb.future", "opt.origin.no", "opt.reach.no")
"""Marks near an office that is not praised, or not to be told."""
_NOBODY: Final = ("no", "nobody")


def speaks_of_police(context: SessionChanges, words: str) -> bool:
    """Whether words surely speak of police, or of an office of theirs."""
    return any(mark.quality >= SOUND for mark in context.analysis(words).found("person.police", "unit.*"))


def _sentences(context: SessionChanges, words: str) -> Sequence[str]:
    """List the sentences that speak of police."""
    found = speaks_of_police(context, words)
    told = [one for one in _SENTENCE_END.split(words) if speaks_of_police(context, one)] if found else []
    for one in told:
        context.names(one)  # so that a wish knows the names of places
    return told


def accuses(context: SessionChanges, words: str) -> bool:
    """Whether a sentence that speaks of police would answer the question about them with yes."""
    told = _answers_in(context, words)
    return "yes" in told or (bool(told) and context.loaded.reader.open(context.analysis(words)).police)


def denies(context: SessionChanges, words: str) -> bool:
    """Whether every sentence that speaks of police would answer the question about them with no."""
    return _answers_in(context, words) == {"no"} and not accuses(context, words)


def _answers_in(context: SessionChanges, words: str) -> set[str]:
    """Read each sentence that speaks of police as an answer to the question about them."""
    flow, reader, told = context.loaded.flow, context.loaded.reader, _sentences(context, words)
    police = flow.by_id.get(flow.meanings.get("police", ""))
    if police is None or not told:
        return set()
    options = police.type.ask(police, context.view(police)).options
    asked = Asked(name="police", asks="choice", options=tuple(AskedChoice(o.code, o.label, o.words) for o in options))
    analyses = [context.analysis(one) for one in told]
    wishes = [one for one in analyses if len(_wishes(one)) == len(_police_in(one)) and not one.has(*_GREETS)]
    return {reader.read(one, asked).option for one in analyses if one not in wishes}


def _relates(context: SessionChanges, words: str) -> bool:
    """Whether words accuse police, or name their kin."""
    told = context.analysis(words)
    is_kin = told.has("who.kin") and not context.loaded.reader.dangers(told)  # a cry for kin asks police to come
    return is_kin or accuses(context, words)


def hear(context: SessionChanges, words: str) -> bool:
    """Keep whom words accuse; return whether they may read a tip that is sent, unless the words are sent again."""
    words = _POSSESSIVE.sub("", _INITIAL.sub(r"\1 ", words))
    session, told = context.session, [context.analysis(one) for one in _sentences(context, words)]
    if not told:
        return False
    is_sure = _relates(context, words) or any(_keeps_out(one) for one in told)
    units = {unit for one in told for unit in _units_in(context, one, but_said_to=True)}
    if is_sure and (not units or any(one.has("office.again", "id.their", "who.they") for one in told)):
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
    """Yield the levels and units that a sentence accuses, or their kinds; `but_said_to`: none it only speaks to."""
    geography = context.loaded.geography
    texts = [token.text for token in told.tokens]
    marks = [mark for mark in _police_in(told) if not (but_said_to and _is_said_to(told, mark))]
    named = context.place_spans(told.text)
    stations = [geography.station_of(code) or code for code in named]
    yield from (("station", code) for code in stations if marks and geography.station(code))
    districts = {code: named.pop(code) for code in (*named,) if geography.district(code)}
    for mark in marks:
        level = OFFICES.get(mark.name, _DOUBT)
        whose = {code for code, spans in districts.items() if any(_is_of(mark, *span, texts) for span in spans)}
        codes = (whose or {"", *districts}) if level == "district" else {""}
        yield from ((level, code if level != _DOUBT else _KINDS.get(mark.name, _POLICE)) for code in codes)
    first = min((start for spans in named.values() for start, _ in spans), default=0)
    if any(not _AND.isdisjoint(texts[mark.end : first]) for mark in marks):
        yield _DOUBT, "other_station"  # that of the first is not named


def _is_said_to(told: Analysis, mark: Mark) -> bool:
    """Whether an office is only spoken to, a landmark, or asked about: whether it reads this."""
    if (wished := _wishes(told).get(mark.start)) is not None or (mark.name not in OFFICES and not told.asks):
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
    return not near & told.covered(_UNTRUSTED) and bool(told_to or after & told.covered(("office.told",), SOUND))


def _wishes(told: Analysis) -> dict[int, bool]:
    """Return where clauses name police that only greet, trust, or wish who shall have the tip, and whether these shall.

    "not", "except" and "out" concern the police behind them in English, and those before them in Hindi.
    """
    people, texts = _police_in(told), [token.text for token in told.tokens]
    shows = {at for at, text in enumerate(texts) if text in _SHOWS}
    beside = {at for at, text in enumerate(texts) if text in _BESIDE_WISHES}
    names = {at for one in (*(told.places or ()), *people) for at in range(one.start, one.end)}
    paid = told.covered(("w.money", "w.bribe", "w.pay", "act.take")) - shows
    denied = told.covered((*NEGATIONS, "say.nobody", "opt.origin.no", "opt.reach.no"))
    denied |= {at for at in beside - names if texts[at] in _EXCEPT}
    known = told.covered(_WISHES, SOUND) | names | beside
    found: dict[int, bool] = {}
    for number in {told.clauses[one.start] for one in people}:
        clause = {at for at, other in enumerate(told.clauses) if other == number}
        words = {texts[at] for at in clause}
        only = clause & told.covered(("k.only",)) and (words & _TO or told.has(*OFFICES))
        only = only or (clause & told.covered(("reads",)) and words & _ALONE)
        wishes = not (paid or words & _STATES) and (clause & (told.covered(_WISHING, SOUND) | shows) or only)
        anybody = "but" in words and _ANYBODY & {*words, texts[min(clause) - 1]}
        excepts = words & (_EXCEPT - {"but"}) or anybody or words >= {"not", "to"}
        greets = clause & told.covered((*_GREETS, "office.trust"), SOUND)
        is_other = clause - known or clause & told.covered(("id.their", "who.they", "who.kin"))
        if not is_other and (greets or excepts or wishes):
            here = [one for one in people if one.start in clause]
            outs = {_owner(here, at, texts[at]).start for at in clause & denied - names}
            found |= {one.start: one.start not in outs for one in here}
    return found


def _police_in(told: Analysis) -> Sequence[Mark]:
    return widest(told.found("person.police", "unit.*"))


def _owner(people: Sequence[Mark], at: int, word: str) -> Mark:
    """Return the police that a word denies the tip."""
    before, behind = [one for one in people if one.start < at], [one for one in people if one.start > at]
    return behind[0] if behind and (not before or word in _DENIES_WHAT_FOLLOWS) else before[-1]


def _keeps_out(told: Analysis) -> bool:
    """Whether the tipster does not want police to get the tip: "thane ko nahi", "don't tell the station"."""
    people = told.found("person.police", "unit.*")
    sides = {at for one in people for at in (one.start, one.end, one.end + 1)}
    wishes = [one for one in told.found("office.not") if one.quality >= SOUND and sides & {one.start, one.end}]
    is_said = any(one.end - one.start > 2 or one.end == len(told) for one in wishes)  # noqa: PLR2004 - "ko nahi bataya" is none
    return is_said or not all(_wishes(told).values())


def _is_of(mark: Mark, start: int, end: int, texts: list[str]) -> bool:
    """Return whether an office is named with the name of a district at these words, as in "SP Jaunpur"."""
    before = end <= mark.start and _OF.issuperset(texts[end : mark.start])
    after = mark.end <= start and _AT.issuperset(texts[mark.end : start])
    return before or (after and _IN.isdisjoint(texts[end : end + 1]))


def settle(context: SessionChanges) -> None:
    """Keep whom this turn's answers accuse, and the units of the place as it is now."""
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


def has_nobody_above(session: Session) -> bool:
    """Whether no desk stands above an office that the tip accuses, so that nobody could have the tip."""
    told = (one for one in session.accused if not _is_afterwards(one))
    return not session.above_range and any(one.level == "range" for one in told)


def keeps_from_office(context: SessionChanges) -> bool:
    """Whether words keep the tip from an office that gets tips, which no answer has named."""
    named, told = _by_answers(context), {one.level for one in context.session.accused if not _is_afterwards(one)}
    return any(level in told and level not in (named or ()) for level in OFFICES.values())


def accused_by(context: SessionChanges) -> Accused | None:
    """Return the police units that the tip accuses; None: nobody is accused."""
    settle(context)
    named, told = _by_answers(context), [one for one in context.session.accused if not _is_afterwards(one)]
    units = {(one.level, "" if one.level == _DOUBT else one.unit or _unit_here(context, one.level)) for one in told}
    if not context.session.above_range:  # nobody could have the tip; the tipster is told so
        units = {(_DOUBT, "") if one[0] == "range" else one for one in units}
    if (_DOUBT, "") in units:
        units = {one for one in units if one[0] in {_DOUBT, *OFFICES.values()}}
    if named:
        named = named[0], named[1] or _unit_here(context, named[0])
        units = units - {("station", context.loaded.geography.station_of(named[1]) or named[1])} | {named}
    ranked = sorted(units, key=lambda one: (one[0] == _DOUBT, one != named, one[0] != "range", one))
    found = [Accused(level=level, unit=unit) for level, unit in ranked]
    return replace(found[0], also=tuple(found[1:])) if found else None


def _is_afterwards(one: Accusation) -> bool:
    return one.source.startswith(_AFTERWARDS)


def _keep(context: SessionChanges, *accused: Accusation) -> None:
    if accused != context.session.accused:
        context.change(accused=tuple(dict.fromkeys(accused)))


def _by_answers(context: SessionChanges) -> tuple[Any, str] | None:
    """Return the level and the unit that the answers accuse, as the steps declare it; no unit: that of the place."""
    values = context.progress.values
    units = (step.accuses.get(values[step.id]) for step in _answered(context) if step.accuses and values[step.id])
    level = next((unit for unit in units if unit not in {None, "nobody"}), None)
    if level != "named":
        return (level, "") if level else None
    station = _named(context, "station")
    return ("station", station) if station not in {"", "unknown"} else (_DOUBT, "")


def _unit_here(context: SessionChanges, level: str) -> str:
    """Return the code of the unit of a level at the tip's place, or of the outpost that is named there."""
    place, geography = context.progress.place, context.loaded.geography
    if level == "outpost" and (outpost := geography.outpost_in(context.names(_named(context, level)), place.station)):
        return outpost
    return {"station": place.station, "outpost": place.station, "district": place.district}.get(level, "")


def _named(context: SessionChanges, what: str) -> str:
    """Return the answer that names a unit; a spoken one names none."""
    found = (context.progress.values[step.id] for step in _answered(context) if step.names == what)
    return next((answer for answer in found if isinstance(answer, str)), "")


def _answered(context: SessionChanges) -> list[Step]:
    """List the answered steps on the path whose answers may accuse police."""
    values = context.progress.values
    return [step for step in context.loaded.about_police if step.id in values]
