"""Lists the system calls that a cleaning process may make; the kernel enforces the list with seccomp(2).

Any other call fails with `ENOSYS`, as on a kernel without it, so that libraries fall back to older calls. The list
has no sockets, no io_uring, no tracing or reading of other processes, no mounts, keys, kernel programs, namespaces or
performance counters, and none of the calls that later kernels add. A call by another architecture's number ends the
process. The list was found by cleaning files of every type, with the scrubbers of this package and in a bare Python.
"""

import errno
import os
import sys
from typing import Final

from satark_files.sandbox.seccomp import Arguments, CallFilter, write_program

# Each call's number on x86_64 (arch/x86/entry/syscalls/syscall_64.tbl) and on aarch64 (asm-generic/unistd.h), if any.
_FILES: Final = """
    access 21 -, chdir 80 49, chmod 90 -, close 3 57, close_range 436 436, copy_file_range 326 285, dup 32 23,
    dup2 33 -, dup3 292 24, faccessat 269 48, faccessat2 439 439, fadvise64 221 223, fallocate 285 47, fchmod 91 52,
    fchmodat 268 53, fcntl 72 25, fdatasync 75 83, flock 73 32, fstat 5 80, fstatfs 138 44, fsync 74 82,
    ftruncate 77 46, getcwd 79 17, getdents 78 -, getdents64 217 61, lseek 8 62, lstat 6 -, mkdir 83 -, mkdirat 258 34,
    newfstatat 262 79, open 2 -, openat 257 56, pipe 22 -, pipe2 293 59, pread64 17 67, preadv 295 69, preadv2 327 286,
    pwrite64 18 68, pwritev 296 70, pwritev2 328 287, read 0 63, readlink 89 -, readlinkat 267 78, readv 19 65,
    rename 82 -, renameat 264 38, renameat2 316 276, rmdir 84 -, sendfile 40 71, stat 4 -, statfs 137 43, statx 332 291,
    symlink 88 -, symlinkat 266 36, sync_file_range 277 84, truncate 76 45, umask 95 166, unlink 87 -, unlinkat 263 35,
    utimensat 280 88, write 1 64, writev 20 66
"""
_WAITING: Final = """
    epoll_create 213 -, epoll_create1 291 20, epoll_ctl 233 21, epoll_pwait 281 22, epoll_pwait2 441 441,
    epoll_wait 232 -, eventfd2 290 19, futex 202 98, futex_waitv 449 449, nanosleep 35 101, clock_nanosleep 230 115,
    poll 7 -, ppoll 271 73, pselect6 270 72, select 23 -, sched_yield 24 124
"""
_MEMORY: Final = """
    brk 12 214, madvise 28 233, membarrier 324 283, mincore 27 232, mmap 9 222, mprotect 10 226, mremap 25 216,
    msync 26 227, munmap 11 215
"""
_PROCESS: Final = """
    arch_prctl 158 -, execve 59 221, exit 60 93, exit_group 231 94, fork 57 -, get_robust_list 274 100, getcpu 309 168,
    getegid 108 177, geteuid 107 175, getgid 104 176, getgroups 115 158, getitimer 36 102, getpgid 121 155,
    getpgrp 111 -, getpid 39 172, getppid 110 173, getpriority 140 141, getresgid 120 150, getresuid 118 148,
    getrlimit 97 163, getrusage 98 165, getsid 124 156, gettid 186 178, getuid 102 174, kill 62 129, prlimit64 302 261,
    restart_syscall 219 128, rseq 334 293, rt_sigaction 13 134, rt_sigpending 127 136, rt_sigprocmask 14 135,
    rt_sigreturn 15 139, rt_sigsuspend 130 133, rt_sigtimedwait 128 137, sched_get_priority_max 146 125,
    sched_get_priority_min 147 126, sched_getaffinity 204 123, sched_getparam 143 121, sched_getscheduler 145 120,
    sched_setaffinity 203 122, set_robust_list 273 99, set_thread_area 205 -, set_tid_address 218 96, setitimer 38 103,
    setpgid 109 154, setpriority 141 140, setrlimit 160 164, setsid 112 157, sigaltstack 131 132, tgkill 234 131,
    times 100 153, tkill 200 130, vfork 58 -, wait4 61 260, waitid 247 95
"""
_SYSTEM: Final = """
    clock_getres 229 114, clock_gettime 228 113, getrandom 318 278, gettimeofday 96 169, sysinfo 99 179, time 201 -,
    uname 63 160
"""
ALLOWED: Final = {
    name: numbers
    for name, *numbers in map(str.split, ",".join((_FILES, _WAITING, _MEMORY, _PROCESS, _SYSTEM)).split(","))
}
"""Calls that are allowed with any arguments, and their numbers; `-` if an architecture lacks the call."""
RESTRICTED: Final = (
    # linux/sched.h: no flag that makes a namespace
    ((56, 220), Arguments(position=0, mask=0x7E020000, values=(0,))),  # clone
    # asm-generic/ioctls.h: what isatty() asks, and what Python and ffmpeg set on files and pipes
    ((16, 29), Arguments(position=1, values=(0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451))),  # ioctl
    # linux/prctl.h: the name of a thread, and whether the process may be dumped
    ((157, 167), Arguments(position=0, values=(3, 15, 16))),  # prctl
)
"""Calls that are allowed only with these arguments, and their numbers."""
MACHINES: Final = ("x86_64", "aarch64")
"""Architectures whose numbers are listed, in the order of the numbers."""


def build_filter() -> CallFilter | None:
    """Build the filter; return None if the system is not Linux, or the numbers of its architecture are not listed."""
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in MACHINES or sys.maxsize < 1 << 32:
        return None
    return CallFilter(program_for(machine))


def restrict_calls(calls: CallFilter | None) -> bool:
    """Load a filter. Return True if there is one and the system allows it."""
    try:
        if calls is not None:
            calls.load()
    except OSError:
        return False
    return calls is not None


def program_for(machine: str) -> bytes:
    """Write the filter for an architecture of `MACHINES`."""
    at = MACHINES.index(machine)
    allowed = [int(numbers[at]) for numbers in ALLOWED.values() if numbers[at] != "-"]
    restricted = {numbers[at]: arguments for numbers, arguments in RESTRICTED}
    return write_program(machine, allowed, restricted, error=errno.ENOSYS)
