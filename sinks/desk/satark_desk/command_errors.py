"""Error messages of the desk's commands: one sentence, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from satark.api import CantOpen, CaseworkError
from satark_desk.passphrase_strength import WeakPassphrase
from satark_desk.provision import ExposedPassphrase


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
