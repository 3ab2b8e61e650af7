"""`satark evidence`: verifies packs for a court, without any key, and cleans files that belong to no tip."""

import asyncio
import json
from pathlib import Path

import click
import msgspec

from satark.custody.countersignature import held_against, held_with
from satark.custody.verify_pack import as_text, printable, verify_pack
from satark.identity.signatures import is_signed
from satark.roster.roster import read_copy
from satark.runtime.command_host import settings_of
from satark.settings.core import EvidenceSettings
from satark_files.extra_packages import needing
from satark_files.scrubber import LEFT_OUT, REASONS
from satark_files.working_copies import CleanedFile

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def evidence() -> None:
    """Verify evidence packs for a court."""


@evidence.command()
@click.argument("pack", type=_FILE)
@click.option("--manifest", "printed", default="", metavar="SHA256", help="The hash on the signed certificate.")
@click.option("--key", default="", metavar="HEX", help="The public key of the desk, as its office says.")
@click.option("--roster", type=_FILE, help="A copy of the office's roster (roster.jsonl): is it the desk's signature?")
@click.option("--countersignature", type=_FILE, help="What another desk stated of it: when did it have this pack?")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(
    pack: Path, printed: str, key: str, roster: Path | None, countersignature: Path | None, *, as_json: bool
) -> None:
    """Verify PACK without a key, database or network; name what was altered (exit code 1).

    VERIFIED (0) takes the office's public key (--key) or a copy of its roster (--roster). Else the pack is NOT VERIFIED
    (3), since anybody can make and sign one. --manifest reveals a pack that was replaced as a whole.
    """
    verdict = verify_pack(pack, printed, key, is_theirs=is_signed)
    verdict = held_with(verdict, countersignature.read_bytes()) if countersignature else verdict
    verdict = held_against(verdict, read_copy(roster)) if roster else verdict
    click.echo(
        json.dumps({"good": not verdict.exit_code, **msgspec.to_builtins(verdict)}) if as_json else as_text(verdict)
    )
    raise click.exceptions.Exit(verdict.exit_code)


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
    results = asyncio.run(_cleaned(files, folder, settings, as_json=as_json))
    if any(one.problem for one in results):
        raise click.exceptions.Exit(1)


async def _cleaned(
    files: tuple[Path, ...], folder: Path | None, settings: EvidenceSettings, *, as_json: bool
) -> list[CleanedFile]:
    from satark_files.working_copies import clean_files  # noqa: PLC0415 - the other commands load no cleaner

    with needing("evidence"):
        from satark_files.builtin_scrubbers import builtin_scrubbers  # noqa: PLC0415 - as above

    results = []
    weakly = settings.allow_weak_isolation
    async for one in clean_files(files, folder, settings.limits(), builtin_scrubbers(), weakly=weakly):
        click.echo(msgspec.json.encode(one).decode() if as_json else printable(_result(one)))
        results.append(one)
    return results


def _result(one: CleanedFile) -> str:
    if one.problem:
        return f"{one.file}: no clean copy. {REASONS[one.problem]}"
    missing = [f"damaged: {one.readable} % of it could be read"] * (one.readable < 100)  # noqa: PLR2004 - percent
    missing += [f"without {LEFT_OUT[part]}" for part in one.left_out]
    return "; ".join([f"{one.file}: {one.copy} ({one.copy_mime}, {one.bytes} bytes)", *missing])
