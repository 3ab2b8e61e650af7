"""The scenarios: what the citizens, the provider and its webhooks do while a contestant is measured."""

from __future__ import annotations

from typing import Final, NamedTuple


class Scenario(NamedTuple):
    """One way to put a load on a contestant."""

    meaning: str
    graph_seconds: float = 0.0
    """How long the stub Graph API takes to answer."""
    batch: int = 1
    """Messages in one webhook, each of another citizen."""
    deliveries: int = 1
    """How often each webhook is delivered."""
    burst: int = 0
    """First messages of so many new citizens, each sent as soon as the one before it on its connection is acknowledged;
    0: conversations, each of whose messages waits for the reply to the one before it."""


SCENARIOS: Final = {
    "conversations": Scenario("every citizen answers until the receipt, and begins anew"),
    "slow-graph": Scenario("the same, with a Graph API that takes 150 ms to answer", graph_seconds=0.15),
    "batches": Scenario("the same, with sixteen messages in each webhook", batch=16),
    "redelivery": Scenario("the same, with each webhook delivered twice", deliveries=2),
    "burst": Scenario("ten thousand people write for the first time at once", burst=10_000),
}
