"""`satark backup`, `satark restore` and `satark verify`: make, restore and check a consistent copy of the
installation."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final

import click

from satark.api.background import run_in_thread
from satark.api.sealing import CantOpen, check_recipient, keys_of
from satark.api.settings import SettingProblem, SettingsError
from satark.backup.chunked_files import Busy
from satark.backup.create import Made, make_backup
from satark.backup.folder import BackupFolder, BackupKey
from satark.backup.restore import (
    CantRestore,
    Restored,
    find_damage,
    restore_backup,
    run_drill,
)
from satark.backup.sealed_stream import Damaged
from satark.cli import counted
from satark.roster.entries import PROBE_DESK
from satark.runtime.command_host import open_services, plugins_of, settings_of
from satark.runtime.machine_faults import note_backup, note_drill
from satark.runtime.synthetic_tip import ProbeFailed, synthetic_tip
from satark.settings.settings import Settings
from satark.store.unit_of_work import SnapshotBusy
from satark.store.writer import StoreDown
from satark_files.file_store import StorageDown

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TIP_SECONDS: Final = 60.0
_KEYS_HELP = "Folder of the backups of the key store, where they are kept apart from the others."
_UNDONE = (
    "! keys were changed after this backup, and nobody has the new ones: the backup's roster counts. The newer copies "
    "are named roster.jsonl.newer and renewals.jsonl.newer; on every other machine put both aside, too. Do again:"
)
_IDENTITY_HELP = "The operator's private key: the file that `age-keygen` or `satark destination keygen` wrote."


@click.command()
@click.argument("to")
@click.option("--recipient", "recipients", multiple=True, help="Instead of the setting backup_recipients.")
@click.option("--keep", default=14, show_default=True, type=click.IntRange(1), help="How many backups stay.")
@click.option("--keys-folder", default="", help=_KEYS_HELP)
@click.option("--drill", type=_FILE, help="Then restore it beside the databases; passphrase of the desk `probe`.")
@click.pass_context
def backup(
    ctx: click.Context, *, to: str, recipients: tuple[str, ...], keep: int, keys_folder: str, drill: Path | None
) -> None:
    """Write one consistent backup into the folder TO, while Satark runs, and remove old ones.

    TO is a folder, or s3://bucket/folder with its address and keys in AWS_… variables; it gets only what it lacks.
    Databases and spool are encrypted to the operator's age recipients; sealed files are encrypted to their tips, and
    copied once. The edge key, the name key and the link key are not in it: keep copies of them apart. Drafts and reply
    addresses are in no backup.

    --drill FILE also sends a synthetic tip first. Afterwards the backup is restored beside the databases, with the key
    that this process still knows, the desk `probe` opens the tip there with the passphrase in FILE, and stores and
    audit log are verified. A failure is a fault until a drill passes.
    """
    settings = settings_of(ctx)
    recipients = recipients or settings.core.backup_recipients
    if not recipients:
        hint = "make a key pair elsewhere: age-keygen -o operator.key; its recipient (age1…) belongs here"
        raise SettingsError([SettingProblem.of("backup_recipients", "is missing", hint)])
    with _failures():
        for recipient in recipients:
            check_recipient(recipient)
    folder, problems, number = _folder(ctx, to, keys_folder), [], ""
    with open_services(ctx) as services, _failures():

        def back_up() -> Made:
            made = make_backup(settings, services, plugins_of(ctx), folder, recipients=recipients, keep=keep)
            note_backup(settings.core.data_dir)
            return made

        async def back_up_with_tip() -> tuple[Made, str]:
            async with synthetic_tip(settings, plugins_of(ctx), services, _TIP_SECONDS) as probed:
                return await run_in_thread(back_up), probed.number

        try:
            made, number = asyncio.run(back_up_with_tip()) if drill else (back_up(), "")
        except (ProbeFailed, StoreDown) as error:
            made, problems = back_up(), [f"the synthetic tip was lost: {error}"]
    click.echo(_made(made))
    if drill:
        opens = partial(_opened, ctx, number, drill)
        _drill(ctx, folder, made.name, made.key, problems=problems, opens=opens if number else lambda _: ())


@click.command()
@click.argument("source", metavar="FROM")
@click.option("--identity-file", required=True, type=_FILE, help=_IDENTITY_HELP)
@click.option("--name", default="", help="Name of a backup; the newest if it is not given.")
@click.option("--keys-folder", default="", help=_KEYS_HELP)
@click.pass_context
def restore(ctx: click.Context, source: str, identity_file: Path, name: str, keys_folder: str) -> None:
    """Restore a backup from the folder FROM into the empty databases that the settings name.

    Put the edge key and the name key in their places before. Unfinished tips and reply addresses are not restored, and
    tips that were erased since are erased again.
    """
    _check_name_key(settings_of(ctx))
    folder = _folder(ctx, source, keys_folder)
    with _failures():
        chosen = _chosen(folder, name)
        key = folder.key(chosen, _private_key(identity_file))
        _report(restore_backup(settings_of(ctx), plugins_of(ctx), folder, chosen, key))


@click.command()
@click.argument("source", metavar="FROM")
@click.option("--identity-file", type=_FILE, help=f"{_IDENTITY_HELP} With it the backup is restored, as a drill.")
@click.option("--name", default="", help="Name of a backup; the newest if it is not given.")
@click.option("--keys-folder", default="", help=_KEYS_HELP)
@click.pass_context
def verify(ctx: click.Context, source: str, identity_file: Path | None, name: str, keys_folder: str) -> None:
    """Verify a backup in the folder FROM; exit with 1 if anything is missing or altered, and name it.

    Without a private key it compares sizes and hashes. With --identity-file it restores the backup into a temporary
    folder, with this machine's key files, and compares the stores with each other: a drill.
    """
    with _failures():
        folder = _folder(ctx, source, keys_folder)
        chosen = _chosen(folder, name)
        damage = find_damage(folder, chosen)
        for one in damage:
            click.echo(one)
        if identity_file is not None:
            _drill(ctx, folder, chosen, folder.key(chosen, _private_key(identity_file)), problems=damage)
        elif damage:
            raise click.exceptions.Exit(1)
    unknown = "has all its parts; whether somebody wrote another in its place, only --identity-file can tell"
    click.echo(f"backup {chosen} {'is as it was written' if identity_file else unknown}")


def _drill(
    ctx: click.Context,
    folder: BackupFolder,
    name: str,
    key: BackupKey,
    *,
    problems: Sequence[str],
    opens: Callable[[Settings], Iterable[str]] = lambda _: (),
) -> None:
    """Run a drill, report it, and note its result. `problems`: those that were found before."""
    found = [*problems]
    try:
        with _failures():
            drill = run_drill(settings_of(ctx), plugins_of(ctx), folder, name, key, opens=opens)
        found += drill.problems
    except click.ClickException as error:
        found.append(error.message)
        raise
    finally:
        note_drill(settings_of(ctx).core.data_dir, found)
    _report(drill, problems)


def _opened(ctx: click.Context, number: str, passphrase_file: Path, restored: Settings) -> Iterator[str]:
    """Open the synthetic tip in the restored installation, with the command of its desk's officers."""
    root = ctx.find_root().command
    command = ["desk", "tips", PROBE_DESK, "--json", "--passphrase-file", str(passphrase_file)]
    with redirect_stdout(StringIO()) as out, root.make_context("satark", command) as own:
        own.meta.update({"satark.settings.settings": restored, "satark.plugins": plugins_of(ctx)})
        try:
            root.invoke(own)
        except click.ClickException as error:
            yield f"the desk {PROBE_DESK} can't open its tips: {error.message}"
            return
    if number not in {json.loads(line)["number"] for line in out.getvalue().splitlines()}:
        yield f"the desk {PROBE_DESK} has no synthetic tip"


