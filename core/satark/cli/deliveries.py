"""`satark deliveries`: what waits, failed, died."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from satark.cli.context import services_from_settings
from satark.store import deliveries as store


@click.group()
def deliveries() -> None:
    """See what waits to be delivered, what failed, and what died."""


@deliveries.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List deliveries that wait or died."""
    _show(("due", "dead"), as_json=as_json)


@deliveries.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def dead(*, as_json: bool) -> None:
    """List dead deliveries: those that are not tried any more."""
    _show(("dead",), as_json=as_json)


@deliveries.command()
@click.argument("delivery", required=False)
@click.option("--all", "everything", is_flag=True, help="All dead deliveries.")
def retry(delivery: str | None, *, everything: bool) -> None:
    """Try a dead DELIVERY (its id, from the list) again, or all of them."""
    if bool(delivery) == everything:
        raise click.UsageError("name one delivery, or say --all")
    with services_from_settings(click.get_current_context()) as services:
        count = services.write_now(lambda unit: store.retry(unit, _id(delivery) if delivery else None))
    click.echo(f"{count} to be tried again")
    if not count:
        raise click.exceptions.Exit(1)


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is not a delivery's id: see `satark deliveries dead`") from None


def _show(states: tuple[str, ...], *, as_json: bool) -> None:
    with services_from_settings(click.get_current_context()) as services:
        rows = services.read(lambda connection: store.listing(connection, states))
    for row in rows:
        click.echo(json.dumps(_plain(row)) if as_json else _line(row))
    if not rows and not as_json:
        click.echo("nothing waits, nothing died")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "id": row["id"].hex()}


def _line(row: dict[str, Any]) -> str:
    wait = max(0, row["due_at"] - int(time.time()))
    when = f"next in {wait} s" if row["state"] == "due" else "dead"
    reason = f"  {row['reason']}" if row["reason"] else ""
    return f"{row['id'].hex()}  {row['destination']:<20}  attempts {row['attempts']:>2}  {when}{reason}"
