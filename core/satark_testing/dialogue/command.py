"""`satark cost`: counts messages and SMS segments per tip, by channel and language, and their price."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from satark.dialogue.engine import Engine
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import configured_flow, load_flow
from satark.runtime.commands import plugins_of, settings_of
from satark.settings.core import PUBLIC_METRICS
from satark.settings.settings import Settings
from satark_files.decoding import DECODING_ERRORS
from satark_testing.dialogue.tip_costs import every_cost
from satark_words.geography.geography import Geography

_SECONDS: Final = 5.0
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SENT: Final = "satark_sends_total"
_TIPS: Final = "satark_tips_total"


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a channel's provider charges, in the currency of the file."""

    message: float = 0.0
    """Price per outgoing message."""
    free: int = 0
    """Messages that cost nothing each month."""
    segment: float = 0.0
    """Price per segment of a text message."""
    tip: float = 0.0
    """Price per tip, such as the minutes of a call."""


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of rates."""

    currency: str
    channels: Mapping[str, Rate]


class Line(msgspec.Struct, frozen=True):
    """One line of the output: what one tip costs."""

    channel: str
    language: str
    road: str
    """How the tip was told: `taps`, question by question; `story`, in the first message; `call`; or `measured` here."""
    messages: float
    """Outgoing messages per tip."""
    segments: int
    """Segments of these messages; 0 if the channel has no segments or does not count them."""
    price: float | None = None
    """The price in the currency of the rates; None if the channel has no rate."""


@click.command()
@click.option("--rates", "file", type=_FILE, help="TOML file of rates.")
@click.option("--metrics", default="", help="Address of a running process's metrics; this machine's by default.")
@click.option("--tips", type=click.IntRange(min=1), help="Tips a month, by which free messages count.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def cost(ctx: click.Context, file: Path | None, metrics: str, tips: int | None, *, as_json: bool) -> None:
    """Show how many outgoing messages and SMS segments a tip needs, by channel and language, and their price.

    They are counted by walking through the questionnaire from "Hi" to the last word, and measured where a process
    runs: provider calls that were accepted, by tips (no language is counted there). docs/operations.md shows the rates.
    """
    rates = _read_rates(file) if file else Rates("", {})
    lines = [_priced(line, rates, tips) for line in (*_walked(ctx), *_measured(metrics or _own_address()))]
    for text in map(_as_json, lines) if as_json else _table(lines, rates.currency):
        click.echo(text)


def _read_rates(file: Path) -> Rates:
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Rates)
    except DECODING_ERRORS as error:
        raise click.ClickException(f"{file}: {error}") from None


def _walked(ctx: click.Context) -> list[Line]:
    core, plugins = settings_of(ctx).core, plugins_of(ctx)
    try:
        source = configured_flow(core.flow, core.languages)
        flow = load_flow(source, plugins.step_types(), plugins.validators())
    except FlowError as error:
        raise click.ClickException(str(error)) from error
    costs = every_cost(Engine(flow, source.catalogues, Geography.sample()))
    return [Line(channel, language, road, taken.outgoing, taken.segments) for road, channel, language, taken in costs]


def _measured(address: str) -> list[Line]:
    """Divide a running process's accepted provider calls by its tips; return nothing if no process answers."""
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - the operator's own address
            text = answer.read().decode()
    except (OSError, ValueError):
        return []
    sent, tips = _counts(text, _SENT), _counts(text, _TIPS)
    return [Line(name, "", "measured", sent.get(name, 0.0) / tips[name], 0) for name in sorted(tips) if tips[name]]


def _counts(text: str, name: str) -> dict[str, float]:
    """Add up the accepted calls of a metric by channel."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and sample.labels.get("result", "accepted") == "accepted":
                channel = sample.labels["channel"]
                found[channel] = found.get(channel, 0.0) + sample.value
    return found


def _own_address() -> str:
    listen = Settings().core.metrics_listen
    return f"http://{listen}/metrics" if listen not in {"", PUBLIC_METRICS} else ""


def _priced(line: Line, rates: Rates, tips: int | None) -> Line:
    """Add the price of a tip. Without the number of tips a month no message is free."""
    rate = rates.channels.get(line.channel)
    if rate is None:
        return line
    paid = max(0.0, line.messages - (rate.free / tips if tips else 0))
    price = paid * rate.message + line.segments * rate.segment + rate.tip
    return msgspec.structs.replace(line, price=round(price, 4))


def _table(lines: Sequence[Line], currency: str) -> list[str]:
    rows: list[tuple[str, ...]] = [("channel", "language", "told by", "messages", "segments", currency or "price")]
    rows += [_row(line) for line in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _row(line: Line) -> tuple[str, ...]:
    price = "-" if line.price is None else f"{line.price:.2f}"
    segments = str(line.segments) if line.segments else "-"
    return line.channel, line.language or "-", line.road, f"{line.messages:.3g}", segments, price


def _as_json(line: Line) -> str:
    return json.dumps(msgspec.to_builtins(line), ensure_ascii=False)
