"""Forbids core dumps: a dump of the memory would hold keys, addresses and drafts in plain text."""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4
"""Option of prctl(2). A size limit of zero alone does not bind a handler to which the kernel pipes dumps (core(5))."""


def forbid_dumps() -> None:
    """Keep this process permanently from being dumped to a file or a handler, or read by others of its user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
