"""The contract suite notices a sink that breaks the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.sink import Delivery, DeliveryResult, Done, Retry
from satark.testing.contracts.sink import SinkCase, check_sink


class Drawer:
    """A small but whole sink that keeps the contract; the tests break one part of it at a time."""

    name = "drawer"

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.is_open = False

    async def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        assert self.is_open
        self.kept[delivery.idempotency_key] = delivery.document
        return Done()


class Doubling(Drawer):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        self.kept[f"{len(self.kept)}"] = delivery.document
        return Done()


class Forgetful(Drawer):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        return Done()


class Once(Drawer):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        return Retry(reason="again") if delivery.attempt > 1 else await super().deliver(delivery)


class FirstOnly(Drawer):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        self.kept.setdefault(delivery.tip, delivery.document)
        return Done()


class Unwilling(Drawer):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        return Retry(reason="never")


async def test_a_sink_that_keeps_the_contract_passes_and_is_closed(tmp_path: Path) -> None:
    drawer = Drawer()
    await check_sink(SinkCase(sink=drawer, folder=tmp_path, held=lambda: dict(drawer.kept)))
    assert not drawer.is_open


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (Unwilling, "a delivery is not taken"),
        (Forgetful, "has nothing of it"),
        (Once, "not taken when it comes again"),
        (Doubling, "has a second effect"),
        (FirstOnly, "a later revision changes nothing"),
    ],
)
async def test_a_sink_that_breaks_it_is_told_where(tmp_path: Path, broken: type[Drawer], complaint: str) -> None:
    drawer = broken()
    with pytest.raises(AssertionError, match=complaint):
        await check_sink(SinkCase(sink=drawer, folder=tmp_path, held=lambda: dict(drawer.kept)))
