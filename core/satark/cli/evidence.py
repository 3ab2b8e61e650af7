"""`satark evidence`: verifies evidence packs for a court. The desk's pages export them; anybody can verify one."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from satark.cli.counted import counted
from satark.custody.verify_pack import PackReport, verify_pack


@click.group()
def evidence() -> None:
    """Verify evidence packs for a court."""


@evidence.command()
@click.argument("pack", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--manifest", "printed", default="", metavar="SHA256", help="The hash on the signed certificate.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(pack: Path, printed: str, *, as_json: bool) -> None:
    """Verify PACK without any key, database or network; exit with 1 if anything was altered, and name it.

    Only the hash on the signed certificate reveals a pack that was replaced as a whole: give it with --manifest, or
    compare it with the printed one.
    """
    try:
        verdict = verify_pack(pack, printed)
    except OSError as error:
        raise click.ClickException(f"{pack}: {error.strerror or 'unreadable'}") from None
    click.echo(json.dumps(_as_dict(verdict)) if as_json else _as_text(verdict))
    if verdict.problems:
        raise click.exceptions.Exit(1)


def _as_dict(verdict: PackReport) -> dict[str, object]:
    return {"good": not verdict.problems, **msgspec.to_builtins(verdict)}


def _as_text(verdict: PackReport) -> str:
    if verdict.problems:
        return "\n".join([*(_safe_line(str(problem)) for problem in verdict.problems), "the pack was altered"])
    content = f"{counted(verdict.items, 'file')}, {counted(verdict.rows, 'custody row')}"
    return "\n".join(
        [
            f"the pack of tip {_safe_line(verdict.number)} is intact: {content}",
            f"manifest {verdict.manifest}   (compare it with the signed certificate)",
            f"custody  {verdict.head}",
        ]
    )


def _safe_line(text: str) -> str:
    """Replace characters that would start a new line or control the terminal: a forger may have chosen the names."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
