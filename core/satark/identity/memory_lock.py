"""Locks this process's memory, so that no key, address or draft in it is ever written to a swap device."""

from __future__ import annotations

import ctypes
import resource
import sys

_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4
"""mlockall(2). Pages are locked when they are first used, so that nothing is read ahead of need."""


def may_lock_memory() -> bool:
    """Return whether the system allows this user to lock as much memory as it takes (`LimitMEMLOCK=infinity`)."""
    return sys.platform == "linux" and resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY


def lock_memory() -> bool:
    """Lock all memory that this process has and will have, where it may; return whether it is locked.

    Under a limit nothing is locked: a process that comes to it could allocate no more.
    """
    return may_lock_memory() and ctypes.CDLL(None).mlockall(_CURRENT | _FUTURE | _ON_FAULT) == 0
