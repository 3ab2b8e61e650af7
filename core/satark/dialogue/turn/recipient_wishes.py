"""Finds wishes about which police get a tip: "SP ko dena", "thane wale na dekhe", "only the DIG please".

A negation applies to the police behind it in English and before it in Hindi, and to all that "and" joins to them.
"Only" keeps the tip from every other office from which it can be kept.
"""

from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import msgspec

from satark_words.analysis import Analysis
from satark_words.lexicon import Lexicon
from satark_words.lexicon_files import index_of
from satark_words.rules import SOUND, Mark, each_line, widest

OFFICES: Final = {"unit.district": "district", "unit.range": "range"}
"""Marks and levels of the offices that get tips."""
_LISTS: Final = msgspec.yaml.decode(
    (files("satark.dialogue.turn") / "recipient_wishes.yaml").read_bytes(), type=dict[str, dict[str, list[str]]]
)
_MARKS: Final = _LISTS["marks"]
_OWN_WORDS: Final = Lexicon(index_of(each_line(_LISTS["words"])))


class RecipientWishes:
    """Finds in a sentence which police the tipster wants to get the tip."""

    def __init__(self, told: Analysis) -> None:
        self._told = told
        self._at: dict[str, set[int]] = defaultdict(set)
        """Name of a list in `recipient_wishes.yaml` → the indexes of the list's words in the text."""
        self._police = widest(told.found("person.police", "unit.*"))
        for one in _OWN_WORDS.marks(told.tokens, told.heard) if self._police else ():
            self._at[one.name] |= {*range(one.start, one.end)} if one.quality >= SOUND else set()
        self._named = {at for one in (*told.places, *self._police) for at in range(one.start, one.end)}
        self._known = told.covered(_MARKS["beside"], SOUND).union(self._named, *self._at.values())
        self._denied = told.covered(_MARKS["denies"]) | self._at["all-but"] | self._at["but"] | self._at["apart"]
        self._denied = (self._denied | self._at["denies"]) - self._named
        self.shall: dict[int, bool] = {}
        """Position of a word for police that are greeted or wished for → whether they shall get the tip."""
        self._alone: set[str] = set()
        clauses = list(self._clauses())
        self._wished = any(self._wishes(clause) for clause, _ in clauses)
        for clause, groups in clauses:
            denies = self._wished and clause & self._denied and not clause & self._at["states"]
            if denies or self._wishes(clause) or clause & told.covered(_MARKS["greets"], SOUND):
                self._hear(clause, groups)

    @property
    def is_wish(self) -> bool:
        """Whether the sentence contains a wish, and every word for police belongs to it."""
        return self._wished and self.shall.keys() == {one.start for one in self._police}

    @property
    def is_all(self) -> bool:
        """Whether the sentence tells nothing but the wish, and asks nothing."""
        told = self._known | self._told.covered(("say.*", "soc.*"))
        return self.is_wish and not self._told.asks and told >= {*range(len(self._told))}

    @property
    def alone(self) -> set[str]:
        """Levels of the only offices that shall get the tip; empty: others may get it too."""
        names = {one.name for one in self._police if self.shall.get(one.start)} if self._alone else set()
        return {OFFICES[name] for name in names} if names <= OFFICES.keys() and not self._told.asks else set()

    def may_accuse(self, *, asked_whom: bool) -> bool:
        """Whether "only the SP" may answer a question about police: no word is of reading, and none is "please"."""
        is_wish = self._told.has("reads", *_MARKS["wishes"]) or self._at["to"] or (self._at["asks"] and not asked_whom)
        return bool(self._alone) and not is_wish

    def _clauses(self) -> Iterator[tuple[set[int], list[list[Mark]]]]:
        """Yield the clauses that contain only a wish, and the police in each, grouped where "and" joins them."""
        others = self._told.covered(("id.their", "who.they", "who.kin")) - self._named
        clauses, groups, joins = list(self._told.clauses), [[one] for one in self._police[:1]], self._at["and"]
        for one in self._police[1:]:
            last = groups[-1][-1]
            between = {*range(last.end, one.start)}
            joined = not between or (between & joins and between <= joins | self._at["joins"])
            groups = [*groups[:-1], [*groups[-1], one]] if joined else [*groups, [one]]
            if joined:  # "aur" begins no clause here
                clauses = [clauses[last.start] if other == clauses[one.start] else other for other in clauses]
        for number in {clauses[one.start] for one in self._police}:
            clause = {at for at, other in enumerate(clauses) if other == number}
            if clause <= self._known - others:
                yield clause, [group for group in groups if group[0].start in clause]

    def _wishes(self, clause: set[int]) -> bool:
        """Whether a clause says who shall learn of the tip, not that somebody is paid or already knows."""
        told, at = self._told, self._at
        praises = clause & told.covered(_MARKS["praises"]) and clause & told.covered(OFFICES)
        orders = at["forbids"] | {one for one in at["orders"] if one < min(clause & self._named)}
        orders -= told.covered(("say.unknown",)) - at["forbids"]  # "don't know the station" orders nothing
        forbids = clause & told.covered(_MARKS["learns"]) and clause & self._denied and clause & orders
        permits = clause & told.covered(("reads",)) and clause & at["may"] and not told.asks
        only = clause & told.covered(("k.only",)) and (clause & at["to"] or told.has(*OFFICES))
        only = only or (clause & told.covered(("reads",)) and clause & at["alone"])
        wishes = clause & (told.covered(_MARKS["wishes"], SOUND) | at["wishes"]) or only
        paid = told.covered(("w.money", "w.bribe", "w.pay", "act.take"), SOUND) - at["wishes"]
        is_wish = not paid and (praises or forbids or permits or (wishes and not clause & at["states"]))
        return bool(is_wish or clause & told.covered(("office.trust",), SOUND) or self._excepts(clause))

    def _excepts(self, clause: set[int]) -> bool:
        """Whether a clause excepts police: "everyone except the SP", "keep the thana out of it", "not to the thana"."""
        at = self._at
        anybody = clause & at["but"] and at["anybody"] & {*clause, min(clause) - 1}
        return bool(clause & (at["all-but"] | at["apart"]) or anybody or (clause & at["not"] and clause & at["to"]))

    def _hear(self, clause: set[int], groups: list[list[Mark]]) -> None:
        """Store which police shall get the tip and which not. "Nobody but the SP" means the SP alone."""
        denied, but = clause & self._denied, clause & (self._at["all-but"] | self._at["but"])
        others = (denied - but - self._at["apart"]) | ({min(clause) - 1, min(clause) - 2} & self._denied)
        inverts = but and others and self._excepts(clause)
        outs = [] if inverts else [self._owner(groups, at) for at in sorted(denied)]
        outs = groups if len(denied & self._at["neither"]) > 1 else outs
        for group in groups:
            self.shall |= {one.start: group not in outs for one in group}
            if group not in outs and (inverts or self._is_only(group, clause)):
                self._alone |= {one.name for one in group}

    def _owner(self, groups: list[list[Mark]], at: int) -> list[Mark]:
        """Return the police to whom a negation denies the tip."""
        before, behind = [one for one in groups if one[0].start < at], [one for one in groups if one[0].start > at]
        is_english = at in self._at["before"] and at - 1 not in self._at["must"]
        return behind[0] if behind and (not before or is_english) else before[-1]

    def _is_only(self, group: list[Mark], clause: set[int]) -> bool:
        first, last = group[0].start, group[-1].end
        before = [at for at in clause & self._told.covered(("k.only",)) if at < first]
        only = before and self._named.isdisjoint(range(max(before), first))
        return bool(only or {last, last + 1} & self._at["alone"] & clause)
