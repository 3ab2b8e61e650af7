"""The commands `python -m support.supply sbom FILE`, `… server-lock FILE` and `… audit`."""

from __future__ import annotations

from pathlib import Path

import click

from support.supply.audit import in_words, run_pip_audit
from support.supply.licences import read_allowed
from support.supply.lock import cut_lock, needed_to_run, read_lock
from support.supply.sbom import make_sbom


@click.group()
def main() -> None:
    """Report on Satark's dependencies."""


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def sbom(file: Path) -> None:
    """Write the bill of materials (CycloneDX) of the locked packages to FILE."""
    packages = read_lock()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(make_sbom(packages, needed_to_run(), read_allowed()))
    click.echo(f"{file}: {len(packages)} packages")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--without", multiple=True, help="An extra that the server does not need.")
def server_lock(file: Path, without: tuple[str, ...]) -> None:
    """Write the lock of a server's packages to FILE: every extra, and no development tool."""
    needed = needed_to_run(without=without)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(cut_lock(needed))
    click.echo(f"{file}: {len(needed)} packages")


@main.command()
def audit() -> None:
    """Look up known flaws of the locked packages; fail if there are any."""
    words, code = in_words(run_pip_audit())
    click.echo(words)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
