"""Runs the contestants one after the other and prints their results."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import click
import msgspec

from support.bench.contestants import CONTESTANTS, FLOORS, satark_of, takes_part
from support.bench.driver import measure
from support.bench.results import Result, middle
from support.bench.scenarios import SCENARIOS, Scenario

_COLUMNS = (
    ("messages_per_second", "messages/s"),
    ("ratio", "of floor"),
    ("cpu_seconds_per_1000", "CPU s/1000"),
    ("ack_p50_ms", "ack p50 ms"),
    ("ack_p99_ms", "ack p99 ms"),
    ("reply_p50_ms", "reply p50 ms"),
    ("reply_p99_ms", "reply p99 ms"),
    ("rss_mb", "RSS MB"),
    ("driver_cpu_share", "driver CPU"),
    ("foreign_load", "others' CPU"),
    ("receipts", "receipts"),
    ("gave_up", "gave up"),
    ("refused", "refused"),
    ("unanswered", "unanswered"),
)


@click.command()
@click.option("--seconds", default=10.0, show_default=True, help="Measured time of each contestant, in each round.")
@click.option("--citizens", default=256, show_default=True, help="Number of concurrent citizens.")
@click.option(
    "--rounds", default=1, show_default=True, help="Rounds, in alternation; the median of each figure counts."
)
@click.option("--only", type=click.Choice(list(CONTESTANTS)), multiple=True, help="Run only these contestants.")
@click.option("--against", metavar="COMMIT", help="Run Satark as it was then too, on SQLite: the last release, say.")
@click.option(
    "--scenario",
    type=click.Choice([*SCENARIOS, "all"]),
    multiple=True,
    default=("conversations",),
    show_default=True,
    help="What the citizens and the provider do: " + "; ".join(f"{n}: {s.meaning}" for n, s in SCENARIOS.items()) + ".",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def main(
    *,
    seconds: float,
    citizens: int,
    rounds: int,
    only: tuple[str, ...],
    against: str | None,
    scenario: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure Satark's WhatsApp turns against a minimal bot. The driver runs on the same cores."""
    names = only or tuple(CONTESTANTS)
    if not only and not find_spec("pywa_async"):
        names = tuple(name for name in names if name != "pywa")
        click.echo("without pywa, which is not installed: .venv/bin/pip install pywa", err=True)
    if against:
        then = f"satark {against} (SQLite)"
        CONTESTANTS[then], FLOORS[then] = partial(satark_of, against), "floor"
        names = (*names, then)
    if not as_json:
        click.echo(f"{'':45}" + "".join(f"{title:>14}" for _, title in _COLUMNS))
    for name in SCENARIOS if "all" in scenario else scenario:
        for result in _alternate(SCENARIOS[name], names, citizens, seconds, rounds):
            row = {"scenario": name, **result.row()}
            click.echo(msgspec.json.encode(row) if as_json else _line(name, result))


def _alternate(
    scenario: Scenario, names: Sequence[str], citizens: int, seconds: float, rounds: int
) -> Iterator[Result]:
    """Run the contestants in turn for so many rounds; yield each one's median, and its ratio to its floor per round."""
    found: dict[str, list[Result]] = {name: [] for name in names if takes_part(name, scenario)}
    for _ in range(rounds):
        for name, results in found.items():
            result = asyncio.run(measure(name, CONTESTANTS[name], scenario, citizens, seconds))
            floors = found.get(FLOORS.get(name, ""))
            least = (floors[-1] if floors else result).messages_per_second
            results.append(replace(result, ratio=result.messages_per_second / (least or 1.0)))
    yield from map(middle, found.values())


def _line(scenario: str, result: Result) -> str:
    row = result.row()
    return f"{scenario:14}{result.contestant:31}" + "".join(f"{row[field]:>14}" for field, _ in _COLUMNS)


if __name__ == "__main__":
    main()
