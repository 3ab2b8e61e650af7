"""What the desk's commands begin with: the opened store, and error messages of one sentence, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import click

from satark.api import CantOpen, CaseworkError, command_host
from satark_desk.passphrase_strength import WeakPassphrase
from satark_desk.provision import ExposedPassphrase

if TYPE_CHECKING:
    from satark.casework import Services


@contextmanager
def open_services(ctx: click.Context) -> Iterator[Services]:
    """Open the store that the settings name, and report errors as `report_errors` does."""
    with report_errors(), command_host(ctx).open_services() as services:
        yield cast("Services", services)


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
