"""The contract suite notices a sink that breaks the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.sink import Delivery, DeliveryResult, Done, Retry
from satark.testing.contracts.sink import SinkCase, check_sink


class MemorySink:
    """A small, complete sink that keeps the contract; each test breaks one part of it."""

    name = "memory"

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.is_open = False

    async def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        assert self.is_open
        self.content[delivery.idempotency_key] = delivery.document
        return Done()


class RepeatingSink(MemorySink):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        self.content[f"{len(self.content)}"] = delivery.document
        return Done()


class LosingSink(MemorySink):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        return Done()


class RefusesRepetition(MemorySink):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        return Retry(reason="again") if delivery.attempt > 1 else await super().deliver(delivery)


class KeepsFirstRevision(MemorySink):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        self.content.setdefault(delivery.tip, delivery.document)
        return Done()


class RefusesAll(MemorySink):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        return Retry(reason="never")


async def test_a_sink_that_keeps_the_contract_passes_and_is_closed(tmp_path: Path) -> None:
    sink = MemorySink()
    await check_sink(SinkCase(sink=sink, folder=tmp_path, held=lambda: dict(sink.content)))
    assert not sink.is_open


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (RefusesAll, "a delivery is not accepted"),
        (LosingSink, "destination has not changed"),
        (RefusesRepetition, "a repeated delivery is not accepted"),
        (RepeatingSink, "has a second effect"),
        (KeepsFirstRevision, "a later revision changes nothing"),
    ],
)
async def test_each_breach_is_noticed(tmp_path: Path, broken: type[MemorySink], message: str) -> None:
    sink = broken()
    with pytest.raises(AssertionError, match=message):
        await check_sink(SinkCase(sink=sink, folder=tmp_path, held=lambda: dict(sink.content)))
