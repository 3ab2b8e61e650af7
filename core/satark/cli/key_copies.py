"""Copies of the keys that no backup holds: `satark keys compare` reads one, `satark check` asks for it once a year."""

import time
from collections.abc import Iterator
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final

import click
import msgspec

from satark.identity.edge_key import load_edge_key
from satark.runtime import compose
from satark.runtime.command_host import settings_of
from satark.settings.settings import Settings
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

_YEAR: Final = 366 * 86_400
_LOSS: Final = {
    "edge key": "without one, its loss makes every receipt worthless, and no backup can be restored",
    "name key": "without one, its loss leaves all tips without a desk that finds them",
}
Compared = dict[str, tuple[str, int]]
"""Key → the start of its hash, and when a copy of it was compared, in Unix seconds."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def compare(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """Compare copies of the edge key and the name key, each in a FILE on its medium, with the keys in use.

    Both are in no backup. Do it once a year, and after a change: `satark check` warns where it was not done.
    """
    settings = settings_of(ctx)
    used, compared = _in_use(settings), _read(settings)
    for file in files:
        content = file.read_bytes()
        name = next((name for name, key in used.items() if compare_digest(key, content)), "")
        if not name:
            raise click.ClickException(f"{file} is neither the edge key nor the name key in use: make a new copy")
        compared[name] = _mark(content), int(time.time())
        atomic_files.replace(_record(settings), [msgspec.json.encode(compared)])
        click.echo(f"{file} is a copy of the {name}; its hash begins with {_mark(content)}")


def find_missing_copies(settings: Settings) -> Iterator[str]:
    """Yield a warning for each of the two keys if nobody has compared a copy of it within a year."""
    compared = _read(settings)
    for name, key in _in_use(settings).items():
        mark, at = compared.get(name, ("", 0))
        if mark != _mark(key) or at + _YEAR < time.time():
            yield f"no copy of the {name} was compared within a year: {_LOSS[name]}; run: satark keys compare FILE"


def _in_use(settings: Settings) -> dict[str, bytes]:
    keys = {"name key": load_edge_key(settings.name_key_file, create=False, what="name key")}
    return keys | ({"edge key": compose.read_own_edge_key(settings)} if compose.has_edge_key(settings) else {})


def _record(settings: Settings) -> Path:
    return settings.core.data_dir / "key_copies.json"


def _read(settings: Settings) -> Compared:
    try:
        return msgspec.json.decode(_record(settings).read_bytes(), type=Compared)
    except (OSError, *DECODING_ERRORS):
        return {}


def _mark(key: bytes) -> str:
    return sha256(key).hexdigest()[:8]
