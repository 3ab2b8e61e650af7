"""What the desk's commands share: arguments, the opened store, the unlocked desk, and errors of one sentence."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from satark.api import CantOpen, CaseworkError, CommandHost, command_host
from satark.casework import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import unlock_any
from satark_desk.passphrase_strength import WeakPassphrase
from satark_desk.provision import ExposedPassphrase, read_passphrase
from satark_desk.settings import DeskSettings
from satark_words.terminal import escape_controls

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
passphrase_option = click.option(
    "--passphrase-file", type=FILE, required=True, help="File whose first line is an officer's passphrase."
)


def at_desk(command: F) -> F:
    """Add the argument DESK and the option for the passphrase."""
    for decorator in (passphrase_option, click.argument("desk")):
        command = decorator(command)
    return command


def on_tip(command: F) -> F:
    """Add the arguments DESK and NUMBER, and the option for the passphrase."""
    for decorator in (passphrase_option, click.argument("number"), click.argument("desk")):
        command = decorator(command)
    return command


def print_json(record: dict[str, Any]) -> None:
    """Print a record as JSON on one line."""
    click.echo(escape_controls(json.dumps(record, ensure_ascii=False)))


def current_host() -> CommandHost:
    """Return the host's services for the running command."""
    return command_host(click.get_current_context())


def desk_settings() -> DeskSettings:
    """Return the settings of the desk, for the running command."""
    return current_host().settings.section("desk", DeskSettings) or DeskSettings()


@contextmanager
def open_services() -> Iterator[Services]:
    """Open the store that the settings name, and report errors as `report_errors` does."""
    with report_errors(), current_host().open_services() as services:
        yield cast("Services", services)


@contextmanager
def unlocked_desk(desk: str, passphrase_file: Path) -> Iterator[tuple[Services, UnlockedDesk]]:
    """Unlock a desk for a command; errors inside the block become one-sentence messages."""
    with open_services() as services:
        yield services, unlock_any(services, desk, read_passphrase(passphrase_file))


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn errors about tips, desks, passphrases and files into a message on standard error and exit code 1."""
    try:
        yield
    except (CaseworkError, ExposedPassphrase, WeakPassphrase) as error:
        raise click.ClickException(str(error)) from None
    except CantOpen:
        raise click.ClickException(
            "the data can't be decrypted: it was altered. Tell whoever runs the service"
        ) from None
    except UnicodeDecodeError:
        raise click.ClickException("the passphrase file is not UTF-8 text") from None
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or 'a file'}: {error.strerror or 'input or output failed'}"
        ) from None
