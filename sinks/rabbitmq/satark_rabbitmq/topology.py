"""Exchanges and queues: what they are called, and how they are declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from aio_pika import ExchangeType

if TYPE_CHECKING:
    from aio_pika.abc import AbstractChannel
    from aiormq.abc import FieldTable

ANSWERS = "satark.answers"
"""The queue to the host. A desk's name has no dot, so no desk's queue can be called so."""


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is declared on the broker.

    The host publishes to one exchange and offices to another, so that a broker's permissions can keep an office from
    writing into another office's queue. Every queue is a quorum queue (durable, replicated) with a queue of its dead
    letters. Sources: RabbitMQ 4.0 documentation, "Quorum Queues" and "Dead Letter Exchanges".
    """

    prefix: str
    delivery_limit: int
    copies_kept: int = 10_000

    @property
    def tips(self) -> str:
        """The exchange that the host publishes to; the routing key is a desk's name."""
        return f"{self.prefix}satark.tips"

    @property
    def answers(self) -> str:
        """The exchange that offices publish to, and the queue behind it."""
        return f"{self.prefix}{ANSWERS}"

    @property
    def dead(self) -> str:
        """The exchange of dead letters; the routing key is the name of the queue that they were in."""
        return f"{self.prefix}satark.dead"

    def queue(self, desk: str) -> str:
        """A desk's queue."""
        return f"{self.prefix}{desk}"

    def dead_queue(self, queue: str) -> str:
        """The queue of a queue's dead letters."""
        return f"{queue}.dead"

    async def declare(self, channel: AbstractChannel, desks: Sequence[str], copies: Sequence[str] = ()) -> list[str]:
        """Declare exchanges, queues for these desks and for copies of others' tips, and the answers' queue.

        Give the queues' names.

        Do it when an office is set up: a quorum queue that was declared less than a second before a crash can be lost.

        Raises:
            AMQPError: the user may not, or they are there with other arguments.
        """
        bindings = [(self.tips, desk, self.queue(desk)) for desk in desks]
        bindings.append((self.answers, self.answers, self.answers))
        await channel.declare_exchange(self.dead, ExchangeType.DIRECT, durable=True)
        for exchange, key, name in bindings:
            await channel.declare_exchange(exchange, ExchangeType.DIRECT, durable=True)
            grave = await channel.declare_queue(
                self.dead_queue(name), durable=True, arguments={"x-queue-type": "quorum"}
            )
            await grave.bind(self.dead, name)
            queue = await channel.declare_queue(name, durable=True, arguments=self._arguments(name))
            await queue.bind(exchange, key)
        await channel.declare_exchange(self.tips, ExchangeType.DIRECT, durable=True)
        for desk in copies:
            queue = await channel.declare_queue(self.queue(desk), durable=True, arguments=self._of_copies())
            await queue.bind(self.tips, desk)
        return [name for _, _, name in bindings] + [self.queue(desk) for desk in copies]

    def _of_copies(self) -> FieldTable:
        """The tips lie at the host: what nobody reads makes room for what is newer, and no broker's disk fills up."""
        return {"x-queue-type": "quorum", "x-max-length": self.copies_kept, "x-overflow": "drop-head"}

    def _arguments(self, queue: str) -> FieldTable:
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": self.delivery_limit,
            "x-dead-letter-exchange": self.dead,
            "x-dead-letter-routing-key": queue,
            # A dead letter leaves its queue only once the other one has it.
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
