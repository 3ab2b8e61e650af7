"""One connection to a broker: publishing with confirmation, and consuming without loss."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aio_pika import Connection, DeliveryMode, Message
from aio_pika.connection import make_url
from aio_pika.exceptions import AMQPException, ChannelInvalidStateError, DeliveryError, PublishError

from satark.carrier import NotCarried, Refused
from satark.observability import log
from satark_rabbitmq.settings import check_url
from satark_rabbitmq.topology import Topology

if TYPE_CHECKING:
    from aio_pika.abc import AbstractConnection, AbstractExchange, AbstractIncomingMessage

    from satark.carrier import Take
    from satark_rabbitmq.settings import RabbitMQSettings

# Every failure comes here as an exception too; at a broker that is down this library would add a line each second.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)

AT_ONCE = 32
"""Most messages that one consumer works on at once: they share the store's commits."""
AGAIN_SECONDS = 1.0
"""Seconds until a message that can't be taken now is tried again. It stays unconfirmed meanwhile."""
CONNECT_SECONDS = 15

FAILURES = (AMQPException, ChannelInvalidStateError, ConnectionError, OSError, RuntimeError, TimeoutError)
"""What aio-pika raises where a broker is not there, goes away or refuses; `RuntimeError` on a closed connection."""


class BrokerConnection:
    """An open connection. It is not mended: where it breaks, all that is under way raises `NotCarried`."""

    def __init__(self, connection: AbstractConnection, topology: Topology, confirm_seconds: float) -> None:
        self._connection = connection
        self._topology = topology
        self._confirm_seconds = confirm_seconds
        self.broken = False
        """Whether nothing can be published any more: it must be made anew."""
        self._exchanges: dict[str, AbstractExchange] = {}
        self._opening = asyncio.Lock()

    async def publish(self, desk: str, message: bytes) -> None:
        """Send a message into a desk's queue, as `satark.carrier.CarrierConnection`."""
        await self._publish(self._topology.tips, desk, message)

    async def answer(self, message: bytes) -> None:
        """Send a message into the queue of answers, as `satark.carrier.CarrierConnection`."""
        await self._publish(self._topology.answers, self._topology.answers, message)

    async def consume(self, desk: str, take: Take) -> None:
        """Take a desk's messages, as `satark.carrier.CarrierConnection`."""
        await self._consume(self._topology.queue(desk), take)

    async def consume_answers(self, take: Take) -> None:
        """Take the answers, as `satark.carrier.CarrierConnection`."""
        await self._consume(self._topology.answers, take)

    async def declare(self, desks: Sequence[str], copies: Sequence[str] = ()) -> list[str]:
        """Declare everything for these desks, and for copies of others' tips; give the queues' names.

        Raises:
            NotCarried: the broker refused.
        """
        try:
            async with self._connection.channel() as channel:
                return await self._topology.declare(channel, desks, copies)
        except FAILURES as error:
            raise NotCarried(_code(error)) from None

    async def revive(self, queue: str) -> int:
        """Move a queue's dead letters back to its end; give how many.

        Raises:
            NotCarried: the broker refused, or broke off: what was moved so far stays moved.
        """
        moved = 0
        try:
            async with self._connection.channel(publisher_confirms=True, on_return_raises=True) as channel:
                grave = await channel.get_queue(self._topology.dead_queue(queue))
                while (letter := await grave.get(fail=False)) is not None:
                    again = Message(letter.body, delivery_mode=DeliveryMode.PERSISTENT, message_id=letter.message_id)
                    await channel.default_exchange.publish(again, queue, mandatory=True)
                    await letter.ack()
                    moved += 1
        except FAILURES as error:
            raise NotCarried(_code(error)) from None
        return moved

    async def _publish(self, exchange: str, key: str, body: bytes) -> None:
        # A random id is all that a header says: no time, no number, no kind.
        message = Message(body, delivery_mode=DeliveryMode.PERSISTENT, message_id=uuid4().hex)
        try:
            found = await self._exchange(exchange)
            await found.publish(message, key, mandatory=True, timeout=self._confirm_seconds)
        except FAILURES as error:
            self.broken = not isinstance(error, DeliveryError)
            raise NotCarried(_code(error)) from None

    async def _exchange(self, name: str) -> AbstractExchange:
        async with self._opening:
            if name not in self._exchanges:
                # Without on_return_raises, what no queue takes would count as sent.
                channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                self._exchanges[name] = await channel.get_exchange(name, ensure=False)
            return self._exchanges[name]

    async def _consume(self, queue: str, take: Take) -> None:
        try:
            channel = await self._connection.channel()
            await channel.set_qos(prefetch_count=AT_ONCE)
            found = await channel.get_queue(queue)
            async with asyncio.TaskGroup() as tasks, found.iterator() as messages:
                async for message in messages:
                    tasks.create_task(_settle(message, take))
        except FAILURES as error:
            raise NotCarried(_code(error)) from None
        except ExceptionGroup as group:  # what ends a task group comes out of it in a group
            raise NotCarried(_code(group.exceptions[0])) from None
        raise NotCarried("the connection broke")


async def _settle(message: AbstractIncomingMessage, take: Take) -> None:
    """Have one message taken; confirm it then, and not before."""
    good = await _taken(message.body, take)
    try:
        await (message.ack() if good else message.reject(requeue=False))
    except FAILURES:
        return  # the connection is gone: the broker gives the message out again, and it is known by then


async def _taken(body: bytes, take: Take) -> bool:
    """Have a message taken, however long that lasts; say whether it was any good."""
    while True:
        try:
            await take(body)
        except Refused as error:
            log.error("message refused", code=str(error))
            return False
        except Exception as error:  # noqa: BLE001 - whatever went wrong here, the message is good and must not be lost
            log.warning("message not taken", error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return True


class RabbitMQ:
    """The carrier."""

    schemes = ("amqp", "amqps")

    def __init__(self, settings: RabbitMQSettings) -> None:
        self._settings = settings
        self.topology = Topology(
            prefix=settings.prefix, delivery_limit=settings.delivery_limit, copies_kept=settings.copies_kept
        )

    def check(self, url: str) -> None:
        """Find out whether a URL can be used, as `satark.carrier.Carrier`."""
        check_url(url)
        self._settings.tls()

    @asynccontextmanager
    async def line(self, url: str) -> AsyncIterator[BrokerConnection]:
        """Connect while the block runs, as `satark.carrier.Carrier`."""
        options: dict[str, Any] = {"ssl_context": self._settings.tls()} if url.startswith("amqps:") else {}
        connection = Connection(make_url(url), **options)
        try:
            await _connect(connection)
            yield BrokerConnection(connection, self.topology, self._settings.confirm_seconds)
        finally:
            # One that never connected too: its destructor would do it, at any time and in any thread.
            await connection.close()


async def _connect(connection: AbstractConnection) -> None:
    try:
        await connection.connect(timeout=CONNECT_SECONDS)
    except FAILURES as error:
        raise NotCarried(_code(error)) from None


def _code(error: BaseException) -> str:
    """Say what went wrong; never the error's own text, which may quote the URL."""
    if isinstance(error, PublishError):
        return "no queue: run `satark rabbitmq declare`"
    if isinstance(error, DeliveryError):
        return "the broker refused"
    return type(error).__name__
