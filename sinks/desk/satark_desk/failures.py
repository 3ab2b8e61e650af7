"""What a command says when it can't do what was asked: one sentence, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from satark.desk import CaseworkError
from satark.sealing import CantOpen
from satark_desk.keys import WeakPassphrase


@contextmanager
def explained() -> Iterator[None]:
    """Turn what can go wrong with tips, desks, passphrases and files into a message on standard error, exit code 1."""
    try:
        yield
    except (CaseworkError, WeakPassphrase) as error:
        raise click.ClickException(str(error)) from None
    except CantOpen:
        raise click.ClickException("it does not open: somebody altered it; tell whoever runs the service") from None
    except UnicodeDecodeError:
        raise click.ClickException("the passphrase file is not text") from None
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or 'a file'}: {error.strerror or 'input or output failed'}"
        ) from None
