"""The sink `rabbitmq`: tips to the offices of their own that are reached over the broker, and their answers back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from satark.carrier import NotCarried
from satark.office import HostInbox, HostOutbox, desks_via
from satark.sink import Delivery, DeliveryResult, Retry
from satark_rabbitmq.settings import NAME

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.office import LinkKey
    from satark.services import WorkerContext
    from satark_rabbitmq.line import BrokerConnection, RabbitMQ


def copied(connection: Connection, copies: Sequence[str]) -> list[str]:
    """Those of the named desks that are at this host."""
    return [desk for desk in desks_via(connection, "desk") if desk in copies]


class RabbitMQSink:
    """Publishes on one connection, which is made at need and made again when it has broken."""

    name = NAME

    def __init__(
        self, context: WorkerContext, carrier: RabbitMQ, url: str, key: LinkKey, copies: Sequence[str] = ()
    ) -> None:
        self._context = context
        self._carrier = carrier
        self._url = url
        self._copies = copies
        self._dispatcher = HostOutbox(context, key, copies)
        self._answers = HostInbox(context, key, self._dispatcher)
        self._connecting = asyncio.Lock()
        self._open = AsyncExitStack()
        self._line: BrokerConnection | None = None

    async def open(self) -> None:
        """Nothing is opened yet: a broker that is down must not stop the start."""

    async def close(self) -> None:
        """Close the connection."""
        self._line = None
        await self._open.aclose()

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Send a tip to its office, or as a copy; it counts once the broker has confirmed every message of it."""
        try:
            return await self._dispatcher.dispatch(delivery, self._publish)
        except NotCarried as failed:
            return Retry(str(failed))

    async def listen(self) -> None:
        """Declare the queues, then take answers until the connection breaks."""
        async with self._carrier.line(self._url) as line:
            desks = await asyncio.to_thread(self._context.read, lambda c: desks_via(c, NAME))
            copies = await asyncio.to_thread(self._context.read, lambda c: copied(c, self._copies))
            await line.declare(desks, copies)
            await line.consume_answers(lambda message: self._answers.take(message, self._publish))

    async def _publish(self, desk: str, message: bytes) -> None:
        line = await self._connected()
        try:
            await line.publish(desk, message)
        except NotCarried:
            if line.broken:
                await self._drop(line)
            raise

    async def _connected(self) -> BrokerConnection:
        async with self._connecting:
            if self._line is None:
                self._line = await self._open.enter_async_context(self._carrier.line(self._url))
            return self._line

    async def _drop(self, line: BrokerConnection) -> None:
        async with self._connecting:
            if self._line is line:
                self._line = None
                await self._open.aclose()
