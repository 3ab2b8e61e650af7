"""A scrubber that attacks its sandbox like one that a hostile file took over, to prove that the sandbox holds.

The processes of the sandbox have no path but that of the installed packages: a scrubber adds the folder of the tests to
it when it is unpickled there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from satark_files.limits import Limits
    from satark_files.sandbox.sandbox import Sandbox

_UNPICKLE = (
    f"__import__('sys').path.append({str(Path(__file__).parents[2])!r})"
    f" or getattr(__import__({__name__!r}, fromlist=['x']), 'HostileScrubber')()"
)
_GET_DUMPABLE = 3
_NEW_USER = 0x10000000
_MOST = 20_000
_CLONE = {"x86_64": 56, "aarch64": 220}


class HostileScrubber:
    """Runs the attack that the file's text names, writes the result into the copy, and returns `text/plain`."""

    mimes = frozenset({"text/plain"})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a call that first makes this module importable."""
        return eval, (_UNPICKLE,)

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Run the attack; see the functions of this module."""
        attack, _, argument = source.read_text().strip().partition(" ")
        answer = _ATTACKS[attack](target, argument)
        if answer is not None:
            target.write_text(answer)
        return "text/html" if attack == "lie" else "text/plain"


def _copy(_: Path, argument: str) -> str:
    return argument


def _crash(_: Path, __: str) -> None:
    os.abort()


def _raise(_: Path, argument: str) -> None:
    raise RuntimeError(argument)


def _hang(_: Path, __: str) -> None:
    time.sleep(600)


def _starve(_: Path, argument: str) -> str:
    """Sleep if the process has idle priority, as on a machine whose processors are always busy."""
    if os.sched_getscheduler(0) == os.SCHED_IDLE:
        time.sleep(600)
    return argument


def _spin(_: Path, __: str) -> None:
    while True:
        pass


def _swallow_memory(_: Path, __: str) -> str:
    try:
        return str(len(bytearray(4_000_000_000)))
    except MemoryError:
        return "refused"


def _fill_disk(target: Path, _: str) -> str:
    size = 0
    with contextlib.suppress(OSError), target.open("wb") as file:
        while True:
            size += file.write(bytes(1_000_000))
    return str(size)


def _write_much(target: Path, argument: str) -> None:
    """Write files of so many bytes until the system refuses. Answer with their number, and their bytes in all."""
    files = size = 0
    target.write_text(" " * 100)  # there will be no room for an answer
    with contextlib.suppress(OSError):
        while files < _MOST:
            with Path(f"{target}-{files}").open("wb") as file:
                files += 1
                size += file.write(bytes(int(argument)))
                file.flush()
    with target.open("r+") as answer:
        answer.write(f"{files} {size}")


def _change_source(target: Path, _: str) -> str:
    try:
        with (target.parent / "original").open("ab") as original:
            original.write(bytes(1_000_000))
    except OSError:
        return "refused"
    return "changed"


def namespaces() -> list[str]:
    """Return those namespaces of this process that no process of the sandbox shares with others."""
    return [str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("user", "net", "ipc", "mnt", "pid")]


def _stay_in_namespaces(_: Path, __: str) -> str:
    """Return the seconds of the system's clock between which the process was in its namespaces, and these."""
    began, found = time.monotonic(), namespaces()
    time.sleep(0.2)
    return " ".join([str(began), str(time.monotonic()), *found])


def _environment(_: Path, __: str) -> str:
    return repr(dict(os.environ))


def _read(_: Path, argument: str) -> str:
    try:
        return Path(argument).read_text()
    except OSError:
        return "refused"


def _write(_: Path, argument: str) -> str:
    try:
        Path(argument).write_text("written")
    except OSError:
        return "refused"
    return "written"


def _connect(_: Path, argument: str) -> str:
    try:
        socket.create_connection(("127.0.0.1", int(argument)), timeout=2).close()
    except OSError:
        return "refused"
    return "connected"


def _socket(_: Path, __: str) -> str:
    """Return the error number of creating a UDP socket, which needs no network; 0: it succeeded."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError as error:
        return str(error.errno)
    return "0"


def _call(_: Path, argument: str) -> str:
    """Make a system call by its number, with null arguments. Return the error number."""
    libc = ctypes.CDLL(None, use_errno=True)
    return str(ctypes.get_errno() if libc.syscall(int(argument), 0, 0, 0, 0, 0, 0) < 0 else 0)


def _new_namespace(_: Path, __: str) -> str:
    """Fork into a namespace of its own (clone(2)). Return the error number."""
    libc = ctypes.CDLL(None, use_errno=True)
    flags = _NEW_USER | signal.SIGCHLD
    made = libc.syscall(_CLONE[os.uname().machine], flags, 0, 0, 0, 0)
    if made == 0:
        os._exit(0)
    return str(ctypes.get_errno() if made < 0 else 0)


def _kill(_: Path, argument: str) -> str:
    try:
        os.kill(int(argument), 0)  # only checks whether it could
    except OSError:
        return "refused"
    return "reached"


def _dump(_: Path, __: str) -> str:
    """Return the maximum size of a core dump, and whether the kernel may dump the process at all (prctl(2))."""
    return f"{resource.getrlimit(resource.RLIMIT_CORE)[0]} {ctypes.CDLL(None).prctl(_GET_DUMPABLE, 0, 0, 0, 0)}"


def _priority(_: Path, __: str) -> str:
    """Return the niceness of the process, its scheduling policy (sched(7)), and its session."""
    return f"{os.getpriority(os.PRIO_PROCESS, 0)} {os.sched_getscheduler(0)} {os.getsid(0)}"


def _leave_behind(target: Path, _: str) -> None:
    subprocess.Popen(["/bin/sh", "-c", f"sleep 3; echo alive > {target}"], start_new_session=True)
    time.sleep(600)


def _link(target: Path, argument: str) -> None:
    target.symlink_to(argument)


def _nothing(_: Path, __: str) -> None:
    return None


def _lie(_: Path, __: str) -> str:
    return "<script>"


_ATTACKS: dict[str, Callable[[Path, str], str | None]] = {
    "copy": _copy, "crash": _crash, "raise": _raise, "hang": _hang, "spin": _spin, "memory": _swallow_memory,
    "disk": _fill_disk, "environment": _environment, "read": _read, "write": _write, "connect": _connect,
    "socket": _socket, "call": _call, "new-namespace": _new_namespace,
    "kill": _kill, "leave": _leave_behind, "link": _link, "nothing": _nothing, "lie": _lie, "dump": _dump,
    "priority": _priority, "starve": _starve, "write-much": _write_much, "change": _change_source,
    "namespaces": _stay_in_namespaces,
}  # fmt: skip


async def attack(sandbox: Sandbox, folder: Path, text: str, limits: Limits) -> str:
    """Have a sandbox clean a file that names an attack; return what the attack wrote."""
    source, target = folder / "original", folder / "clean"
    source.write_text(text)
    assert await sandbox.scrub("text/plain", source, target, limits) == "text/plain"
    return target.read_text()
