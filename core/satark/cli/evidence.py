"""`satark evidence`: packs for a court. Making one is the desk's business, checking one is anybody's."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from satark.custody.verify_pack import Verdict, verify_pack


@click.group()
def evidence() -> None:
    """Packs of evidence for a court."""


@evidence.command()
@click.argument("pack", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--manifest", "printed", default="", metavar="SHA256", help="As the signed certificate shows it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(pack: Path, printed: str, *, as_json: bool) -> None:
    """Check PACK without any key, database or network. Exit code 1: something was altered, and it is named.

    A pack that somebody made anew as a whole is only shown by the hash on the signed certificate: give it with
    --manifest, or compare it by eye.
    """
    try:
        verdict = verify_pack(pack, printed)
    except OSError as error:
        raise click.ClickException(f"{pack}: {error.strerror or 'it can not be read'}") from None
    click.echo(json.dumps(_plain(verdict)) if as_json else _told(verdict))
    if verdict.problems:
        raise click.exceptions.Exit(1)


def _plain(verdict: Verdict) -> dict[str, object]:
    return {"good": not verdict.problems, **msgspec.to_builtins(verdict)}


def _told(verdict: Verdict) -> str:
    if verdict.problems:
        return "\n".join([*(_line(str(problem)) for problem in verdict.problems), "the pack was altered"])
    return "\n".join(
        [
            f"the pack of tip {_line(verdict.number)} is whole: {verdict.items} files, {verdict.rows} rows of custody",
            f"manifest {verdict.manifest}   (compare it with the signed certificate)",
            f"custody  {verdict.head}",
        ]
    )


def _line(said: str) -> str:
    """A forger chose the names in a pack: none may break out of its line, or steer the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in said)
