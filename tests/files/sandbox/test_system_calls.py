"""System calls that cleaning does not need do not exist for a scrubber."""

import errno
import os
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from support.evidence.hostile import attack

pytestmark = pytest.mark.slow("the sandbox")


async def test_no_socket_can_be_made(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "socket", limits) == str(errno.ENOSYS)


async def test_no_namespace_can_be_made(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "new-namespace", limits) == str(errno.ENOSYS)


# asm-generic/unistd.h and, below 400, x86's: the numbers differ by architecture
DANGEROUS = {
    "io_uring_setup": 425, "io_uring_enter": 426, "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438,
    "process_madvise": 440, "landlock_create_ruleset": 444, "a call of later kernels": 499,
}  # fmt: skip
DANGEROUS_ON_X86 = {
    "socket": 41, "connect": 42, "socketpair": 53, "ptrace": 101, "syslog": 103, "personality": 135, "pivot_root": 155,
    "chroot": 161, "mount": 165, "umount2": 166, "reboot": 169, "init_module": 175, "add_key": 248, "request_key": 249,
    "keyctl": 250, "unshare": 272, "perf_event_open": 298, "open_by_handle_at": 304, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "seccomp": 317, "memfd_create": 319, "bpf": 321,
    "execveat": 322, "userfaultfd": 323,
}  # fmt: skip
NUMBERS = DANGEROUS | (DANGEROUS_ON_X86 if os.uname().machine == "x86_64" else {})


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
async def test_dangerous_calls_do_not_exist(hostile: Sandbox, folder: Path, limits: Limits, number: int) -> None:
    assert await attack(hostile, folder, f"call {number}", limits) == str(errno.ENOSYS)
