"""The commands `satark evidence export` and `satark evidence countersign`: evidence packs for a court."""

from pathlib import Path

import click

from satark.casework import Issuer, export_pack
from satark_desk import file_exports as exports
from satark_desk.command_context import FILE, at_desk, desk_settings, on_tip, unlocked_desk
from satark_desk.desk_commands import approved_originals
from satark_desk.desk_keys import UnlockedDesk


@click.group("evidence")
def evidence_group() -> None:
    """Evidence packs for a court."""


@evidence_group.command("export")
@on_tip
@click.argument("pack", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--originals", is_flag=True, help="Include the files as received; needs two officers.")
@click.option("--second-passphrase-file", type=FILE, help="Another officer's passphrase, for --originals.")
@click.option("--name", default="", help="Who will sign Part A; none: left blank.")
@click.option("--office", default="", help="Their office; none: the desk's title.")
@click.option("--place", default="", help="Where they will sign; none: the setting `desk.place`.")
def export(
    *,
    desk: str,
    number: str,
    pack: Path,
    passphrase_file: Path,
    originals: bool,
    second_passphrase_file: Path | None,
    name: str,
    office: str,
    place: str,
) -> None:
    """Write tip NUMBER's evidence into PACK, a ZIP file: clean copies, hash report, custody log, certificates.

    The certificates under section 63(4) of the Bharatiya Sakshya Adhiniyam, 2023 are in Hindi and in English, to be
    signed by hand. A pack never contains a tipster's own voice, only its transcript.
    """
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        casework = unlocked.casework(services)
        tip = casework.open(number)
        approval = approved_originals(services, unlocked, casework, tip, second_passphrase_file) if originals else None
        written = export_pack(pack, casework, tip, _issuer(unlocked, name, office, place), approval)
    click.echo(f"{pack}: {written.items} files, certificates in Hindi and English")
    click.echo(f"manifest {written.manifest}")
    click.echo(f"custody  {written.head}")
    for warning in exports.video_warnings(tip):
        click.echo(warning, err=True)


@evidence_group.command("countersign")
@at_desk
@click.argument("pack", type=click.Path(dir_okay=False, path_type=Path))
def countersign(*, desk: str, pack: Path, passphrase_file: Path) -> None:
    """State, in a file beside PACK, that DESK has it now: PACK is of another desk, and was not altered.

    Nobody can date the pack back then without both desks. `satark evidence verify` reads the file with
    --countersignature.
    """
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        stated = unlocked.casework(services).trail.countersign(pack)
    click.echo(f"{stated}: keep it with the pack")


def _issuer(unlocked: UnlockedDesk, name: str, office: str, place: str) -> Issuer:
    desk = desk_settings()
    return Issuer(
        name=name,
        office=office or unlocked.desk.title,
        place=place or desk.place,
        make=desk.server_make,
        color=desk.server_color,
        serial=desk.server_serial,
        device=desk.server_id,
    )
