"""Several processes that serve at one port, and the first one, which only watches them.

uvicorn begins a process anew that ends by itself. The first process imports next to nothing: otherwise it would hold as
much memory as each of the others, for nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

import uvicorn
from uvicorn.importer import import_from_string

from satark.runtime.http_server import uvicorn_options
from satark_files.sandbox.isolation import die_with_parent

if TYPE_CHECKING:
    from starlette.applications import Starlette

_APP: Final = "SATARK_SERVE_APP"
"""Environment variable: what makes the application."""


def serve_in_processes(app: str, host: str, port: int, number: int) -> NoReturn:
    """Serve with so many processes until told to stop. This process becomes the first; its open files are closed.

    Args:
        app: import path of the function that makes the application of one process: `module:function`.
        host: the address to listen at.
        port: the port to listen at.
        number: how many processes serve.
    """
    command = [sys.executable, "-m", __name__, host, str(port), str(number)]
    os.execve(sys.executable, command, os.environ | {_APP: app})  # noqa: S606 - our own module


def make_app() -> Starlette:
    """Make the application of one of the processes, which ends with the first of them, killed or not."""
    die_with_parent()
    first = multiprocessing.parent_process()
    if first is not None and not first.is_alive():  # it ended before the kernel was asked
        raise SystemExit(1)
    application: Starlette = import_from_string(os.environ[_APP])()
    return application


def _watch(host: str, port: str, number: str) -> None:
    options = uvicorn_options(host, int(port))
    uvicorn.run("satark.runtime.processes:make_app", factory=True, workers=int(number), **options)


if __name__ == "__main__":
    _watch(*sys.argv[1:])
