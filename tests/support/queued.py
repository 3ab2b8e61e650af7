"""Waits until a broker's queue holds messages."""

from __future__ import annotations

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity

from satark_testing.waiting import until
from support.peers.rabbitmq import Broker


async def until_queued(broker: Broker, queue: str, at_least: int) -> None:
    """Wait until a queue exists and holds so many messages that no consumer has.

    Raises:
        TimeoutError: the queue does not hold them in time.
    """
    async with await aio_pika.connect(broker.url) as connection:
        await until(lambda: _holds(connection, queue, at_least), every=0.05)


async def _holds(connection: AbstractConnection, queue: str, at_least: int) -> bool:
    try:
        async with connection.channel() as channel:
            found = await channel.declare_queue(queue, passive=True)
    except ChannelNotFoundEntity:
        return False
    return (found.declaration_result.message_count or 0) >= at_least
