"""`satark deliveries`: waiting deliveries, dead letters, and destinations that are down."""

import json
import time
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from satark.runtime.command_host import open_services
from satark.store import deliveries as store
from satark.store.breakers import OpenBreaker, read_open_breakers

_to = click.option("--to", "destination", default="", help="Only this destination, such as email:cell.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def deliveries() -> None:
    """Show deliveries and down destinations; retry dead letters."""


@deliveries.command("list")
@_to
@_json
def list_(*, destination: str, as_json: bool) -> None:
    """List down destinations, and deliveries that are not done.

    A delivery waits, is held back, or is a dead letter. It is held back while its destination is down (two deliveries
    at a time are tried), or while an earlier revision of the same tip is on its way. Then it needs no action and uses
    up no attempts.
    """
    _show(("due", "blocked", "dead_letter"), destination, as_json=as_json)


@deliveries.command()
@_to
@_json
def dead(*, destination: str, as_json: bool) -> None:
    """List dead letters, with the reason.

    A dead letter is a delivery that is no longer attempted.
    """
    _show(("dead_letter",), destination, as_json=as_json)


@deliveries.command()
@click.argument("delivery", required=False)
@_to
@click.option("--all", "everything", is_flag=True, help="All dead letters.")
def retry(delivery: str | None, *, destination: str, everything: bool) -> None:
    """Retry dead letters.

    Name one DELIVERY (its id, from the list), those `--to` a destination, or `--all`.
    """
    if [bool(delivery), bool(destination), everything].count(True) != 1:
        raise click.UsageError("name one delivery, or say --to DESTINATION, or --all")
    id_ = _id(delivery) if delivery else None
    with open_services(click.get_current_context()) as services:
        count = services.write_now(lambda unit: store.retry(unit, id_, destination))
    click.echo(f"{count} to be tried again")
    if not count:
        raise click.exceptions.Exit(1)


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is not a delivery's id: see `satark deliveries dead`") from None


def _show(states: Sequence[str], destination: str, *, as_json: bool) -> None:
    with open_services(click.get_current_context()) as services:
        rows = services.read(lambda connection: store.list_deliveries(connection, states, destination))
        down = services.read(read_open_breakers)
    shown = [one for one in down.values() if "due" in states and destination in {"", one.destination}]
    if as_json:
        plain = [{"state": "down", **msgspec.structs.asdict(one)} for one in shown]
        lines = [json.dumps(one) for one in (*plain, *(_plain(row, down) for row in rows))]
    else:
        now = int(time.time())
        lines = [*(_down_line(one, now) for one in shown), *(_line(row, down, now) for row in rows)]
    for line in lines:
        click.echo(line)
    if not lines and not as_json:
        click.echo("no waiting deliveries, no dead letters")


def _plain(row: dict[str, Any], down: dict[str, OpenBreaker]) -> dict[str, Any]:
    return {**row, "id": row["id"].hex(), "destination_down": row["destination"] in down}


def _down_line(one: OpenBreaker, now: int) -> str:
    minutes = max(0, now - one.since) // 60
    return f"{one.destination} is down for {minutes} min, next try in {max(0, one.half_open_at - now)} s  {one.reason}"


def _line(row: dict[str, Any], down: dict[str, OpenBreaker], now: int) -> str:
    reason = f"  {row['reason']}" if row["reason"] else ""
    head = f"{row['id'].hex()}  {row['destination']:<20}  attempts {row['attempts']:>2}"
    return f"{head}  {_when(row, down, now)}{reason}"


def _when(row: dict[str, Any], down: dict[str, OpenBreaker], now: int) -> str:
    if row["state"] == "dead_letter":
        return "dead letter"
    if row["state"] == "blocked":
        return "held back: an earlier revision is on its way"
    if row["destination"] in down:
        return "held back: its destination is down"
    return f"next in {max(0, row['due_at'] - now)} s"
