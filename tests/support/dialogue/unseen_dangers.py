"""Measures how well dangers are recognised in unseen texts: training leaves out each round of the corpus in turn.

`python -m support.dialogue.unseen_dangers tests/words/corpora 27 28 29 31` prints, of these rounds, the share of the
dangers and of the harmless texts that the rules find, that are shown, and that are sure. The rules were written after
all rounds but the newest had been seen, so only the newest rounds show how well the rules do on new texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from satark_words.analysis import Analysis
from satark_words.danger import SHOWN, SURE, clues_of, known_dangers
from satark_words.lexicon import Lexicon
from support.dialogue.corpus import Utterance, read_corpus
from support.dialogue.counting import count_danger, label


class Heard(NamedTuple):
    """The result for one labelled text."""

    is_danger: bool
    rule: bool
    logit: float


@click.command()
@click.argument("corpus", type=click.Path(exists=True, path_type=Path))
@click.argument("rounds", type=int, nargs=-1)
def main(corpus: Path, rounds: tuple[int, ...]) -> None:
    """Print the shares of dangers and of harmless texts that are found, by the round that was left out."""
    utterances = list(read_corpus(corpus))
    every: list[Heard] = []
    for left_out in rounds or sorted({round_of(one) for one in utterances if one.step == "danger"}):
        heard = list(heard_in(left_out, utterances))
        every += heard
        click.echo(f"round {left_out}: {shares(heard)}")
    click.echo(f"all: {shares(every)}")


def round_of(one: Utterance) -> int:
    """Return the number of the round in which an utterance was written."""
    number = re.search(r"\d+$", one.file)
    return int(number[0]) if number else 0


def heard_in(left_out: int, utterances: Sequence[Utterance]) -> Iterator[Heard]:
    """Yield the dangers that a reader trained on the other rounds finds in a round's labelled texts."""
    lexicon = Lexicon.shipped()
    tested = {one.text: one for one in utterances if round_of(one) == left_out and one.step in {"danger", "harmless"}}
    labelled = label(one for one in utterances if one.text not in tested)
    texts = {text: Analysis(text, lexicon) for text in {one.text for one in labelled}}
    letters = count_danger(labelled, texts)
    for one in tested.values():
        analysis = Analysis(one.text, lexicon)
        logit = letters.logit(clues_of(analysis))
        yield Heard(one.step == "danger", bool(known_dangers(analysis)), logit)


def shares(heard: Sequence[Heard]) -> str:
    """Return the shares as a line."""
    parts = []
    for name, of in (("dangers", True), ("harmless", False)):
        some = [one for one in heard if one.is_danger is of]
        found = (
            sum(one.rule for one in some),
            sum(one.rule or one.logit > SHOWN for one in some),
            sum(one.rule and one.logit > SURE for one in some),
        )
        rule, shown, sure = (count / max(1, len(some)) for count in found)
        parts.append(f"{len(some)} {name}: rules {rule:.3f}, shown {shown:.3f}, sure {sure:.3f}")
    return "; ".join(parts)


if __name__ == "__main__":
    main()
