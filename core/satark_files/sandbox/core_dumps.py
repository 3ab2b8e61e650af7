"""Forbids core dumps: a copy of the memory would hold keys, addresses and drafts in plain."""

from __future__ import annotations

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4
"""prctl(2). A limit of zero alone does not bind a handler that the kernel pipes dumps to (core(5))."""


def forbid_dumps() -> None:
    """Forbid this process, for good, to be dumped to a file or a handler, or to be read by others of its user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
