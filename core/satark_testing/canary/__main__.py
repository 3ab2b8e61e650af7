"""Runs the canary in a separate process, on the source that the process imports, and prints the report as JSON."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from satark_testing.canary.run import run_canary


def main(
    folder: str, media: Sequence[str], *, broker: str = "", wait_for_log: bool = False, exported: bool = True
) -> None:
    """Run the canary in an empty folder, on these media and with this broker."""
    report = asyncio.run(
        run_canary(Path(folder), media=tuple(media), broker=broker, wait_for_log=wait_for_log, exported=exported)
    )
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
