"""Locks this process's memory, so that no key, address or draft in it is ever written to a swap device."""

from __future__ import annotations

import ctypes
import resource
import sys

_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4
"""Flags of mlockall(2). A page is locked at its first use, so that no page is read ahead of need."""


def may_lock_memory() -> bool:
    """Return whether this user may lock unlimited memory (`LimitMEMLOCK=infinity`)."""
    return sys.platform == "linux" and resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY


def lock_memory() -> bool:
    """Lock all present and future memory of this process, if the process may do so. Return whether memory is locked.

    If there is a limit, nothing is locked: a process that reaches the limit could not allocate memory any more.
    """
    return may_lock_memory() and ctypes.CDLL(None).mlockall(_CURRENT | _FUTURE | _ON_FAULT) == 0
