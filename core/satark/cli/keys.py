"""`satark keys` changes the keys that are stored in files; `satark destination` makes those of destinations.

While no process runs, one transaction seals everything under a new edge key. Drafts, replies under way and reply
addresses stay, receipts stay valid, and no event is ingested twice. Nobody can use the old key to open values that are
sealed from then on, or to try phone numbers against them.
"""

import os
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Engine, text, update

from satark.api.sealing import new_identity, recipient_of
from satark.cli.key_copies import compare
from satark.identity.edge_key import Identity
from satark.ingest.spool import quarantined, waiting
from satark.roster.entries import desk_verifier
from satark.runtime import compose
from satark.runtime.command_host import open_services, settings_of
from satark.services import Services
from satark.store import canaries, tables
from satark.store.epochs import Epochs, joining_code, start_anew
from satark.store.resealing import reseal_some
from satark.store.unit_of_work import UnitOfWork
from satark_files import atomic_files

_AT_ONCE: Final = 500
_HAS_KEYS: Final = "This machine has the keys."
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
    "AND pid NOT IN (SELECT pg_backend_pid())"
)


@click.group()
def keys() -> None:
    """Change keys that are files, and compare their copies."""


keys.add_command(compare)


@keys.command("rotate-edge")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def rotate_edge(ctx: click.Context, file: Path) -> None:
    """Make a new edge key in FILE, and seal under it what was sealed under the present one; stop all processes before.

    Drafts, replies under way, reply addresses and receipts stay good. Whoever has the present key opens nothing that is
    sealed from then on. Put FILE in the place of the present key on every machine, then start. Keep the present key as
    long as earlier backups: only with it can they be restored.
    """
    settings = settings_of(ctx)
    with open_services(ctx) as services:
        identity = compose.load_identity(settings)
        compose.check_canaries(identity, services)
        compose.join_epochs(Epochs(identity, services.main, services.keys, services.roster), services)
        try:
            count = change_edge_key(services, identity, settings.spool_dir, file)
        except CantChange as problem:
            raise click.ClickException(f"the edge key was not changed: {problem}") from None
        except FileExistsError:
            raise click.ClickException(f"{file} exists: give a new name") from None
    click.echo(
        f"{count} values are sealed under the key in {file}. Put it in the place of the old one on every machine."
    )


@keys.command()
@click.argument("code", default="")
@click.pass_context
def admit(ctx: click.Context, code: str) -> None:
    """Give the epoch keys to another machine, which has shown you CODE; without CODE, show this machine's.

    A machine that is new, was off, or was away for more than an hour has none of the keys and waits. Run this on it,
    and bring the code to a machine that has them. Both then know that they deal with each other, whatever the database
    says; a new machine also learns which roster is the real one. Restarted processes need none of this.
    """
    with open_services(ctx) as services:
        identity = compose.load_identity(settings_of(ctx))
        compose.check_canaries(identity, services)
        epochs = Epochs(identity, services.main, services.keys, services.roster)
        if code and not epochs.admit(code):
            raise click.ClickException("no machine asks with this code, or this machine lacks the keys itself")
        has_keys = epochs.agree()
    click.echo("The machine gets the keys." if code else _HAS_KEYS if has_keys else joining_code(identity.epochs))


class CantChange(Exception):  # noqa: N818 - it reads as what it says
    """The edge key can't be changed now; the message says why, and what to do."""


def change_edge_key(services: Services, identity: Identity, spool_dir: Path, file: Path) -> int:
    """Make a new edge key in `file`, and seal under it everything that is sealed under the present key.

    The file is on the disk before anything is sealed with its key. A crash before the end changes nothing: remove the
    file then.

    Returns:
        The number of values that were sealed anew.

    Raises:
        CantChange: a process still runs, or messages wait in the spool.
        OSError: the file exists, or can't be written.
    """
    if waiting(spool_dir) or quarantined(spool_dir):
        raise CantChange("messages wait in the spool, sealed under the present key: start `satark serve` until none do")
    if others := _other_users(services.main):
        raise CantChange(f"{others} other connections use the database: stop all processes of Satark first")
    key, changed = identity.changed()
    with atomic_files.flushed(file) as out:
        out.write(key)
    atomic_files.flush_folder(file.parent)
    former = identity.epochs.turn()
    count = services.write_now(lambda unit: _seal_anew(unit, changed, former))
    identity.epochs.destroy(former)
    return count


def _seal_anew(unit: UnitOfWork, changed: Identity, epochs: list[bytes]) -> int:
    total = 0
    while some := reseal_some(unit, changed, epochs, _AT_ONCE):
        total += some
    start_anew(unit, changed.epochs, [changed.epochs.current().id])  # other machines get it once they have the new key
    row = tables.key_canary.c.name == canaries.EDGE
    unit.main.execute(update(tables.key_canary).where(row).values(value=changed.canary))
    return total


def _other_users(engine: Engine) -> int:
    if engine.dialect.name != "sqlite":
        with engine.connect() as connection:
            return int(connection.execute(_OTHERS).scalar_one())
    return _holders(Path(str(engine.url.database)).resolve())


def _holders(file: Path) -> int:
    """Count the other processes of this machine that have a file open, as far as this process can see them."""
    own = str(os.getpid())
    return sum(_holds(process, file) for process in Path("/proc").glob("[0-9]*") if process.name != own)


def _holds(process: Path, file: Path) -> bool:
    try:
        return any(os.path.realpath(link) == str(file) for link in (process / "fd").iterdir())
    except OSError:  # it ended, or is another user's
        return False


@click.group()
def destination() -> None:
    """Make the keys of destinations beyond the desks."""


@destination.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def keygen(file: Path) -> None:
    """Make a key pair for a destination that reads tips.

    Writes the private key to FILE (mode 0600) and prints the public keys, first the `recipient`.

    FILE belongs only on the machine that runs the sink. If FILE exists, the new key is put first and the old ones stay,
    so that tips sealed to them can still be opened. To change a key, run this again and then change `recipient`.
    """
    _recipient, identity = new_identity()
    try:
        older = file.read_text() if file.exists() else ""
        atomic_files.replace(file, [f"{identity}\n{older}".encode()])
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} can't be written ({type(error).__name__})") from None
    click.echo(recipient_of(identity))
    click.echo(f"verifier: {desk_verifier(identity)}", err=True)
