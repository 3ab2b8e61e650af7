"""Runs the contestants one after the other and prints their results."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import click
import msgspec

from satark_bench.contestants import CONTESTANTS
from satark_bench.driver import measure
from satark_bench.results import Result

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
    ("receipts", "receipts"),
    ("gave_up", "gave up"),
    ("refused", "refused"),
    ("unanswered", "unanswered"),
)


@click.command()
@click.option("--seconds", default=10.0, show_default=True, help="Measured time of each contestant.")
@click.option("--citizens", default=256, show_default=True, help="Number of concurrent citizens.")
@click.option("--only", type=click.Choice(list(CONTESTANTS)), multiple=True, help="Run only these contestants.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def main(*, seconds: float, citizens: int, only: tuple[str, ...], as_json: bool) -> None:
    """Measure Satark's WhatsApp turns against a minimal bot; the driver shares the cores with them."""
    results: list[Result] = []
    if not as_json:
        click.echo(f"{'':22}" + "".join(f"{title:>14}" for _, title in _COLUMNS))
    for name in only or CONTESTANTS:
        result = asyncio.run(measure(name, CONTESTANTS[name], citizens, seconds))
        first = (results or [result])[0]
        results.append(replace(result, ratio=result.messages_per_second / (first.messages_per_second or 1.0)))
        click.echo(msgspec.json.encode(results[-1].row()) if as_json else _line(results[-1]))


def _line(result: Result) -> str:
    row = result.row()
    return f"{result.contestant:22}" + "".join(f"{row[field]:>14}" for field, _ in _COLUMNS)


if __name__ == "__main__":
    main()
