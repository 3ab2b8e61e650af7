"""Weights of words and marks: a second reading, which makes a sense likely where no rule holds, and doubts the rules.

If the weights disagree with the rules' reading, the tipster is asked. No action depends on the weights.

The weights are data, `weights.tsv`, counted from the corpus of utterances by `make lexicon`. Its first line is the
digest of their sources. Each further line has a sense, a weight in hundredths of a logit, and the names of the words
and marks with this weight; the weight with which every text begins has no name. A word is written as its sound without
its last vowels (`plain`), which different scripts, spellings and most endings share. A mark begins with `=`. For a
danger groups of letters are weighed too. What is not listed weighs nothing. The sum is the logit of the sense.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

FILE: Final = "weights.tsv"
_HUNDREDTHS: Final = 100


class Weights(NamedTuple):
    """The weights for one sense, in hundredths of a logit."""

    base: int
    """The weight with which every text begins."""
    by_name: dict[str, int]

    def logit(self, names: Iterable[str]) -> float:
        """Return the logit of the sense in a text with these words and marks."""
        return (self.base + sum(filter(None, map(self.by_name.get, names)))) / _HUNDREDTHS


@cache
def weights() -> Mapping[str, Weights]:
    """Return the weights that come with Satark, by sense."""
    found: dict[str, Weights] = {}
    for line in (files("satark_words") / FILE).read_text("utf-8").splitlines()[1:]:
        sense, weight, *names = line.split()
        if names:
            found[sense].by_name.update(dict.fromkeys(names, int(weight)))
        else:
            found[sense] = Weights(int(weight), {})
    return found


SPOKEN: Final = (
    "question", "remark", "wait", "greeting", "thanks", "refusal", "command:help", "command:back", "command:status",
)  # fmt: skip
"""Kinds of texts that only talk to the service. A mistake among these is harmless."""
TALK: Final = "talk"
"""The sense of a text that only talks to the service: it is neither an answer nor a part of a tip."""
_LEAST_TALK: Final = -1.0
"""The logit of `TALK` above which a text is kept only if the tipster says that it belongs to the tip."""
_LEAST_FIRST_TALK: Final = -2.0
"""The same, for words that begin a tip, which must surely be no talk."""
_LEAST_LIKELY: Final = 0.0
"""The logit above which a text has a sense that no rule finds."""
_LEAST_MARGIN: Final = 1.0
"""The logits by which an option must be likelier than every other."""
CLEAR: Final = 1.2
CLEAR_MARGIN: Final = 2.0
"""The same, for an answer that rules find too: it is taken without asking back."""


class Likely(NamedTuple):
    """The likeliest of several senses, its logit, and by how much it is likelier than the next."""

    sense: str
    logit: float
    margin: float

    @property
    def is_probable(self) -> bool:
        """Whether the sense is likely though no rule finds it."""
        return self.logit > _LEAST_LIKELY and self.margin >= _LEAST_MARGIN

    @property
    def is_clear(self) -> bool:
        """Whether the sense is so likely that rules which find it too need nothing else."""
        return self.logit >= CLEAR and self.margin >= CLEAR_MARGIN


def likely_of(names: Iterable[str], senses: Iterable[str]) -> Likely | None:
    """Return the likeliest of these senses in a text with these words and marks; None: none of them is weighed."""
    logits = sorted(_logits(names, senses))
    if len(logits) < 2:  # noqa: PLR2004
        return None
    (second, _), (first, sense) = logits[-2:]
    return Likely(sense, first, first - second)


def talk_of(names: Iterable[str], *, begins: bool) -> Literal["", "maybe", "likely"]:
    """Return whether a text only talks to the service; `begins`: as the first words of a tip."""
    logit = weights()[TALK].logit(names)
    least = _LEAST_FIRST_TALK if begins else _LEAST_TALK
    return "likely" if logit > _LEAST_LIKELY else "maybe" if logit > least else ""


def likeliest(names: Iterable[str], senses: Iterable[str]) -> str:
    """Return the likeliest of these senses, empty if none is likely."""
    logit, found = max(_logits(names, senses), default=(_LEAST_LIKELY, ""))
    return found if logit > _LEAST_LIKELY else ""


def _logits(names: Iterable[str], senses: Iterable[str]) -> list[tuple[float, str]]:
    known = weights()
    return [(known[sense].logit(names), sense) for sense in senses if sense in known]