def _report(restored: Restored, problems: Sequence[str] = ()) -> None:
    click.echo(
        f"restored: {counted(restored.tips, 'tip')}, {counted(restored.files, 'sealed file')}, "
        f"{restored.spooled} of the spool"
    )
    if restored.lost_files:
        click.echo(f"{counted(restored.lost_files, 'file')} were still being fetched at the backup: they are lost")
    if restored.undone:
        click.echo(f"{_UNDONE}\n" + "\n".join(f"  {one}" for one in restored.undone))
    for problem in (*problems, *restored.problems):
        click.echo(f"✗ {problem}")
    if problems or restored.problems:
        raise click.exceptions.Exit(1)
    click.echo("✓ nothing is missing")


def _made(made: Made) -> str:
    counts = f"{counted(made.tips, 'tip')}, {counted(made.files, 'file')}, {made.spooled} of the spool"
    lines = [f"backup {made.name}: {counts}; {made.copied} sealed copies were new, {made.copied_bytes:,} bytes"]
    if made.fetching:
        lines.append(f"{counted(made.fetching, 'file')} are still being fetched and are not in it")
    if made.removed:
        lines.append(f"{counted(made.removed, 'older backup')} removed")
    return "\n".join(
        [*lines, "not in it, keep copies apart: edge key, name key, link key, roster.jsonl, renewals.jsonl"]
    )


def _check_name_key(settings: Settings) -> None:
    """Refuse to continue without the name key: a new one would be created, under which no stored name is found."""
    if not settings.name_key_file.exists():
        hint = "copy it there from where you keep it: without it no desk finds its tips"
        message = f"{settings.name_key_file} is missing"
        raise SettingsError([SettingProblem.of("name_key_file", message, hint)])


def _folder(ctx: click.Context, address: str, keys_address: str) -> BackupFolder:
    try:
        return BackupFolder(address, settings_of(ctx).core.data_dir, keys_address)
    except (StorageDown, ValueError) as error:
        raise click.ClickException(f"{address}: {error}") from None


def _chosen(folder: BackupFolder, name: str) -> str:
    names = folder.names()
    if not names or (name and name not in names):
        there = f"there are: {', '.join(names)}" if names else "there is none"
        raise click.ClickException(f"no backup {name or 'at all'} in {folder.address}; {there}")
    return name or names[-1]


def _private_key(file: Path) -> str:
    """Read a private key: its lines without comments, as age writes them."""
    lines = [line.strip() for line in file.read_text("ascii", "replace").splitlines()]
    key = "\n".join(line for line in lines if line and not line.startswith("#"))
    keys_of(key)
    return key


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (Busy, CantOpen, CantRestore, Damaged, SnapshotBusy, StorageDown) as error:
        raise click.ClickException(str(error)) from None
