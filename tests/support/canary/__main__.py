"""`python -m support.canary`: runs the worlds of the canary once, and prints the report as JSON."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from satark_testing.canary.worlds import run_worlds
from support.canary.broker import BrokerQueues
from support.canary.late_service import LateService
from support.peers.rabbitmq import running_broker
from support.processes.forked import ForkedService


def main() -> None:
    """Run the worlds, and print the findings."""
    with TemporaryDirectory(prefix="satark-canary-") as folder, running_broker() as broker:
        report = asyncio.run(
            run_worlds(Path(folder) / "run", lambda: [BrokerQueues(broker.url)], (ForkedService, LateService))
        )
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
