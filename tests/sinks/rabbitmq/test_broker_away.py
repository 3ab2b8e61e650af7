"""A broker that is away uses up no tip's attempts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Self

from satark.api.sink import CarrierError, Done, Retry
from satark_rabbitmq.sink import RabbitMQSink


class Away:
    """A broker that is away, or that takes connections and refuses messages."""

    def __init__(self, *, takes_connections: bool) -> None:
        self.takes_connections, self.broken = takes_connections, False

    def connect(self, url: str) -> Away:
        return self

    async def __aenter__(self) -> Self:
        if not self.takes_connections:
            raise CarrierError("away")
        return self

    async def __aexit__(self, *error: object) -> None:
        """Do nothing."""

    async def publish(self, desk: str, message: bytes) -> None:
        raise CarrierError("refused")


async def test_only_a_broker_that_is_away_is_down() -> None:
    async def send_tip(delivery: Any, publish: Any) -> Done:
        await publish("sp", b"message")
        return Done()

    link: Any = SimpleNamespace(send_tip=send_tip)
    for takes_connections, result in ((False, Retry("away", down=True)), (True, Retry("refused"))):
        carrier: Any = Away(takes_connections=takes_connections)
        context: Any = None
        assert await RabbitMQSink(context, carrier, "amqp://broker", link).deliver(SimpleNamespace()) == result  # type: ignore[arg-type]
