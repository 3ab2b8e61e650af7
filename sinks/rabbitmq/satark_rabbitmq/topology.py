"""Topology: the names of the exchanges and queues, and how they are declared."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel
from aiormq.abc import FieldTable

ANSWERS = "satark.answers"
"""The queue to the host. A desk's name has no dot, so no desk's queue can have this name."""


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """Everything declared on the broker.

    The host publishes to one exchange and offices to another, so that broker permissions can keep an office from
    writing to another office's queue. Every queue is a quorum queue (durable, replicated) with a dead-letter queue.
    Sources: RabbitMQ 4.0 documentation, "Quorum Queues" and "Dead Letter Exchanges".
    """

    prefix: str
    delivery_limit: int
    copies_kept: int = 10_000

    @property
    def tips(self) -> str:
        """The exchange that the host publishes to. The routing key is the desk's name."""
        return f"{self.prefix}satark.tips"

    @property
    def answers(self) -> str:
        """The name of the exchange that offices publish to, and of the queue bound to it."""
        return f"{self.prefix}{ANSWERS}"

    @property
    def dead_letters(self) -> str:
        """The dead-letter exchange. The routing key is the name of the queue that the message came from."""
        return f"{self.prefix}satark.dead-letters"

    def queue(self, desk: str) -> str:
        return f"{self.prefix}{desk}"

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
        return {"x-queue-type": "quorum", "x-max-length": self.copies_kept, "x-overflow": "drop-head"}

    def _arguments(self, queue: str) -> FieldTable:
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": self.delivery_limit,
            "x-dead-letter-exchange": self.dead_letters,
            "x-dead-letter-routing-key": queue,
            # A dead letter leaves its queue only once the dead-letter queue has it.
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
