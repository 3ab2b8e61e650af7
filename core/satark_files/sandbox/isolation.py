"""Isolates a process that is about to open a hostile file: resource limits, namespaces, Landlock.

On every system this module limits memory, processor time, file size and open files. On Linux it also limits what a job
writes and how often it forks, and takes away, without any privilege, the network and the view of other processes
(user_namespaces(7)), every unnamed file (landlock(7), kernel 5.13), TCP (kernel 6.7) and new privileges (prctl(2));
`calls` restricts the system calls. If a distribution or a container forbids one of these, a scrubber that a hostile
file has taken over could reach the network or the user's files. Nothing is cleaned there, unless `Sandbox` is told to
(`allow_weak_isolation`).
"""

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from satark_files.limits import Limits

# linux/sched.h
_NEW_USER, _NEW_PID, _NEW_NET, _NEW_IPC, _NEW_MOUNTS = 0x10000000, 0x20000000, 0x40000000, 0x08000000, 0x00020000
# linux/prctl.h
_SET_DEATH_SIGNAL, _GET_DUMPABLE, _SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 1, 3, 4, 38
# linux/mount.h: no programs, devices and privileges on it; then those of a file that can only be read
_PLAIN, _READ_ONLY, _REMOUNT, _BIND = 2 | 4 | 8, 1, 32, 4096
# asm-generic/unistd.h: the same on every architecture
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
# linux/landlock.h: thirteen rights of ABI 1, REFER (2), TRUNCATE (3); TCP (4); abstract sockets and signals (6)
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1}
_RIGHTS_NOW = (1 << 15) - 1
_NO_TCP, _NO_SIGNALS = 0b11, 0b11
_SIZE = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}
_SIZE_NOW = 24
_EXECUTE, _READ_FILE, _READ_DIR = 1, 4, 8
_OF_A_FILE = 0b111 | 1 << 14
_KILL = 9
_THREADS = 4
"""Number of further processes and threads for each processor, which ffmpeg starts by itself."""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def leave_network() -> bool:
    """Cut this process and its children off from the network. Return True if the system allows it."""
    return _unshare(_NEW_USER | _NEW_NET | _NEW_IPC)


def isolate_children() -> bool:
    """Start later children in a PID namespace, where they can't see or signal any other process. True if allowed.

    The first child is the init of the namespace: when it ends, the kernel ends every process in it.
    """
    return _unshare(_NEW_USER | _NEW_PID | _NEW_MOUNTS)


def limit_space(folder: Path, sources: Iterable[str], limits: Limits) -> int | None:
    """Limit the bytes that this process and its children write in a folder, and the number of processes.

    Call `isolate_children` before. A file system in memory, of limited size, covers the folder; in it these files of
    the folder can be read. The kernel frees it when the last process ends. Return a descriptor of the folder that is
    covered; None if the system does not allow this.
    """
    below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    size = f"size={limits.space_bytes},nr_inodes={limits.files},mode=700"
    covered = _mount("tmpfs", folder, _PLAIN, "tmpfs", size)
    for name in sources if covered else ():
        (folder / name).touch()
        covered &= _mount(f"/proc/self/fd/{below}/{name}", folder / name, _BIND)
        covered &= _mount("", folder / name, _BIND | _REMOUNT | _READ_ONLY | _PLAIN)
    if not covered:
        os.close(below)
        return None
    # Counted in the user namespace that is this job's alone (kernel 5.14), but never for root.
    most = limits.processes + _THREADS * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    return below


def die_with_parent() -> None:
    """Make the kernel end this process when its parent ends."""
    if _libc is not None:
        _libc.prctl(_SET_DEATH_SIGNAL, _KILL, 0, 0, 0)


def be_ended_first() -> None:
    """Make the kernel end this process and its children before any other when memory is short, if the system can."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def give_way() -> None:
    """Run this process and its children only when a processor has nothing else to do, if the system can do so.

    A process of ordinary priority that wakes takes the processor at once (sched(7)). If this process were only nice, it
    would keep the processor to the end of its time slice.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def set_limits(limits: Limits) -> None:
    """Limit memory, processor time, file size and open files of this process and of each of its children."""
    # Soft and hard limits are equal: the signal for a soft limit is not delivered to an init.
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, 2 * limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))


def refuse_new_privileges() -> bool:
    """Refuse every privilege that a program file could give to this process and its children. True if allowed.

    `restrict_files` needs it.
    """
    return _libc is not None and _libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0


def restrict_files(readable: Iterable[Path], writable: Path) -> bool:
    """Allow reading in these folders only, and writing in `writable` only. True if the system allows it."""
    if _libc is None:
        return False
    version = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights, size = _RIGHTS.get(version, _RIGHTS_NOW), _SIZE.get(version, _SIZE_NOW)
    ruleset = _libc.syscall(_CREATE_RULESET, struct.pack("QQQ", rights, _NO_TCP, _NO_SIGNALS), size, 0)
    for path in readable:
        _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_DIR)
    _allow(ruleset, writable, rights & ~_EXECUTE)
    done: int = _libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return done == 0


def program_paths(*programs: str) -> list[Path]:
    """Return the folders and files from which Python is loaded, and those of the other programs that may run."""
    system = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom", sys.prefix, sys.base_prefix)
    return [Path(path) for path in (*system, *sys.path, *programs) if path]


def _allow(ruleset: int, path: Path, rights: int) -> None:
    if _libc is None or not path.exists():
        return
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    granted = rights if path.is_dir() else rights & _OF_A_FILE
    _libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", granted, folder), 0)
    os.close(folder)


def _mount(source: str, target: Path, flags: int, kind: str = "", options: str = "") -> bool:
    made = _libc and _libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, options.encode())
    return made == 0


def _unshare(flags: int) -> bool:
    user, group = os.getuid(), os.getgid()
    if _libc is None or _libc.unshare(flags) != 0:
        return False
    if flags & _NEW_USER:
        # A process owns its files in /proc only while it may be dumped (proc(5)).
        dumpable = _libc.prctl(_GET_DUMPABLE, 0, 0, 0, 0)
        _libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)
        for name, known in (("uid_map", f"{user} {user} 1"), ("setgroups", "deny"), ("gid_map", f"{group} {group} 1")):
            with suppress(OSError):
                Path("/proc/self", name).write_text(known)
        _libc.prctl(_SET_DUMPABLE, dumpable, 0, 0, 0)
    return True
