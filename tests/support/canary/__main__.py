"""`python -m support.canary`: runs the worlds of the canary once, and prints the report as JSON."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from satark_testing.canary.broker import BrokerQueues
from satark_testing.canary.command import broker_url
from satark_testing.canary.worlds import run_worlds
from support.canary.late_service import LateService
from support.processes.forked import ForkedService


def main() -> None:
    """Run the worlds, and print what they tell."""
    with TemporaryDirectory(prefix="satark-canary-") as folder, broker_url() as url:
        carriers = (lambda: [BrokerQueues(url)]) if url else list
        report = asyncio.run(run_worlds(Path(folder) / "run", carriers, (ForkedService, LateService)))
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
