"""Waits until a broker's queue holds messages."""

from __future__ import annotations

import asyncio

from satark_testing.waiting import limit
from support.peers.rabbitmq import Broker


async def until_queued(broker: Broker, queue: str, at_least: int) -> None:
    """Wait until a queue exists and holds so many messages.

    Raises:
        TimeoutError: the queue does not hold them in time.
    """
    async with limit():
        while True:
            lines = (await broker.ctl("list_queues", "name", "messages")).splitlines()
            if any(int(line.split("\t")[1]) >= at_least for line in lines if line.startswith(f"{queue}\t")):
                return
            await asyncio.sleep(0.1)
