"""The scenarios: how citizens, provider, disk and database behave while a contestant is measured."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

Database: TypeAlias = Literal["SQLite", "PostgreSQL"]


class Scenario(NamedTuple):
    """One kind of load on a contestant."""

    meaning: str
    graph_seconds: float = 0.0
    """Seconds that the stub Graph API takes to answer."""
    batch: int = 1
    """Messages in one webhook, each from another citizen."""
    deliveries: int = 1
    """Number of times that each webhook is delivered."""
    burst: int = 0
    """Number of new citizens who each send only their first message, as soon as the one before on the connection is
    acknowledged; 0: citizens hold conversations, and wait for each reply."""
    per_second: float = 0.0
    """Number of webhooks per second that are due, independent of the bot. Times count from when a webhook was due; 0:
    each webhook is due at once."""
    flood: int = 0
    """Number of further connections on which one citizen repeats a text as fast as it is acknowledged. Only refusing
    answers are counted."""
    photos: int = 0
    """Number of photos that further citizens sent before. The bot fetches and cleans them meanwhile; they are not
    counted."""
    flush_seconds: float = 0.0
    """Additional seconds of each flush to the disk."""
    stored_tips: int = 0
    """Number of tips that the databases already hold."""
    parked: int = 0
    """Number of conversations that wait for their citizens."""
    is_dumped: bool = False
    """Whether a transaction like that of `pg_dump` is open during the measurement."""
    is_unprepared: bool = False
    """Whether citizens write as soon as the bot listens, before it has prepared any receipt codes."""
    citizens: int = 0
    """Number of citizens, whatever the command line says; 0: the number from the command line."""
    is_apart: bool = False
    """Whether the bot and the driver each run alone on one core."""
    only: Database | None = None
    """The only database for which the scenario makes sense."""


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
