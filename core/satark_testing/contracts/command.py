"""`satark plugin rules`: lists the rules that the kit checks in a plugin."""

from __future__ import annotations

import json

import click

from satark_testing.contracts.rules import RULES


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def rules(*, as_json: bool) -> None:
    """List the rules that the contract kit checks in a plugin."""
    for rule in RULES.values():
        click.echo(json.dumps(rule._asdict()) if as_json else f"{rule.id} {rule.title}: {rule.expected}")
