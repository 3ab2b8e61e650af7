"""The command of `make corpus`: reports which utterances of the corpus are understood, by step, script and kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from satark_testing.dialogue.tip_costs import Road, TipCosts, every_cost
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.dialogue.corpus import Outcome, Utterance, asked_at, judge, read_corpus

CEILINGS: Final[Mapping[Road, TipCosts]] = {
    "taps": TipCosts(answers=7, incoming=9, outgoing=9, segments=12),
    "story": TipCosts(answers=2, incoming=3, outgoing=5, segments=10),
    "call": TipCosts(answers=7, incoming=8, outgoing=9, segments=0),
}
"""The highest allowed costs of a tip for each way to tell it, on any channel and in any language."""
_NAMES = ("understood", "asked again", "swallowed", "misread", "acted")
_LABELLED = frozenset({"danger", "harmless", "identity", "anonymous"})


@click.command()
@click.argument("corpus", type=click.Path(exists=True, path_type=Path))
@click.option("--misses/--no-misses", default=False, help="List what was not read as meant.")
def main(corpus: Path, *, misses: bool) -> None:
    """Read a corpus, a file or a folder, and print the result. Uses no model and no network."""
    utterances = list(read_corpus(corpus))
    geography = Geography.sample()
    reader = Reader(geography)
    judged = _judge_all([one for one in utterances if one.step not in _LABELLED], reader, geography)
    _print_steps(judged)
    if misses:
        _print_misses(judged)
    _print_labels("danger", _labels(utterances, reader, "danger", "harmless"), misses=misses)
    _print_labels("own identity", _labels(utterances, reader, "identity", "anonymous"), misses=misses)
    acted = sum(outcome.name == "acted" for _, outcome in judged)
    too_dear = _print_costs()
    raise SystemExit(1 if acted or too_dear else 0)


def _print_costs() -> bool:
    """Print the costs of a tip on each channel; return whether one exceeds its ceiling."""
    click.echo(f"{'a whole tip':31}{'answers':>8}{'messages':>10}{'segments':>10}")
    too_dear = False
    for road, channel, written, costs in every_cost():
        most = CEILINGS[road]
        over = costs.answers > most.answers or costs.outgoing > most.outgoing or costs.segments > most.segments
        too_dear |= over
        numbers = f"{costs.answers:8}{costs.outgoing:10}{costs.segments or '-':>10}"
        click.echo(f"{road:8}{channel:14}{written:9}{numbers}{'  TOO MANY' if over else ''}")
    for road, most in CEILINGS.items():
        click.echo(f"{road:8}{'at most':23}{most.answers:8}{most.outgoing:10}{most.segments or '-':>10}")
    return too_dear


def _judge_all(
    utterances: Sequence[Utterance], reader: Reader, geography: Geography
) -> list[tuple[Utterance, Outcome]]:
    catalogues = Catalogues.of("satark.dialogue")
    asked = {step: asked_at(step, geography, catalogues) for step in {one.step for one in utterances}}
    return [(one, judge(one, reader, asked[one.step])) for one in utterances]


def _print_steps(judged: Sequence[tuple[Utterance, Outcome]]) -> None:
    for title, key in (("step", "step"), ("script", "script")):
        table: dict[str, Counter[str]] = defaultdict(Counter)
        for utterance, outcome in judged:
            table[getattr(utterance, key)][outcome.name] += 1
        click.echo(f"{title:14}{'':>6}" + "".join(f"{name:>13}" for name in _NAMES))
        for name, counts in sorted(table.items()):
            _print_row(name, counts)
        _print_row("all", sum(table.values(), Counter()))


def _print_row(name: str, counts: Counter[str]) -> None:
    total = sum(counts.values()) or 1
    shares = "".join(f"{counts[one]:6} {counts[one] / total:5.1%} " for one in _NAMES)
    click.echo(f"{name:14}{total:6} {shares}")


def _print_misses(judged: Sequence[tuple[Utterance, Outcome]]) -> None:
    for utterance, outcome in judged:
        if outcome.name != "understood":
            read = outcome.reading
            what = read.option or read.command or read.topic or read.suggested
            click.echo(f"  {utterance.step:11} {outcome.name:11} {read.kind.value}:{what:10} {utterance.text}")


def _labels(
    utterances: Iterable[Utterance], reader: Reader, wanted: str, unwanted: str
) -> list[tuple[Utterance, bool, str]]:
    rows = []
    for one in utterances:
        if one.step not in {wanted, unwanted}:
            continue
        found = (
            ", ".join(f"{d.kind}:{d.rule}" for d in reader.dangers(one.text))
            if wanted == "danger"
            else ", ".join(f"{s.kind}:{one.text[s.start : s.end]}" for s in reader.own_identity(one.text))
        )
        rows.append((one, one.step == wanted, found))
    return rows


def _print_labels(title: str, rows: Sequence[tuple[Utterance, bool, str]], *, misses: bool) -> None:
    right = sum(1 for _, wanted, found in rows if wanted and found)
    wanted = sum(1 for _, is_wanted, _ in rows if is_wanted)
    found = sum(1 for _, _, what in rows if what)
    if rows:
        click.echo(
            f"{title}: {len(rows)} texts, recall {right / (wanted or 1):.3f}, precision {right / (found or 1):.3f}"
        )
    for one, is_wanted, what in rows if misses else ():
        if bool(what) != is_wanted:
            click.echo(f"  {'MISSED' if is_wanted else 'FALSE'} {one.meant[0]:9} {one.text}   [{what}]")


if __name__ == "__main__":
    main()
