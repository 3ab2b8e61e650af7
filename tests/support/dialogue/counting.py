"""The command of `make lexicon`: write the index of the lexicon, and the weights counted from the corpus of utterances.

Each sense has a logistic regression with a square penalty: its inputs are the words and marks of a text. A danger's
inputs are groups of letters. Majorisation with momentum solves each one (the curvature of each weight is bounded by its
counts times the longest text). It needs no library and no random number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from math import exp
from pathlib import Path
from typing import Final, NamedTuple

import click

from satark_words import weights
from satark_words.analysis import Analysis
from satark_words.danger import SENSE, clues_of
from satark_words.lexicon import Lexicon
from satark_words.lexicon_files import digest, shipped_folder
from satark_words.opening import ORDER
from satark_words.reading import DangerKind
from satark_words.weights import SPOKEN, TALK, Weights
from support.dialogue.corpus import Utterance, read_corpus
from support.dialogue.data_files import index_files, weights_file

_LABELS: Final = frozenset({"danger", "harmless"})
_KINDS: Final = frozenset({"none", "mixed", *DangerKind})
_UNASKED: Final = frozenset({"identity", "anonymous"})
WEIGHED: Final[Mapping[str, tuple[str, ...]]] = {
    "now": ("yes", "no", "files"),
    "police": ("yes", "no", "unknown"),
    "police_unit": ("station", "outpost", "other_station", "circle", "district", "range", "unknown"),
    "when": ("now", "past", "coming", "often"),
    "danger": ("yes", "no", "unknown"),
    "known_by": ("few", "many", "unknown"),
    "reach": ("yes", "no"),
    "cancel": ("yes", "no"),
}
"""Question with enough texts in the corpus to weigh its options → those options."""
_TALK: Final = 0.5
"""Weight of a text from the steps compared with a labelled one, since such a text may describe a danger."""
_CATEGORIES: Final = frozenset(ORDER)
_SAID: Final = ("option:", "content", "danger")
"""Beginnings of the meanings of texts that answer a question or belong to a tip."""
_PENALTY: Final = 2.0
_LETTERS_PENALTY: Final = 1.0
_ROUNDS: Final = 80
_LEAST: Final = 4
"""Minimum weight, in hundredths. Smaller weights are left out."""


class Labelled(NamedTuple):
    """A text, the senses that it may have, the senses that it has, and its weight."""

    text: str
    asked: frozenset[str]
    has: frozenset[str]
    counts: float


class Sample(NamedTuple):
    """The words and marks of a text, whether it has a sense, and its weight."""

    names: tuple[int, ...]
    has: bool
    counts: float


@click.command()
@click.argument("corpus", type=click.Path(exists=True, path_type=Path))
def main(corpus: Path) -> None:
    """Write the index of the lexicon, and the weights of words and marks, counted from a corpus."""
    lexicon = Lexicon.shipped(indexed=False)
    folder = Path(str(shipped_folder()))
    for name, text in index_files(folder, lexicon.keys).items():
        (folder / "_index" / name).write_text(text, "utf-8")
    labelled = label(read_corpus(corpus))
    texts = {text: Analysis(text, lexicon) for text in {one.text for one in labelled}}
    counted = {**count_weights(labelled, texts), SENSE: count_danger(labelled, texts)}
    (folder.parent / weights.FILE).write_text(weights_file(digest_of(labelled), counted), "utf-8")


def count_weights(labelled: Sequence[Labelled], texts: Mapping[str, Analysis]) -> Mapping[str, Weights]:
    """Compute the weights of words and marks for each sense but a danger."""
    known = {text: sorted(analysis.features) for text, analysis in texts.items()}
    senses = sorted({sense for one in labelled for sense in one.asked} - {SENSE})
    return {sense: _weights(sense, labelled, known) for sense in senses}


def count_danger(labelled: Sequence[Labelled], texts: Mapping[str, Analysis]) -> Weights:
    """Compute the weights of those groups of letters, words and marks for a danger that more than one text has."""
    groups = {one.text: clues_of(texts[one.text]) for one in labelled if SENSE in one.asked}
    often = Counter(group for found in groups.values() for group in found)
    known = {text: sorted(group for group in found if often[group] > 1) for text, found in groups.items()}
    return _weights(SENSE, labelled, known, _LETTERS_PENALTY)


def _weights(
    sense: str, labelled: Iterable[Labelled], known: Mapping[str, Sequence[str]], penalty: float = _PENALTY
) -> Weights:
    numbers: dict[str, int] = {}
    samples = [
        Sample(tuple(numbers.setdefault(name, len(numbers)) for name in known[one.text]), sense in one.has, one.counts)
        for one in labelled
        if sense in one.asked
    ]
    found = regress(samples, len(numbers), penalty)
    rounded = {name: round(found[number] * 100) for name, number in numbers.items()}
    kept = {name: weight for name, weight in rounded.items() if abs(weight) >= _LEAST}
    return Weights(round(found[len(numbers)] * 100), kept)


# ------------------------------------------------------------- what the corpus says


def label(utterances: Iterable[Utterance]) -> list[Labelled]:
    """List each text once per group of senses: dangers, categories, and the kinds of free answers.

    A text that is labelled as a danger or harmless counts as that, whatever else it is at a step.
    """
    found: dict[tuple[str, str], Labelled] = {}
    for one in sorted(utterances, key=lambda one: not _is_label(one)):
        for group, labelled in _labels(one):
            found.setdefault((group, one.text), labelled)
    return [found[key] for key in sorted(found)]


def _is_label(one: Utterance) -> bool:
    """Whether a text is labelled as a danger or harmless, and no answer to the question about danger."""
    return one.step in _LABELS and _KINDS.issuperset(one.meant)


def _labels(one: Utterance) -> Iterable[tuple[str, Labelled]]:
    asked, spoken = frozenset({SENSE}), frozenset(SPOKEN)
    if _is_label(one):
        yield SENSE, Labelled(one.text, asked, asked if one.step == "danger" else frozenset(), 1.0)
    elif one.meant == ("danger",):
        yield SENSE, Labelled(one.text, asked, asked, 1.0)
    elif "danger" not in one.meant:
        yield SENSE, Labelled(one.text, asked, frozenset(), _TALK)
    options = frozenset(name.partition(":")[2] for name in one.meant if name.startswith("option:"))
    if one.step == "when" and "content" in one.meant:
        options = frozenset({"often"})
    if one.step == "category" and len(options) < 2:
        yield "category", Labelled(one.text, _CATEGORIES, options, 1.0)
    is_told = not (_is_label(one) or one.step in _UNASKED)
    tells = {meaning.startswith(_SAID) for meaning in one.meant} if is_told else set()
    if len(tells) == 1:
        yield TALK, Labelled(one.text, frozenset({TALK}), frozenset() if True in tells else frozenset({TALK}), 1.0)
    if one.step in WEIGHED:
        senses = frozenset(f"{one.step}:{option}" for option in WEIGHED[one.step])
        yield f"{one.step}:", Labelled(one.text, senses, senses & {f"{one.step}:{option}" for option in options}, 1.0)
    meant = spoken.intersection(one.meant)
    if tells == {False} and len(meant) < 2:
        yield "spoken", Labelled(one.text, spoken, meant, 1.0)


def digest_of(labelled: Iterable[Labelled]) -> str:
    """Return the digest of the lexicon and of the texts from which the weights are computed."""
    texts = "\n".join(f"{one.text}\t{sorted(one.has)}" for one in labelled)
    return sha256(f"{digest(shipped_folder())}\n{texts}".encode()).hexdigest()


# ------------------------------------------------------------- the regression


def regress(samples: Sequence[Sample], size: int, penalty: float = _PENALTY) -> list[float]:
    """Compute the weights under which the samples are most likely. Every text has the last feature, number `size`."""
    steps = _steps(samples, size, penalty)
    here = [0.0] * (size + 1)
    ahead, speed = here, 1.0
    for _ in range(_ROUNDS):
        slopes = _slopes(samples, ahead, penalty)
        there = [at - slope * step for at, slope, step in zip(ahead, slopes, steps, strict=True)]
        faster = (1 + (1 + 4 * speed * speed) ** 0.5) / 2
        drag = (speed - 1) / faster
        ahead = [new + drag * (new - old) for new, old in zip(there, here, strict=True)]
        here, speed = there, faster
    return here


def _steps(samples: Iterable[Sample], size: int, penalty: float) -> list[float]:
    """Return how far each weight may move for a slope of one."""
    bounds = [penalty] * size + [0.0]
    for names, _, counts in samples:
        for name in (*names, size):
            bounds[name] += counts * (len(names) + 1) / 4
    return [1 / bound for bound in bounds]


def _slopes(samples: Iterable[Sample], weights: Sequence[float], penalty: float) -> list[float]:
    """Return the slope of the loss for each weight, including the penalty."""
    slopes = [penalty * weight for weight in weights]
    slopes[-1] = 0.0
    for names, has, counts in samples:
        logit = weights[-1] + sum(map(weights.__getitem__, names))
        error = counts * (1 / (1 + exp(-logit)) - has)
        slopes[-1] += error
        for name in names:
            slopes[name] += error
    return slopes


if __name__ == "__main__":
    main()
