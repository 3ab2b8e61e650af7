"""Broker connection: publish with confirmation, consume without loss."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from uuid import uuid4

from aio_pika import Connection, DeliveryMode, ExchangeType, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractIncomingMessage
from aio_pika.connection import make_url
from aio_pika.exceptions import AMQPException, ChannelInvalidStateError, DeliveryError, PublishError
from aiormq.abc import FieldTable

from satark.api import CarrierError, MessageRejected, log
from satark_rabbitmq.settings import RabbitMQSettings, check_url

# Every failure is raised as an exception too; while a broker is down, this library would log a line each second.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)

PREFETCH = 32
"""Most messages that one consumer handles at once. These messages share the store's commits."""
RETRY_SECONDS = 1.0
"""Seconds until a message whose handler failed is handled again. It stays unacknowledged meanwhile."""
CONFIRM_SECONDS = 30
"""Seconds to wait until the broker confirms a message."""
CONNECT_SECONDS = 15

FAILURES = (AMQPException, ChannelInvalidStateError, ConnectionError, OSError, RuntimeError, TimeoutError)
"""The exceptions of aio-pika if a broker is absent, disconnects or refuses; `RuntimeError`: closed connection."""


Handler: TypeAlias = Callable[[bytes], Awaitable[None]]


class BrokerConnection:
    """An open AMQP connection. It does not reconnect: once it breaks, everything in progress raises `CarrierError`."""

    def __init__(self, connection: AbstractConnection, topology: Topology) -> None:
        self._connection = connection
        self._topology = topology
        self.broken = False
        """Whether the connection can no longer publish: the caller must connect again."""
        self._exchanges: dict[str, AbstractExchange] = {}
        self._exchange_lock = asyncio.Lock()

    async def publish(self, desk: str, message: bytes) -> None:
        """Publish a message to a desk's queue: see `satark.api.CarrierConnection`."""
        await self._publish(self._topology.tips, desk, message)

    async def publish_answer(self, message: bytes) -> None:
        """Publish a message to the queue of answers: see `satark.api.CarrierConnection`."""
        await self._publish(self._topology.answers, self._topology.answers, message)

    async def consume(self, desk: str, handler: Handler) -> None:
        """Consume a desk's queue: see `satark.api.CarrierConnection`."""
        await self._consume(self._topology.queue(desk), handler)

    async def consume_answers(self, handler: Handler) -> None:
        """Consume the queue of answers: see `satark.api.CarrierConnection`."""
        await self._consume(self._topology.answers, handler)

    async def declare(self, desks: Sequence[str], copies: Sequence[str] = ()) -> list[str]:
        """Declare the queues of these desks and of these copies; return their names.

        Raises:
            CarrierError: the broker refused.
        """
        try:
            async with self._connection.channel() as channel:
                return await self._topology.declare(channel, desks, copies)
        except FAILURES as error:
            raise CarrierError(_code(error)) from None

    async def requeue_dead_letters(self, queue: str) -> int:
        """Move the dead letters that a queue has now back to its end; return their number.

        A message that its consumer rejects again meanwhile stays a dead letter.

        Raises:
            CarrierError: the broker refused or disconnected. Messages moved so far stay moved.
        """
        moved = 0
        try:
            async with self._connection.channel(publisher_confirms=True, on_return_raises=True) as channel:
                dead_letters = await channel.get_queue(self._topology.dead_letter_queue(queue))
                for _ in range(dead_letters.declaration_result.message_count or 0):
                    if (dead := await dead_letters.get(fail=False)) is None:
                        break
                    copy = Message(dead.body, delivery_mode=DeliveryMode.PERSISTENT, message_id=dead.message_id)
                    await channel.default_exchange.publish(copy, queue, mandatory=True)
                    await dead.ack()
                    moved += 1
        except FAILURES as error:
            raise CarrierError(_code(error)) from None
        return moved

    async def _publish(self, exchange: str, key: str, body: bytes) -> None:
        # The only header is a random id: no time, no tip number, no kind of message.
        message = Message(body, delivery_mode=DeliveryMode.PERSISTENT, message_id=uuid4().hex)
        try:
            found = await self._exchange(exchange)
            await found.publish(message, key, mandatory=True, timeout=CONFIRM_SECONDS)
        except FAILURES as error:
            self.broken = not isinstance(error, DeliveryError)
            raise CarrierError(_code(error)) from None

    async def _exchange(self, name: str) -> AbstractExchange:
        async with self._exchange_lock:
            if name not in self._exchanges:
                # Without on_return_raises, a message that reaches no queue would count as sent.
                channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                self._exchanges[name] = await channel.get_exchange(name, ensure=False)
            return self._exchanges[name]

    async def _consume(self, queue: str, handler: Handler) -> None:
        try:
            channel = await self._connection.channel()
            await channel.set_qos(prefetch_count=PREFETCH)
            found = await channel.get_queue(queue)
            async with asyncio.TaskGroup() as tasks, found.iterator() as messages:
                async for message in messages:
                    tasks.create_task(_settle(message, handler))
        except FAILURES as error:
            raise CarrierError(_code(error)) from None
        except ExceptionGroup as group:  # a task group wraps the exception that ends it
            raise CarrierError(_code(group.exceptions[0])) from None
        raise CarrierError("the connection broke")


