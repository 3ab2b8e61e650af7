"""`satark` with a clock that is off by `CHAOS_CLOCK_SECONDS`, for jumps that need no root and harm no other process."""

from __future__ import annotations

import os
import time
from typing import Final

OFFSET: Final = float(os.environ.get("CHAOS_CLOCK_SECONDS", "0"))
_real = time.time


def _shifted() -> float:
    return _real() + OFFSET


def main() -> None:
    """Shift the clock, then run the command."""
    time.time = _shifted
    from satark.cli.main import main as satark  # noqa: PLC0415 - modules may take the clock when they are imported

    satark()


if __name__ == "__main__":
    main()
