"""A clock that can be off, for jumps that need no root and harm no other process.

Import it before anything of Satark, whose modules may take the clock when they are imported.
"""

from __future__ import annotations

import time

_real = time.time
_seconds_off = 0.0


def shift(seconds: float) -> None:
    """Let this process's clock be off by so many seconds."""
    global _seconds_off  # noqa: PLW0603 - a process has one clock
    _seconds_off = seconds


def _shifted() -> float:
    return _real() + _seconds_off


time.time = _shifted