async def _settle(message: AbstractIncomingMessage, handler: Handler) -> None:
    """Handle one message, then acknowledge or reject it."""
    accepted = await _handle(message.body, handler)
    try:
        await (message.ack() if accepted else message.reject(requeue=False))
    except FAILURES:
        return  # the connection is gone: the broker redelivers the message, and the handler recognises it


async def _handle(body: bytes, handler: Handler) -> bool:
    """Call the handler until it accepts or rejects the message; return whether it was accepted."""
    while True:
        try:
            await handler(body)
        except MessageRejected as error:
            log.error("broker message rejected, moved to the dead letters", code=str(error))
            return False
        except Exception as error:  # noqa: BLE001 - whatever failed here, the message is good and must not be lost
            log.warning("broker message handler failed, retrying", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return True


class RabbitMQ:
    """The carrier for `amqp` and `amqps` URLs."""

    schemes = ("amqp", "amqps")

    def __init__(self, settings: RabbitMQSettings) -> None:
        self._settings = settings
        self.topology = Topology(settings)

    def check(self, url: str) -> None:
        """Check a URL: see `satark.api.Carrier`."""
        check_url(url)
        self._settings.tls()

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[BrokerConnection]:
        """Connect for the duration of the block: see `satark.api.Carrier`."""
        options: dict[str, Any] = {"ssl_context": self._settings.tls()} if url.startswith("amqps:") else {}
        connection = Connection(make_url(url), **options)
        try:
            await _connect(connection)
            yield BrokerConnection(connection, self.topology)
        finally:
            # Close it even if it never connected: else its destructor would, at any time and in any thread.
            await connection.close()


async def _connect(connection: AbstractConnection) -> None:
    try:
        await connection.connect(timeout=CONNECT_SECONDS)
    except FAILURES as error:
        raise CarrierError(_code(error)) from None


def _code(error: BaseException) -> str:
    """Describe a failure for operators, without the error's own text, which may quote the URL."""
    if isinstance(error, PublishError):
        return "no queue: run `satark rabbitmq declare`"
    if isinstance(error, DeliveryError):
        return "the broker refused"
    return type(error).__name__


ANSWERS = "satark.answers"
"""The queue to the host. A desk's name has no dot, so no desk's queue can have this name."""


class Topology:
    """All exchanges and queues that Satark declares on the broker.

    The host publishes to one exchange and offices to another, so that broker permissions can keep an office from
    writing to another office's queue. Every queue is a quorum queue (durable, replicated) with a dead-letter queue.
    Sources: RabbitMQ 4.0 documentation, "Quorum Queues" and "Dead Letter Exchanges".
    """

    def __init__(self, settings: RabbitMQSettings) -> None:
        self.settings = settings

    @property
    def tips(self) -> str:
        """The exchange that the host publishes to. The routing key is the desk's name."""
        return f"{self.settings.prefix}satark.tips"

    @property
    def answers(self) -> str:
        """The name of the exchange that offices publish to, and of the queue bound to it."""
        return f"{self.settings.prefix}{ANSWERS}"

    @property
    def dead_letters(self) -> str:
        """The dead-letter exchange. The routing key is the name of the queue that the message came from."""
        return f"{self.settings.prefix}satark.dead-letters"

    def queue(self, desk: str) -> str:
        return f"{self.settings.prefix}{desk}"

    def dead_letter_queue(self, queue: str) -> str:
        return f"{queue}.dead-letters"

    async def declare(self, channel: AbstractChannel, desks: Sequence[str], copies: Sequence[str] = ()) -> list[str]:
        """Declare the exchanges, the queue of answers, and a queue for each of these desks and copies.

        Returns the queues' names. Call it when an office is set up: a quorum queue declared less than a second before a
        broker crash can be lost.

        Raises:
            AMQPError: the user lacks the permission, or a queue exists with other arguments.
        """
        bindings = [(self.tips, desk, self.queue(desk)) for desk in desks]
        bindings.append((self.answers, self.answers, self.answers))
        await channel.declare_exchange(self.dead_letters, ExchangeType.DIRECT, durable=True)
        for exchange, key, name in bindings:
            await channel.declare_exchange(exchange, ExchangeType.DIRECT, durable=True)
            dead_letters = await channel.declare_queue(
                self.dead_letter_queue(name), durable=True, arguments={"x-queue-type": "quorum"}
            )
            await dead_letters.bind(self.dead_letters, name)
            queue = await channel.declare_queue(name, durable=True, arguments=self._arguments(name))
            await queue.bind(exchange, key)
        await channel.declare_exchange(self.tips, ExchangeType.DIRECT, durable=True)
        for desk in copies:
            queue = await channel.declare_queue(self.queue(desk), durable=True, arguments=self._copy_arguments())
            await queue.bind(self.tips, desk)
        return [name for _, _, name in bindings] + [self.queue(desk) for desk in copies]

    def _copy_arguments(self) -> FieldTable:
        """Arguments of a queue of copies. Its oldest messages are dropped, so that an unread queue fills no disk."""
        return {
            "x-queue-type": "quorum",
            "x-max-length": self.settings.copies_kept,
            "x-overflow": "drop-head",
            "x-message-ttl": self.settings.copies_days * 86_400_000,
        }

    def _arguments(self, queue: str) -> FieldTable:
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": self.settings.delivery_limit,
            "x-dead-letter-exchange": self.dead_letters,
            "x-dead-letter-routing-key": queue,
            # A dead letter leaves its queue only once the dead-letter queue has it.
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
