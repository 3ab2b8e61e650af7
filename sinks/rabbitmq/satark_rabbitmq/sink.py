"""The sink `rabbitmq`: publishes tips for remote offices, and consumes their answers."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack

from satark.api import (
    DESK_SINK,
    CarrierError,
    Delivery,
    DeliveryResult,
    Desk,
    OfficeLink,
    Retry,
    WorkerContext,
    run_in_thread,
)
from satark_rabbitmq.connection import BrokerConnection, RabbitMQ
from satark_rabbitmq.settings import NAME


def remote_desks(desks: Iterable[Desk]) -> list[str]:
    """Return the names of the desks in remote offices that this sink delivers to."""
    return [desk.name for desk in desks if desk.via == NAME]


def copied_desks(desks: Iterable[Desk], copies: Sequence[str]) -> list[str]:
    """Return the desks at this host that `copies` names. A remote office gets the tips themselves, not copies."""
    return [desk.name for desk in desks if desk.via == DESK_SINK and desk.name in copies]


class RabbitMQSink:
    """Publishes on one connection, opened on demand and reopened after it breaks."""

    name = NAME

    def __init__(
        self, context: WorkerContext, carrier: RabbitMQ, url: str, link: OfficeLink, copies: Sequence[str] = ()
    ) -> None:
        self._context = context
        self._carrier = carrier
        self._url = url
        self._copies = copies
        self._link = link
        self._connecting = asyncio.Lock()
        self._resources = AsyncExitStack()
        self._connection: BrokerConnection | None = None

    async def open(self) -> None:
        """Open nothing yet: a broker that is down must not prevent the start."""

    async def find_faults(self) -> Sequence[str]:
        """Connect to the broker and disconnect: see `satark.api.FaultFinder`."""
        try:
            async with self._carrier.connect(self._url):
                return []
        except CarrierError as error:
            return [f"the broker does not take us ({error}): look at [rabbitmq] url and at the broker"]

    async def close(self) -> None:
        self._connection = None
        await self._resources.aclose()

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Publish a tip to its office or as a copy.

        The delivery is done once the broker has confirmed each of its messages.
        """
        try:
            return await self._link.send_tip(delivery, self._publish)
        except CarrierError as error:
            return Retry(str(error), down=self._connection is None)

    async def listen(self) -> None:
        """Declare the queues, then consume answers until the connection breaks."""
        async with self._carrier.connect(self._url) as connection:
            desks = await run_in_thread(self._context.desks)
            await connection.declare(remote_desks(desks), copied_desks(desks, self._copies))
            covering = asyncio.create_task(self._link.send_covers(self._publish))
            try:
                await connection.consume_answers(lambda message: self._link.accept(message, self._publish))
            finally:
                covering.cancel()

    async def _publish(self, desk: str, message: bytes) -> None:
        connection = await self._connected()
        try:
            await connection.publish(desk, message)
        except CarrierError:
            if connection.broken:
                await self._disconnect(connection)
            raise

    async def _connected(self) -> BrokerConnection:
        async with self._connecting:
            if self._connection is None:
                self._connection = await self._resources.enter_async_context(self._carrier.connect(self._url))
            return self._connection

    async def _disconnect(self, connection: BrokerConnection) -> None:
        async with self._connecting:
            if self._connection is connection:
                self._connection = None
                await self._resources.aclose()
