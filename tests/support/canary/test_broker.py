"""The values of a message that a broker's operator can list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from support.canary.broker import BrokerQueues, listed


class Message:
    """A message of aio-pika."""

    headers: ClassVar[dict[str, Any]] = {"kind": "tip"}
    body = b"frame"

    def info(self) -> dict[str, Any]:
        return {
            "timestamp": datetime.fromtimestamp(90, UTC),
            "priority": 0,
            "message_id": "ab",
            "exchange": "canary-1.",
        }


def test_properties_sizes_and_times_are_listed_without_the_queues_prefix() -> None:
    found = dict(listed("sp", Message()))
    assert found["the timestamp of messages of queue sp"] == 90.0
    assert found["the kind of messages of queue sp"] == "tip"
    assert found["the sizes of messages of queue sp"] == 5
    assert "canary-1." not in found.values()


def test_each_world_has_queues_of_its_own() -> None:
    one, other = BrokerQueues("amqp://broker"), BrokerQueues("amqp://broker")
    assert one.environment["SATARK_RABBITMQ__URL"] == "amqp://broker"
    assert one.environment["SATARK_RABBITMQ__PREFIX"] != other.environment["SATARK_RABBITMQ__PREFIX"]
