"""Several processes that serve at one port, and the first one, which only watches them.

uvicorn begins a process anew that ends by itself. The first process imports next to nothing: otherwise it would hold as
much memory as each of the others, for nothing.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import uvicorn

from satark.runtime.http_server import uvicorn_options


def serve_in_processes(app: str, host: str, port: int, number: int) -> NoReturn:
    """Serve with so many processes until told to stop. This process becomes the first; its open files are closed.

    Args:
        app: import path of the function that makes the application of one process: `module:function`.
        host: the address to listen at.
        port: the port to listen at.
        number: how many processes serve.
    """
    command = [sys.executable, "-m", __name__, app, host, str(port), str(number)]
    os.execv(sys.executable, command)  # noqa: S606 - our own module


def _watch(app: str, host: str, port: str, number: str) -> None:
    uvicorn.run(app, factory=True, workers=int(number), **uvicorn_options(host, int(port)))


if __name__ == "__main__":
    _watch(*sys.argv[1:])
