"""The scenarios: what the citizens, the provider, the disk and the database do while a contestant is measured."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

Database: TypeAlias = Literal["SQLite", "PostgreSQL"]


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
    per_second: float = 0.0
    """Webhooks are due at this rate, whatever the bot does, and one that is late counts from when it was due;
    0: each is due at once."""
    flood: int = 0
    """Connections over which one more citizen repeats a text as fast as it is acknowledged. Nothing of it is counted
    but its answers that refuse."""
    photos: int = 0
    """Photos that more citizens have sent before, which are fetched and cleaned meanwhile. They count for nothing."""
    flush_seconds: float = 0.0
    """What each flush to the disk takes longer."""
    stored_tips: int = 0
    """Tips that the databases hold already."""
    parked: int = 0
    """Conversations that wait for their citizens."""
    is_dumped: bool = False
    """Whether a transaction like that of `pg_dump` is open meanwhile."""
    is_unprepared: bool = False
    """Whether people write the moment the bot listens: nothing is in stock, and every code of a receipt is made while
    they write, as in a rush that outlasts the stock."""
    citizens: int = 0
    """So many citizens, whatever was asked for; 0: as many as were asked for."""
    is_apart: bool = False
    """Whether the bot has a core of its own and nothing else, and the driver another."""
    only: Database | None = None
    """The database without which it makes no sense."""


SCENARIOS: Final = {
    "conversations": Scenario("every citizen answers until the receipt, and begins anew"),
    "apart": Scenario("the same with 32 citizens, the bot on one core and they on another", citizens=32, is_apart=True),
    "unprepared": Scenario("the same, with nothing made ahead in quiet times", is_unprepared=True),
    "steady": Scenario("the same, with 1,000 webhooks due in each second", per_second=1000),
    "calm": Scenario("the same, with 50 webhooks due in each second", per_second=50),
    "photos": Scenario("the same, while a thousand photos are fetched and cleaned", per_second=50, photos=1000),
    "slow-graph": Scenario("the same, with a Graph API that takes 150 ms to answer", graph_seconds=0.15),
    "slow-flush": Scenario("the same, with a disk whose flush takes 4 ms longer", flush_seconds=0.004, only="SQLite"),
    "batches": Scenario("the same, with sixteen messages in each webhook", batch=16),
    "redelivery": Scenario("the same, with each webhook delivered twice", deliveries=2),
    "flood": Scenario("the same, while one citizen more writes without end over sixteen connections", flood=16),
    "stored": Scenario(
        "the same, with a million tips and a hundred thousand parked conversations in the databases",
        stored_tips=1_000_000,
        parked=100_000,
    ),
    "dump": Scenario("the same, while a dump of the database is under way", is_dumped=True, only="PostgreSQL"),
    "burst": Scenario("ten thousand people write for the first time at once", burst=10_000),
}
