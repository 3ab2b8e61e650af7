"""`make mutants`: breaks the scaffold's plugins and Satark's own channels, and prints the rule that detects each."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from support.contract_mutants.mutants import Noticed, Workshop, all_mutants

NOTICED: Final = 98
"""Percentage of the mutants that the kit must detect."""


@click.command()
@click.option("--only", default="", help="Mutants whose name or file has this in it.")
@click.option("--messages", is_flag=True, help="Show what the kit said.")
def main(*, only: str, messages: bool) -> None:
    """Break plugins, and report which rule detects each mutant."""
    chosen = [mutant for mutant in all_mutants() if only in mutant.name or only in mutant.file]
    with TemporaryDirectory(prefix="satark-mutants-") as folder:
        workshop = Workshop(Path(folder))
        results = []
        for mutant in chosen:
            results.append(workshop.try_mutant(mutant))
            _print(results[-1], messages=messages)
    noticed = sum(bool(result.rule) for result in results)
    rules = len({result.rule for result in results if result.rule})
    click.echo(f"{noticed} of {len(results)} mutants noticed, by {rules} rules")
    raise SystemExit(0 if 100 * noticed >= NOTICED * len(results) else 1)


def _print(result: Noticed, *, messages: bool) -> None:
    unexpected = "" if result.rule == result.mutant.rule else f"  (expected: {result.mutant.rule})"
    click.echo(f"{result.rule or 'MISSED':6} {result.mutant.name:45} {result.mutant.file}{unexpected}")
    if messages and result.message:
        click.echo(f"       {result.message}")


if __name__ == "__main__":
    main()
