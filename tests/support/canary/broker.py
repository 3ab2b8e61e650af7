"""A broker's messages about tips: the values that its operator can list."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import aio_pika

from satark_testing.canary.telling import Value

QUEUES: Final = ("sp", "dig")


class BrokerQueues:
    """The queues of one installation at a RabbitMQ. Implements `satark_testing.canary.worlds.Carrier`.

    Args:
        url: the broker's.
    """

    def __init__(self, url: str) -> None:
        self._url, self._prefix = url, f"canary-{secrets.token_hex(4)}."
        self.environment = {"SATARK_RABBITMQ__URL": url, "SATARK_RABBITMQ__PREFIX": self._prefix}

    async def sent(self) -> list[tuple[str, Value]]:
        """Return each queue's number of messages, and each message's properties, size and content."""
        found: list[tuple[str, Value]] = []
        async with await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            for name in QUEUES:
                queue, number = await channel.get_queue(f"{self._prefix}{name}"), 0
                while message := await queue.get(fail=False):
                    number += 1
                    found += listed(name, message)
                found.append((f"the number of messages of queue {name}", number))
        return found


def listed(queue: str, message: Any) -> Iterator[tuple[str, Value]]:
    """Yield the properties, the size and the content of a message of aio-pika."""
    for name, value in {**message.info(), **message.headers}.items():
        # The prefix of a queue's name differs, and so does the number of a message in the connection that reads it.
        if name not in ("headers", "exchange", "routing_key", "consumer_tag", "delivery_tag", "message_count"):
            number = value.timestamp() if isinstance(value, datetime) else value
            yield f"the {name} of messages of queue {queue}", number if isinstance(number, float) else str(number)
    yield f"the sizes of messages of queue {queue}", len(message.body)
    yield f"the content of messages of queue {queue}", message.body
