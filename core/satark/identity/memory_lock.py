"""Locks this process's memory, so that no key, address or draft in it is ever written to a swap device."""

from __future__ import annotations

import ctypes
import resource
import sys

_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4
"""Flags of mlockall(2). Pages are locked when they are first used, so that none is read ahead of need."""


def may_lock_memory() -> bool:
    """Return whether this user may lock unlimited memory (`LimitMEMLOCK=infinity`)."""
    return sys.platform == "linux" and resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY


def lock_memory() -> bool:
    """Lock all present and future memory of this process if it may; return whether it is locked.

    Under a limit nothing is locked, since a process that reaches the limit could not allocate any more.
    """
    return may_lock_memory() and ctypes.CDLL(None).mlockall(_CURRENT | _FUTURE | _ON_FAULT) == 0
