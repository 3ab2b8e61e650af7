"""The answer of the filter's program to each call, on both architectures; `test_sandbox` asks the kernel."""

import errno
import struct

import pytest

from satark_files.sandbox import seccomp
from satark_files.sandbox.seccomp import ALLOW, ARCHITECTURES, ERRNO, KILL_PROCESS, CallFilter
from satark_files.sandbox.system_calls import ALLOWED, MACHINES, RESTRICTED, program_for

REFUSE = ERRNO | errno.ENOSYS
LISTED = {name: dict(zip(MACHINES, numbers, strict=True)) for name, numbers in ALLOWED.items()}
CLONE, IOCTL, PRCTL = (dict(zip(MACHINES, numbers, strict=True)) for numbers, _ in RESTRICTED)
THREAD, NEW_NETWORK = 0x003D0F00, 0x40000000
"""Flags of clone(2): those of a thread of the C library, and one that makes a namespace."""

pytestmark = pytest.mark.parametrize("machine", MACHINES)


def answer(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Run the program for one call, as the kernel does, and return what it returns."""
    call = struct.pack("=iIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *(*arguments, *(0,) * 6)[:6])
    program = list(struct.iter_unpack("=HBBI", program_for(machine)))
    at = value = 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        match code:
            case seccomp.LOAD:
                value = int.from_bytes(call[operand : operand + 4], "little")
            case seccomp.AND:
                value &= operand
            case seccomp.JUMP_IF_EQUAL:
                at += if_true if value == operand else if_false
            case seccomp.RETURN:
                return int(operand)
            case _:
                raise AssertionError(code)


@pytest.mark.slow("decodes pictures")
def test_only_listed_calls_pass(machine: str) -> None:
    listed = {int(numbers[machine]) for numbers in LISTED.values() if numbers[machine] != "-"}
    restricted = {CLONE[machine], IOCTL[machine], PRCTL[machine]}
    assert not listed & restricted
    others = set(range(1000)) - restricted
    assert {number for number in others if answer(machine, number) == ALLOW} == listed
    assert {answer(machine, number) for number in others - listed} == {REFUSE}


def test_processes_are_made_without_namespaces(machine: str) -> None:
    assert answer(machine, CLONE[machine], THREAD) == ALLOW
    assert answer(machine, CLONE[machine], THREAD | NEW_NETWORK) == REFUSE


def test_only_the_listed_values_of_an_argument_pass(machine: str) -> None:
    tcgets, tiocsti = 0x5401, 0x5412
    set_name, set_seccomp = 15, 22
    assert answer(machine, IOCTL[machine], 0, tcgets) == ALLOW
    assert answer(machine, IOCTL[machine], 0, tiocsti) == REFUSE
    assert answer(machine, IOCTL[machine], tcgets, tiocsti) == REFUSE
    assert answer(machine, PRCTL[machine], set_name) == ALLOW
    assert answer(machine, PRCTL[machine], set_seccomp) == REFUSE


def test_a_call_of_another_architecture_ends_the_process(machine: str) -> None:
    i386 = 3 | 0x40000000
    assert answer(machine, int(LISTED["read"][machine]), architecture=i386) == KILL_PROCESS


def test_a_filter_that_the_kernel_refuses_is_an_error(machine: str) -> None:
    with pytest.raises(OSError, match=r"Invalid argument|Permission denied"):
        CallFilter(program_for(machine)[:-8]).load()
