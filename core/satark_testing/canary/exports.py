"""What officers take out of an installation: lists, files, and packs for a court."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click
from click.testing import CliRunner

from satark.casework.pack_export import export_pack
from satark.custody.manifest import Issuer
from satark_testing.identifier_search import files_below
from satark_testing.installation import DESKS, Installation

_PACKS_OF: Final = DESKS[0][0]
"""The desk that makes a pack: typesetting the certificates of one takes a second."""
_ISSUER = Issuer(name="A. Officer", office="Office", place="Place", make="", color="", serial="", device="")


def exports(installation: Installation, folder: Path) -> dict[str, bytes]:
    """Have every desk export its tips as JSON, as clean copies and as packs for a court; read all of it.

    Officers may read a tip, so these places hold its words and pictures, but nothing of its sender.

    Raises:
        AssertionError: an export failed.
    """
    found = {}
    for desk, _ in DESKS:
        passphrase = str(installation.passphrase_file(desk))
        listing = installation.service.run("desk", "tips", desk, "--json", "--passphrase-file", passphrase)
        found[f"export: tips of {desk}"] = listing.output.encode()
        runner = CliRunner(env=installation.service.environment)
        done = runner.invoke(_write_all, [desk, passphrase, str(folder / desk)])
        if done.exit_code:
            raise AssertionError(f"the exports of {desk} failed: {done.output}{done.exception!r}")
        found[f"export: output of {desk}"] = done.output.encode()
    return found | files_below(folder)


@click.command()
@click.argument("desk")
@click.argument("passphrase", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def _write_all(ctx: click.Context, desk: str, passphrase: Path, folder: Path) -> None:
    """Write the files of each tip of DESK into FOLDER; of one tip of one desk a pack."""
    # What `satark desk evidence` and `satark evidence export` do, without deriving a key for each tip.
    commands: Any = import_module("satark_desk.commands")
    files: Any = import_module("satark_desk.exports")
    with commands.unlocked_desk(ctx, desk, passphrase) as (services, unlocked):
        casework = unlocked.casework(services)
        tips = [casework.open(summary.header.number) for summary in casework.summaries()]
        for tip in tips:
            target = folder / tip.tip.number
            target.mkdir(parents=True)
            for file in files.export(casework, tip, target / "files"):
                click.echo(file)
        for tip in [one for one in tips if one.evidence and desk == _PACKS_OF][:1]:
            click.echo(export_pack(folder / tip.tip.number / "pack.zip", casework, tip, _ISSUER).items)
