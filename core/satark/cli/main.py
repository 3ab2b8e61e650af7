"""The command `satark`: its groups and its error messages, which tell the error and what to do, without a traceback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from satark import __version__
from satark.cli.command_table import SAYS, CommandTable
from satark.cli.terminal import safe_output
from satark_files import atomic_files
from satark_files.sandbox.core_dumps import forbid_dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Failure(click.ClickException):
    """A failure that is printed as sentences, without a traceback."""

    def show(self, file: Any = None) -> None:
        click.echo(self.format_message(), err=True)


class _WrongConfiguration(_Failure):
    exit_code = 78  # sysexits.h, EX_CONFIG


class _Satark(click.Group):
    """The group of all commands: the core's, and those of the plugins that the settings name."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if isinstance(own, click.Group):
            return _SharedGroup(own)
        return own or _plugins_group(ctx).get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_of_plugins(ctx)})

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        says = {**_of_plugins(ctx), **SAYS}
        room = formatter.width - 6 - max(map(len, says))
        rows = [(name, click.Command(name, help=says[name]).get_short_help_str(room)) for name in sorted(says)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the program. Control characters in its output are escaped."""
        with safe_output():
            return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and turn expected errors into messages."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            failure = _failure_of(error)
            if failure is None:
                raise
            raise failure from error


def _failure_of(error: Exception) -> _Failure | None:
    """Return the message for an expected failure; None for any other."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - where nothing fails nothing of it is needed

    from satark.api.settings import SettingsError  # noqa: PLC0415
    from satark.plugins.loader import PluginError  # noqa: PLC0415
    from satark_files.extra_packages import MissingPackage  # noqa: PLC0415

    if isinstance(error, SettingsError):
        return _WrongConfiguration(f"{error}\n`satark check` shows the whole configuration.")
    if isinstance(error, PluginError | MissingPackage):
        return _Failure(str(error))
    if isinstance(error, DBAPIError):
        return _Failure(_of_database(error.orig))
    if isinstance(error, OSError):
        return _Failure(f"{error.filename or 'a file'} can't be used: {error.strerror or type(error).__name__}")
    return None


def _of_database(error: BaseException | None) -> str:
    """Return a sentence for a database error, by SQLite's primary result code (sqlite.org/rescode.html)."""
    import sqlite3  # noqa: PLC0415 - where nothing fails it is not needed

    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return "a database's file is damaged, or no database: restore a backup into an empty one (`satark restore`)"
        case sqlite3.SQLITE_FULL:
            return "the disk of a database is full: make room"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return "a database's file can't be written: look at its owner and its disk"
        case _:
            return f"the database does not answer ({type(error).__name__}): check that it is running and upgraded"


class _SharedGroup(click.Group):
    """A group of the core to which plugins add commands through a group of the same name."""

    def __init__(self, own: click.Group) -> None:
        super().__init__(own.name, own.commands, help=own.help)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        shared = None if found else _plugins_group(ctx).get_command(ctx, self.name or "")
        return shared.get_command(ctx, cmd_name) if isinstance(shared, click.Group) else found

    def list_commands(self, ctx: click.Context) -> list[str]:
        from satark.api.settings import SettingsError  # noqa: PLC0415
        from satark.plugins.loader import PluginError  # noqa: PLC0415 - only a group's own help needs them

        try:
            shared = _plugins_group(ctx).get_command(ctx, self.name or "")
        except (SettingsError, PluginError):
            return super().list_commands(ctx)
        more = shared.list_commands(ctx) if isinstance(shared, click.Group) else []
        return sorted({*super().list_commands(ctx), *more})


def _of_plugins(ctx: click.Context) -> Mapping[str, str]:
    """Return the plugins' commands with their help; none if the plugins can't be loaded."""

    def read() -> Mapping[str, str]:
        return {name: one.help or "" for name, one in _plugins_group(ctx).commands.items()}

    try:
        return remembered(read)
    except Exception as error:
        if _failure_of(error) is None:
            raise
        return {}


def _plugins_group(ctx: click.Context) -> click.Group:
    """Load the plugins' commands, once per invocation."""
    from satark.api.services import COMMAND_HOST  # noqa: PLC0415 - most commands are the core's
    from satark.runtime.command_host import CommandHost, plugins_of  # noqa: PLC0415

    if __name__ not in ctx.meta:
        ctx.meta[COMMAND_HOST] = CommandHost(ctx)
        ctx.meta[__name__] = click.Group()
        plugins_of(ctx).commands(ctx.meta[__name__])
    group: click.Group = ctx.meta[__name__]
    return group


@click.group(
    cls=_Satark,
    commands=CommandTable(SAYS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(version)s")
def cli() -> None:
    """Satark takes crime tips from citizens and delivers them, sealed, to the right officers.

    Settings come from satark.toml (path in SATARK_CONFIG) and from SATARK_… environment variables; `satark check`
    reports what is wrong with them.
    """


def main() -> None:
    """Run the command; the entry point of the program."""
    forbid_dumps()
    cli(prog_name="satark")


def remembered(read: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    """Return the cached commands with their help. If there is no cache, call `read` and cache its result."""
    file = _folder() / f"commands-{_state()}.json"
    with suppress(OSError, ValueError):
        found: dict[str, str] = json.loads(file.read_text())
        return found
    fresh = dict(read())
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_files.replace(file, [json.dumps(fresh).encode()])
    return fresh


def _folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "satark"


def _state() -> str:
    """Return a hash of everything that decides which commands plugins have, and their help."""
    config = Path(os.environ.get("SATARK_CONFIG") or "satark.toml")
    parts = [__version__, sys.prefix, os.environ.get("SATARK_PLUGINS", "")]
    with suppress(OSError):
        parts.append(config.read_text())
    for folder in map(Path, filter(None, sys.path)):
        with suppress(OSError):
            newest = max((file.stat().st_mtime_ns for file in folder.glob("satark_*/*.py")), default=0)
            parts.append(f"{folder} {folder.stat().st_mtime_ns} {newest}")
    return sha256("\0".join(parts).encode()).hexdigest()[:16]
