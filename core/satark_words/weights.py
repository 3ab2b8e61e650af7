"""Weights of words and marks: a second reading, which makes a sense likely where no rule holds, and doubts the rules.

If the weights disagree with the rules' reading, the tipster is asked. No action depends on the weights.

The weights are data, `weights.tsv`, counted from the corpus of utterances by `make lexicon`. Its first line has the
digest of their sources and the weights with which every text begins. Each further line has a word or mark, and its
weights for the senses, `MINE:120,wait:-30`, in hundredths of a logit. A word is written as its
sound without its last vowels (`plain`), which different scripts, spellings and most endings share. A mark begins with
`=`. A word or mark that is not listed weighs nothing. The sum is the logit of the sense.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from satark_words.analysis import Analysis

FILE: Final = "weights.tsv"
_HUNDREDTHS: Final = 100


class Weights(NamedTuple):
    """The weights of every sense."""

    digest: str
    """Digest of the texts and words from which the weights were counted."""
    base: str
    by_name: Mapping[str, str]
    """Word or mark → its weights as text in the file's format, since most are never parsed."""

    def of(self, analysis: Analysis) -> Sequence[Mapping[str, int]]:
        """Return the weights with which every text begins, then those of a text's words and marks, each once."""
        known = self.by_name
        return [_row(self.base), *(_row(known[name]) for name in analysis.features & known.keys())]


@cache
def _row(line: str) -> Mapping[str, int]:
    """Parse a line's weights when it is first needed.

    The result is cached. The line is from the file, so nothing that tipsters type is cached.
    """
    pairs = (one.rpartition(":") for one in line.split(","))
    return {sense: int(weight) for sense, _, weight in pairs}


def read_weights() -> Weights:
    """Read the weights that come with Satark."""
    text = (files("satark_words") / FILE).read_text("utf-8")
    first, _, rest = text.partition("\n")
    digest, base = first.split("\t", 1)
    return Weights(digest, base, dict(line.split("\t", 1) for line in rest.splitlines()))


SPOKEN: Final = (
    "question", "remark", "wait", "greeting", "thanks", "refusal", "command:help", "command:back", "command:status",
)  # fmt: skip
"""Kinds of texts that only talk to the service. A mistake among these is harmless."""
TALK: Final = "talk"
"""The sense of a text that only talks to the service: it is neither an answer nor a part of a tip."""
LEAST_TALK: Final = -1.0
"""The logit of `TALK` above which a text is kept only if the tipster says that it belongs to the tip."""
LEAST_FIRST_TALK: Final = -2.0
"""The same, for words that begin a tip, which must surely be no talk."""
LEAST_LIKELY: Final = 0.0
"""The logit above which a text has a sense that no rule finds."""
LEAST_MARGIN: Final = 1.0
"""The logits by which an option must be likelier than every other."""
CLEAR: Final = 1.2
CLEAR_MARGIN: Final = 2.0
"""The same, for an answer that rules find too: it is taken without asking back."""


def logit_of(weights: Iterable[Mapping[str, int]], sense: str) -> float:
    return sum([row.get(sense, 0) for row in weights]) / _HUNDREDTHS


class Likely(NamedTuple):
    """The likeliest of several senses, its logit, and by how much it is likelier than the next."""

    sense: str
    logit: float
    margin: float

    @property
    def is_clear(self) -> bool:
        """Whether the sense is so likely that rules which find it too need nothing else."""
        return self.logit >= CLEAR and self.margin >= CLEAR_MARGIN


def likely_of(weights: Sequence[Mapping[str, int]], senses: Iterable[str]) -> Likely | None:
    """Return the likeliest of these senses; None: none of them is weighed."""
    logits = sorted((logit_of(weights, sense), sense) for sense in senses if sense in weights[0])
    if len(logits) < 2:  # noqa: PLR2004
        return None
    (second, _), (first, sense) = logits[-2:]
    return Likely(sense, first, first - second)


def likeliest(weights: Sequence[Mapping[str, int]], senses: Iterable[str]) -> str:
    """Return the likeliest of these senses, empty if none is likely."""
    logit, found = max(((logit_of(weights, sense), sense) for sense in senses), default=(LEAST_LIKELY, ""))
    return found if logit > LEAST_LIKELY else ""
