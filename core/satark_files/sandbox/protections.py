"""Finds out which protections of the sandbox hold on this machine, by trying them.

`python -I -m satark_files.sandbox.protections` isolates itself as a cleaning process is isolated, tries what must fail,
and prints the result as JSON.
"""

import functools
import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from satark_files.decoding import DECODING_ERRORS
from satark_files.limits import Limits
from satark_files.sandbox import isolation
from satark_files.sandbox.system_calls import build_filter, restrict_calls

NAMES: Final[Mapping[str, str]] = MappingProxyType({
    "network": "no network (user and network namespaces)",
    "processes": "no view of other processes (PID namespace)",
    "files": "no files but its own (Landlock)",
    "calls": "no system calls but those listed (seccomp)",
    "privileges": "no new privileges",
    "limits": "limits on memory, time, file size and open files",
    "space": "limits on what is written in all, and on processes (mount namespace, tmpfs)",
})  # fmt: skip
"""Protection → its meaning, for an operator."""
_SECONDS: Final = 60.0


class Protections(msgspec.Struct, frozen=True, kw_only=True):
    """The protections, and whether each holds."""

    network: bool = False
    processes: bool = False
    files: bool = False
    calls: bool = False
    privileges: bool = False
    limits: bool = False
    space: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the protections that do not hold."""
        return tuple(name for name in self.__struct_fields__ if not getattr(self, name))


@functools.cache
def find_protections() -> Protections:
    """Find out which protections hold on this machine, once in each process."""
    return look_for_protections()


def look_for_protections() -> Protections:
    """Find out which protections hold on this machine now. This takes half a second."""
    command = [sys.executable, "-I", "-m", __name__]
    try:
        done = subprocess.run(command, env={}, capture_output=True, check=True, timeout=_SECONDS)  # noqa: S603 - ours
        return msgspec.json.decode(done.stdout, type=Protections)
    except (subprocess.SubprocessError, OSError, *DECODING_ERRORS):
        return Protections()


def describe(names: Iterable[str]) -> str:
    return "; ".join(NAMES[name] for name in names)


def _isolate_and_try(*, network: bool, space: bool) -> Protections:
    limits = Limits()
    isolation.set_limits(limits)
    limited = resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= limits.open_files
    privileges = isolation.refuse_new_privileges()
    calls = build_filter()
    isolation.restrict_files([Path("/usr")], Path(os.devnull))
    restrict_calls(calls)
    return Protections(
        network=network,
        processes=os.getpid() == 1,
        files=_is_refused(lambda: os.close(os.open("/etc/passwd", os.O_RDONLY))),
        calls=_is_refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()),
        privileges=privileges,
        limits=limited,
        space=space,
    )


def _is_refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return True
    return False


def main() -> None:
    """Isolate a child, and print which protections hold in it."""
    network = isolation.leave_network()
    isolation.isolate_children()
    space = isolation.limit_space(Path(tempfile.gettempdir()), (), Limits()) is not None
    child = os.fork()
    if child == 0:
        try:
            os.write(1, msgspec.json.encode(_isolate_and_try(network=network, space=space)))
        finally:
            os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
