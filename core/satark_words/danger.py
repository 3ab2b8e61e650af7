"""Dangers: finds messages that tell of a danger, and the numbers to call.

Two readings look for dangers: rules about marks (`danger.yaml`), and a logistic regression over letters, words and
marks (`danger.tsv`, computed from the corpus of utterances by `make lexicon`). A danger that either finds is shown
to the tipster. A danger that both find is sure, and makes the tip urgent.
"""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec

from satark_words.analysis import Analysis
from satark_words.reading import Danger, DangerKind
from satark_words.rules import Rules, matches, parse_rule

FILE: Final = "danger.tsv"
SIZES: Final = (3, 4, 5)
"""Numbers of letters of the groups that are weighed."""
SHOWN: Final = -1.0
"""The logit above which the letters of a text tell of a danger. It is low: showing the numbers costs nothing."""
SURE: Final = -0.5
"""The logit above which the letters agree with a rule that holds."""
LEAST: Final = 0.25
"""The logit above which a text of few words is shown as a danger."""
BY_LETTERS: Final = "letters"
"""Name given as the rule of a danger that was found by its letters alone."""
_FEWEST: Final = 6
"""Number of words below which letters must reach `LEAST` to tell of a danger for which no rule holds."""
_NONE: Final = ("f.none", "f.official", "f.idiom")
"""Marks of words that tell of no danger."""
_HUNDREDTHS: Final = 100


_CALLS: Final = ("d.help", "d.call")
_PRESENT: Final = ("time.now", *_CALLS)
_ELSEWHEN: Final = ("time.often", "time.past", "d.threat", "k.calm")
"""Marks of a present danger, and of one that is over, comes again and again, or only threatens."""


class LetterWeights(NamedTuple):
    """The weights of groups of letters, in hundredths of a logit. A group that is not listed weighs nothing."""

    digest: str
    """Digest of the texts from which the weights were computed."""
    base: int
    """The weight with which every text begins."""
    weights: Mapping[str, int]

    def logit(self, groups: Iterable[str]) -> float:
        """Return the logit of a danger in a text with these groups of letters."""
        return (self.base + sum(filter(None, map(self.weights.get, groups)))) / _HUNDREDTHS


def groups_of(sounds: Iterable[str]) -> set[str]:
    """Return the groups of letters in a text, given by the sounds of its words; a space is written `_`."""
    text = f"_{'_'.join(sounds)}_"
    return {text[start : start + size] for size in SIZES for start in range(len(text) - size + 1)}


def clues_of(analysis: Analysis) -> set[str]:
    """Return what is weighed of a text: the groups of its letters, its words and its marks."""
    return groups_of(analysis.sounds) | analysis.features


def read_letters() -> LetterWeights:
    """Read the weights that come with Satark: the digest and the base, then one line for each weight."""
    first, *lines = (files("satark_words") / FILE).read_text("utf-8").splitlines()
    digest, base = first.split()
    rows = (line.split() for line in lines)
    return LetterWeights(digest, int(base), {group: int(weight) for weight, *groups in rows for group in groups})


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    numbers: Mapping[DangerKind, tuple[str, ...]]
    rules: Mapping[DangerKind, Mapping[str, str]]
    unsure: Mapping[DangerKind, Mapping[str, str]]
    weighed: Mapping[DangerKind, str]


class DangerRules:
    """The two readings that look for dangers."""

    def __init__(self) -> None:
        read = msgspec.yaml.decode((files("satark_words") / "danger.yaml").read_bytes(), type=_File)
        self._numbers = read.numbers
        self._rules, self._unsure = (
            Rules((kind, parse_rule(*line)) for kind, lines in rules.items() for line in lines.items())
            for rules in (read.rules, read.unsure)
        )
        self._kinds = [(kind, parse_rule(kind, line)) for kind, line in read.weighed.items()]
        self._letters = read_letters()

    def numbers(self, kind: DangerKind) -> tuple[str, ...]:
        """Return the numbers to call in a danger of this kind, the most urgent first."""
        return self._numbers.get(kind, ("112",))

    def find(self, analysis: Analysis) -> tuple[Danger, ...]:
        """Find the dangers of a text by the rules, or else by its letters."""
        return self.known(analysis) or self.likely(analysis)

    def known(self, analysis: Analysis) -> tuple[Danger, ...]:
        """Find the dangers for which a rule holds, at most one of each kind, in the order of the file."""
        found: dict[DangerKind, str] = {}
        for kind, rule in self._rules.that_may_hold(analysis.marks):
            if kind not in found and matches(rule, analysis.marks):
                found[kind] = rule.name
        is_present = analysis.has(*_PRESENT) or not analysis.has(*_ELSEWHEN)
        sure = bool(found) and is_present and self._logit(analysis) > (SHOWN if analysis.has(*_CALLS) else SURE)
        return tuple(Danger(kind, self.numbers(kind), rule, sure) for kind, rule in found.items())

    def likely(self, analysis: Analysis) -> tuple[Danger, ...]:
        """Find the danger that a rule which is never sure, or what is weighed of a text, makes likely."""
        rules = () if analysis.has("f.past") else self._unsure.that_may_hold(analysis.marks)
        found = next(((kind, rule.name) for kind, rule in rules if matches(rule, analysis.marks)), None)
        if found is None:
            promised = analysis.has("soc.wait") and analysis.has("t.evidence")  # "I'll send the video later"
            least = SHOWN if len(analysis) >= _FEWEST else LEAST
            if promised or analysis.has(*_NONE) or self._logit(analysis) <= least:
                return ()
            kind = next((kind for kind, rule in self._kinds if matches(rule, analysis.marks)), DangerKind.LIFE)
            found = (kind, BY_LETTERS)
        return (Danger(found[0], self.numbers(found[0]), found[1]),)

    def _logit(self, analysis: Analysis) -> float:
        if analysis.danger is None:
            analysis.danger = self._letters.logit(clues_of(analysis))
        return analysis.danger
