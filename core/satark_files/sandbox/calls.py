"""System calls that a cleaning process may make: a list of what may pass, enforced by the kernel with seccomp(2).

Whatever is not listed fails with `ENOSYS`, as on a kernel that lacks it, so that libraries fall back to what they used
before: no sockets, no io_uring, no tracing or reading of other processes, no mounts, keys, kernel programs, namespaces
or performance counters, and none of the calls that later kernels add. A call by another architecture's number ends the
process. The list was found by cleaning every type with the scrubbers of this package, and with those of a bare Python.
"""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any, Final, Protocol

# asm-generic/ioctls.h: what isatty() asks, and what Python and ffmpeg set on files and pipes
_IOCTLS: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# linux/prctl.h: the name of a thread, and whether the process may be dumped
_PRCTLS: Final = (3, 15, 16)
# linux/sched.h: every flag that makes a namespace
_NEW_NAMESPACES: Final = 0x7E020000

_FILES: Final = """
    access chdir chmod close close_range copy_file_range dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate fchmod
    fchmodat fcntl fcntl64 fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 getcwd
    getdents getdents64 lseek _llseek lstat lstat64 mkdir mkdirat newfstatat open openat pipe pipe2 pread64 preadv
    preadv2 pwrite64 pwritev pwritev2 read readlink readlinkat readv rename renameat renameat2 rmdir sendfile sendfile64
    stat stat64 statfs statfs64 statx symlink symlinkat sync_file_range truncate truncate64 umask unlink unlinkat
    utimensat write writev
"""
_WAITING: Final = """
    epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 futex futex_waitv nanosleep
    clock_nanosleep poll ppoll pselect6 _newselect select sched_yield
"""
_MEMORY: Final = "brk madvise membarrier mincore mmap mmap2 mprotect mremap msync munmap"
_PROCESS: Final = """
    arch_prctl execve exit exit_group fork get_robust_list getcpu getegid getegid32 geteuid geteuid32 getgid getgid32
    getgroups getgroups32 getitimer getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage
    getsid gettid getuid getuid32 kill prlimit64 restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask
    rt_sigreturn rt_sigsuspend rt_sigtimedwait sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getparam sched_getscheduler sched_setaffinity set_robust_list set_thread_area set_tid_address setitimer
    setpgid setpriority setrlimit setsid sigaltstack sigreturn tgkill times tkill ugetrlimit vfork wait4 waitid waitpid
"""
_SYSTEM: Final = "clock_getres clock_gettime getrandom gettimeofday sysinfo time uname"
ALLOWED: Final = tuple(" ".join((_FILES, _WAITING, _MEMORY, _PROCESS, _SYSTEM)).split())
"""Names of the calls that are allowed with any arguments; those that an architecture lacks are left out there."""


class CallFilter(Protocol):
    """A filter that is built once and loaded into each cleaning process."""

    def load(self) -> None:
        """Restrict this process and its children, for good. Raises OSError where the kernel refuses."""


def build_filter() -> CallFilter | None:
    """Build the filter; None where the system has no seccomp or no libseccomp."""
    try:
        seccomp: Any = import_module("pyseccomp")
        made = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    except (ImportError, OSError, RuntimeError):
        return None
    made.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)  # a binary tree: the kernel runs the filter at each call
    for name in ALLOWED:
        _allow(seccomp, made, name)
    _allow(seccomp, made, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _NEW_NAMESPACES, 0))
    for request in _IOCTLS:
        _allow(seccomp, made, "ioctl", seccomp.Arg(1, seccomp.EQ, request))
    for option in _PRCTLS:
        _allow(seccomp, made, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    filtered: CallFilter = made
    return filtered


def _allow(seccomp: Any, made: Any, name: str, *arguments: Any) -> None:
    try:
        seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
    except ValueError:
        return
    made.add_rule(seccomp.ALLOW, name, *arguments)
