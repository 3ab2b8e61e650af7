"""The declarations on the broker: each office has its own queue, and the broker keeps dead letters."""

from __future__ import annotations

from typing import Any

from satark_rabbitmq.topology import Topology


class Declared:
    """A channel, an exchange or a queue that notes what is declared and bound."""

    def __init__(self) -> None:
        self.queues: dict[str, Any] = {}
        self.bindings: set[tuple[str, str, str]] = set()

    async def declare_exchange(self, name: str, kind: Any, *, durable: bool) -> None:
        assert durable

    async def declare_queue(self, name: str, *, durable: bool, arguments: Any) -> Any:
        assert durable
        self.queues[name] = arguments
        return Bound(self, name)


class Bound:
    """A declared queue."""

    def __init__(self, channel: Declared, name: str) -> None:
        self._channel, self._name = channel, name

    async def bind(self, exchange: str, key: str) -> None:
        self._channel.bindings.add((exchange, key, self._name))


async def test_offices_answers_and_copies_have_queues_and_all_names_have_the_prefix() -> None:
    channel: Any = Declared()
    topology = Topology(prefix="up.", delivery_limit=7, copies_kept=5)
    names = await topology.declare(channel, ["lanka"], ["sp"])
    assert names == ["up.lanka", "up.satark.answers", "up.sp"]
    assert set(channel.queues) == {*names, "up.lanka.dead-letters", "up.satark.answers.dead-letters"}
    assert ("up.satark.tips", "lanka", "up.lanka") in channel.bindings
    assert ("up.satark.dead-letters", "up.lanka", "up.lanka.dead-letters") in channel.bindings


async def test_a_dead_lettered_message_is_not_lost_and_copies_do_not_fill_the_disk() -> None:
    channel: Any = Declared()
    await Topology(prefix="", delivery_limit=7, copies_kept=5).declare(channel, ["lanka"], ["sp"])
    office, copies = channel.queues["lanka"], channel.queues["sp"]
    assert (office["x-delivery-limit"], office["x-dead-letter-strategy"]) == (7, "at-least-once")
    assert (copies["x-max-length"], copies["x-overflow"]) == (5, "drop-head")
    assert {arguments["x-queue-type"] for arguments in channel.queues.values()} == {"quorum"}
