"""`satark evidence`: verifies evidence packs for a court. The desk's pages export them; anybody can verify one."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from satark.cli.counted import counted
from satark.custody.verify_pack import PackReport, held_against, verify_pack
from satark.roster.copy_file import read_copy

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def evidence() -> None:
    """Verify evidence packs for a court."""


@evidence.command()
@click.argument("pack", type=_FILE)
@click.option("--manifest", "printed", default="", metavar="SHA256", help="The hash on the signed certificate.")
@click.option("--roster", type=_FILE, help="A copy of the office's roster (roster.jsonl): is it the desk's signature?")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(pack: Path, printed: str, roster: Path | None, *, as_json: bool) -> None:
    """Verify PACK without any key, database or network; exit with 1 if anything was altered, and name it.

    Only the hash on the signed certificate reveals a pack that was replaced as a whole: give it with --manifest, or
    compare it with the printed one. With --roster a pack is refused unless a desk of that roster signed it.
    """
    try:
        verdict = verify_pack(pack, printed)
        verdict = held_against(verdict, read_copy(roster)) if roster else verdict
    except OSError as error:
        raise click.ClickException(f"{error.filename or pack}: {error.strerror or 'unreadable'}") from None
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
            _signature(verdict),
        ]
    )


def _signature(verdict: PackReport) -> str:
    if verdict.signer is None:
        return "no desk signed it"
    return f"signed   by the desk {_safe_line(verdict.signer.desk)}, key {_safe_line(verdict.signer.verifier)}"


def _safe_line(text: str) -> str:
    """Replace characters that would start a new line or control the terminal: a forger may have chosen the names."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
