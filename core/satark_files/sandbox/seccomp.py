"""Writes filters of system calls (seccomp(2)): programs in classic BPF, which the kernel runs at each call.

Kernels from 5.11 on run a program once for each number, and remember which numbers it allows with any arguments.
Therefore the order of the numbers costs no time.
"""

import ctypes
import os
import struct
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

# linux/bpf_common.h: BPF_LD | BPF_W | BPF_ABS, BPF_ALU | BPF_AND | BPF_K, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET | BPF_K
LOAD, AND, JUMP_IF_EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06
# linux/seccomp.h: what a program returns; ERRNO holds the error's number in its lower half
KILL_PROCESS, ERRNO, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
# linux/seccomp.h, struct seccomp_data: offsets of the call's number, the architecture, and six arguments of 8 bytes,
# whose lower half comes first on both architectures
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
# linux/audit.h: the machine's number in linux/elf-em.h with __AUDIT_ARCH_64BIT and __AUDIT_ARCH_LE
ARCHITECTURES: Final = {"x86_64": 62 | 0xC0000000, "aarch64": 183 | 0xC0000000}
# linux/prctl.h, linux/seccomp.h
_SET_SECCOMP, _MODE_FILTER = 22, 2


class Arguments(NamedTuple):
    """The values that an argument may have, and the mask of its bits that count; only its lower 32 bits are checked."""

    position: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF


class _Program(ctypes.Structure):
    # linux/filter.h, struct sock_fprog
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class CallFilter:
    """A filter that is built once and loaded into each cleaning process."""

    def __init__(self, program: bytes) -> None:
        self._program = _Program(len(program) // len(_instruction(0, 0)), program)

    def load(self) -> None:
        """Restrict this process and its children permanently. The process has to refuse new privileges before.

        Raises:
            OSError: the kernel refuses.
        """
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(self._program), 0, 0):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def write_program(machine: str, allowed: Iterable[int], restricted: Mapping[int, Arguments], *, error: int) -> bytes:
    """Write the program that allows calls by their numbers, some of them only with certain arguments.

    Every other call fails with `error`; a call by another architecture's numbers ends the process.
    """
    program = [
        _instruction(LOAD, ARCHITECTURE),
        _instruction(JUMP_IF_EQUAL, ARCHITECTURES[machine], if_true=1),
        _instruction(RETURN, KILL_PROCESS),
        _instruction(LOAD, NUMBER),
    ]
    for number in allowed:
        program += _allow_if_equal(number)
    refusal = _instruction(RETURN, ERRNO | error)
    for number, arguments in restricted.items():
        check = [*_check(arguments), refusal]
        program += [_instruction(JUMP_IF_EQUAL, number, if_false=len(check)), *check]
    return b"".join([*program, refusal])


def _check(arguments: Arguments) -> list[bytes]:
    look = [_instruction(LOAD, ARGUMENTS + 8 * arguments.position), _instruction(AND, arguments.mask)]
    return look + [one for value in arguments.values for one in _allow_if_equal(value)]


def _allow_if_equal(value: int) -> list[bytes]:
    return [_instruction(JUMP_IF_EQUAL, value, if_false=1), _instruction(RETURN, ALLOW)]


def _instruction(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    # linux/filter.h, struct sock_filter
    return struct.pack("=HBBI", code, if_true, if_false, value)
