"""The process that all cleaning children are forked from; run as `python -I -m satark.evidence.sandbox.fork_server FD`.

It has an empty environment, has every cleaner loaded, never opens a file of a tipster, and leaves the network before
its first order. For each order it forks a warden, which forks the child that cleans, waits for its answer no
longer than the order allows, ends it, and passes the answer on. A file costs two forks (about 4 ms).
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PIL import Image

from satark.evidence.sandbox import isolation
from satark.identity.core_dumps import forbid_dumps
from satark.limits import Limits
from satark.scrubber import Reason, Unclean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from satark.scrubber import Scrubber

MAX_MESSAGE = 16_384
"""Bytes of the longest answer."""
LENGTH_BYTES = 4
"""Bytes of the length that goes before the cleaners and before each order."""


class CleaningJob(msgspec.Struct, frozen=True):
    """Clean `folder/source` into `folder/target` with the cleaner of this number."""

    scrubber: int
    folder: str
    source: str
    target: str
    limits: Limits


class CleaningResult(msgspec.Struct, frozen=True):
    """The copy's MIME type, or why there is none."""

    mime: str = ""
    reason: Reason | None = None


def serve(orders: socket.socket, scrubbers: Sequence[Scrubber]) -> None:
    """Take orders until the other side closes. Each comes with a socket of its own for the answer."""
    forbid_dumps()
    isolation.leave_network()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # wardens are reaped by the kernel
    while True:
        length, passed, _, _ = socket.recv_fds(orders, LENGTH_BYTES, 1)
        if not length:
            return
        message = orders.recv(int.from_bytes(length), socket.MSG_WAITALL)
        with socket.socket(fileno=passed[0]) as reply:
            if os.fork() == 0:
                orders.close()
                _finish(watch, reply, msgspec.json.decode(message, type=CleaningJob), scrubbers)


def watch(reply: socket.socket, order: CleaningJob, scrubbers: Sequence[Scrubber]) -> None:
    """Be the warden: let a child do the work, end it in time or when nobody waits any more, pass its answer on."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    isolation.die_with_parent()
    isolation.isolate_children()
    answers, results = os.pipe()
    child = os.fork()
    if child == 0:
        reply.close()
        os.close(answers)
        _finish(work, results, order, scrubbers)
    os.close(results)
    ready, _, _ = select.select([answers, reply.fileno()], [], [], order.limits.wall_seconds)
    answer = os.read(answers, MAX_MESSAGE) if answers in ready else b""
    _end(child)
    reply.send(answer if ready else msgspec.json.encode(CleaningResult(reason="too-slow")))


def work(results: int, order: CleaningJob, scrubbers: Sequence[Scrubber]) -> None:
    """Be the child: give up what the order does not need, clean, answer."""
    isolation.die_with_parent()
    os.setsid()
    folder = Path(order.folder)
    isolation.set_limits(order.limits)
    isolation.restrict_files(_programs(scrubbers[order.scrubber]), folder)
    os.write(results, msgspec.json.encode(_clean(folder, order, scrubbers[order.scrubber])))


def _clean(folder: Path, order: CleaningJob, scrubber: Scrubber) -> CleaningResult:
    try:
        return CleaningResult(mime=scrubber.scrub(folder / order.source, folder / order.target, order.limits))
    except Unclean as unclean:
        return CleaningResult(reason=unclean.reason)
    except Exception:  # noqa: BLE001 - whatever a cleaner meets in a hostile file, the officer is told one thing
        return CleaningResult(reason="crashed")


def _programs(scrubber: Scrubber) -> list[Path]:
    """Folders and files that Python and the cleaners' programs are read from."""
    own = getattr(scrubber, "ffmpeg", "")
    system = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom", sys.prefix, sys.base_prefix)
    return [Path(path) for path in (*system, *sys.path, own) if path]


def _end(child: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue
    os.waitpid(child, 0)


def _finish(role: object, *arguments: object) -> None:
    """Run a forked process's role, and end it there whatever happens: it must never return into its parent's code."""
    try:
        if callable(role):
            role(*arguments)
    finally:
        os._exit(0)


def main() -> None:
    """Read the cleaners from the socket (they come from the process that started this one), then serve."""
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        Image.init()  # every decoder now, rather than once a picture
        length = int.from_bytes(orders.recv(LENGTH_BYTES, socket.MSG_WAITALL))
        scrubbers = pickle.loads(orders.recv(length, socket.MSG_WAITALL))  # noqa: S301 - our own parent wrote it
        serve(orders, scrubbers)


if __name__ == "__main__":
    main()
