"""`satark evidence`: verifies packs for a court, without any key, and cleans files that belong to no tip."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from satark.cli import counted
from satark.custody.countersignature import held_with
from satark.custody.manifest import Signer
from satark.custody.verify_pack import PackReport, held_against, verify_pack
from satark.roster.roster import read_copy
from satark.runtime.commands import settings_of
from satark.settings.core import EvidenceSettings
from satark_files.clean_files import CleanedFile
from satark_files.extra_packages import needing
from satark_files.scrubber import LEFT_OUT, REASONS

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def evidence() -> None:
    """Verify evidence packs for a court."""


@evidence.command()
@click.argument("pack", type=_FILE)
@click.option("--manifest", "printed", default="", metavar="SHA256", help="The hash on the signed certificate.")
@click.option("--roster", type=_FILE, help="A copy of the office's roster (roster.jsonl): is it the desk's signature?")
@click.option("--countersignature", type=_FILE, help="What another desk stated of it: when did it have this pack?")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(pack: Path, printed: str, roster: Path | None, countersignature: Path | None, *, as_json: bool) -> None:
    """Verify PACK without any key, database or network; exit with 1 if anything was altered, and name it.

    Only the hash on the signed certificate reveals a pack that was replaced as a whole: give it with --manifest, or
    compare it with the printed one. With --roster a pack is refused unless a desk of that roster signed it; so is a
    countersignature.
    """
    try:
        verdict = verify_pack(pack, printed)
        verdict = held_with(verdict, countersignature.read_bytes()) if countersignature else verdict
        verdict = held_against(verdict, read_copy(roster)) if roster else verdict
    except OSError as error:
        raise click.ClickException(f"{error.filename or pack}: {error.strerror or 'unreadable'}") from None
    click.echo(json.dumps(_as_dict(verdict)) if as_json else _as_text(verdict))
    if verdict.problems:
        raise click.exceptions.Exit(1)


@evidence.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--to", "folder", type=_FOLDER, help="Where the clean copies go; none: beside each file.")
@click.option("--report", "as_json", is_flag=True, help="One JSON object for each file, in place of a line.")
@click.pass_context
def clean(ctx: click.Context, files: tuple[Path, ...], folder: Path | None, *, as_json: bool) -> None:
    """Make clean copies of FILES, without metadata about their maker; exit with 1 if one could not be cleaned.

    The copy of photo.heic is photo.clean.jpg. Each file is cleaned as evidence is: in the sandbox, with the limits of
    the settings. Neither a tip nor a key nor a database is needed, and the files themselves stay as they are.
    """
    settings = settings_of(ctx).core.evidence
    try:
        results = asyncio.run(_cleaned(files, folder, settings, as_json=as_json))
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror or 'unreadable'}") from None
    if any(one.problem for one in results):
        raise click.exceptions.Exit(1)


async def _cleaned(
    files: tuple[Path, ...], folder: Path | None, settings: EvidenceSettings, *, as_json: bool
) -> list[CleanedFile]:
    from satark_files.clean_files import clean_files  # noqa: PLC0415 - the other commands load no cleaner

    with needing("evidence"):
        from satark_files.scrubbers import builtin_scrubbers  # noqa: PLC0415 - as above

    results = []
    weakly = settings.allow_weak_isolation
    async for one in clean_files(files, folder, settings.limits(), builtin_scrubbers(), weakly=weakly):
        click.echo(msgspec.json.encode(one).decode() if as_json else _safe_line(_result(one)))
        results.append(one)
    return results


def _result(one: CleanedFile) -> str:
    if one.problem:
        return f"{one.file}: no clean copy. {REASONS[one.problem]}"
    missing = [f"damaged: {one.readable} % of it could be read"] * (one.readable < 100)  # noqa: PLR2004 - percent
    missing += [f"without {LEFT_OUT[part]}" for part in one.left_out]
    return "; ".join([f"{one.file}: {one.copy} ({one.copy_mime}, {one.bytes} bytes)", *missing])


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
            *_signatures(verdict),
        ]
    )


def _signatures(verdict: PackReport) -> Iterator[str]:
    yield f"signed   by {_who(verdict.signer)}" if verdict.signer else "no desk signed it"
    if verdict.countersigner:
        yield f"         and at {_safe_line(verdict.countersigned)} by {_who(verdict.countersigner)}"


def _who(signer: Signer) -> str:
    return f"the desk {_safe_line(signer.desk)}, key {_safe_line(signer.verifier)}"


def _safe_line(text: str) -> str:
    """Replace characters that start a new line or control the terminal, since a forger may have chosen the names."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
