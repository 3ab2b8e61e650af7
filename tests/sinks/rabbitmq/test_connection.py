"""Connections to a real broker: a message counts only once confirmed, and a killed broker loses none."""

from __future__ import annotations

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import pytest

from satark.api.background import keep_running
from satark.api.sink import Carrier, CarrierConnection, CarrierError, MessageRejected
from satark_rabbitmq import connection as module
from satark_rabbitmq.connection import BrokerConnection, RabbitMQ, Topology
from satark_rabbitmq.settings import RabbitMQSettings
from satark_testing.waiting import limit, until
from support.peers.rabbitmq import Broker
from support.queued import until_queued

pytestmark = pytest.mark.needs("rabbitmq")


def carrier(**options: Any) -> RabbitMQ:
    """Make a carrier. No other test uses its queues' names."""
    return RabbitMQ(RabbitMQSettings(prefix=f"{secrets.token_hex(4)}.", **options))


@asynccontextmanager
async def declared(broker: Broker, **options: Any) -> AsyncIterator[tuple[RabbitMQ, BrokerConnection]]:
    mq = carrier(**options)
    async with mq.connect(broker.url) as connection:
        await connection.declare(["sp"])
        yield mq, connection


class Recorder:
    """A message handler that records messages, and raises the failures that a test has planned for some messages."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.failures: dict[bytes, list[Exception]] = {}

    async def handle(self, message: bytes) -> None:
        """Record a message, or raise its next planned failure."""
        if self.failures.get(message):
            raise self.failures[message].pop(0)
        self.received.append(message)


class Holder(Recorder):
    """A message handler that never ends."""

    async def handle(self, message: bytes) -> None:
        """Record a message, and hold it."""
        await super().handle(message)
        await asyncio.Event().wait()


@asynccontextmanager
async def consuming(connection: BrokerConnection, recorder: Recorder) -> AsyncIterator[None]:
    task = asyncio.create_task(connection.consume("sp", recorder.handle))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_the_carrier_implements_the_contract() -> None:
    assert isinstance(carrier(), Carrier)
    assert isinstance(BrokerConnection(None, carrier().topology), CarrierConnection)  # type: ignore[arg-type]


async def test_messages_are_delivered_once_with_no_header_but_a_random_id(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (mq, connection):
        await connection.publish("sp", b"sealed")
        reading = await aio_pika.connect(rabbitmq.url)
        async with reading:
            channel = await reading.channel()
            queue = await channel.get_queue(mq.topology.queue("sp"))
            message = await queue.get()
            assert message is not None
            headers = {key: value for key, value in message.info().items() if value not in (None, {}, "", "None", 0)}
            await message.nack(requeue=True)
        assert headers.pop("delivery_mode") == 2
        assert len(str(headers.pop("message_id"))) == 32
        assert headers == {"exchange": mq.topology.tips, "routing_key": "sp", "delivery_tag": 1, "body_size": 6}
        recorder = Recorder()
        async with consuming(connection, recorder):
            await until(lambda: recorder.received == [b"sealed"])


async def test_a_message_that_reaches_no_queue_fails_and_the_connection_stays_usable(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (_, connection):
        with pytest.raises(CarrierError, match="satark rabbitmq declare"):
            await connection.publish("nowhere", b"x")
        assert not connection.broken
        await connection.publish("sp", b"x")


async def test_without_declared_queues_nothing_can_be_published_or_consumed(rabbitmq: Broker) -> None:
    async with carrier().connect(rabbitmq.url) as connection:
        with pytest.raises(CarrierError):
            await connection.publish("sp", b"x")
        assert connection.broken
    async with carrier().connect(rabbitmq.url) as connection:
        with pytest.raises(CarrierError):
            await connection.consume("sp", Recorder().handle)


@pytest.mark.full("a broker of its own")
async def test_a_rejected_message_becomes_a_dead_letter_and_can_be_requeued(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (mq, connection):
        recorder = Recorder()
        recorder.failures[b"poison"] = [MessageRejected("seal")]
        async with consuming(connection, recorder):
            for body in (b"before", b"poison", b"after"):
                await connection.publish("sp", body)
            await until(lambda: set(recorder.received) == {b"before", b"after"})
            dead_letters = mq.topology.dead_letter_queue(mq.topology.queue("sp"))
            await until_queued(rabbitmq, dead_letters, 1)
            assert await connection.requeue_dead_letters(mq.topology.queue("sp")) == 1
            await until(lambda: b"poison" in recorder.received)
        assert await connection.requeue_dead_letters(mq.topology.queue("sp")) == 0


async def test_a_message_that_the_consumer_rejects_again_is_moved_once(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (mq, connection):
        recorder = Recorder()
        recorder.failures[b"poison"] = [MessageRejected("seal")] * 1000
        async with consuming(connection, recorder):
            dead_letters = mq.topology.dead_letter_queue(mq.topology.queue("sp"))
            await connection.publish("sp", b"poison")
            await until_queued(rabbitmq, dead_letters, 1)
            async with limit():
                assert await connection.requeue_dead_letters(mq.topology.queue("sp")) == 1
            await until_queued(rabbitmq, dead_letters, 1)


async def test_a_message_whose_handler_fails_is_retried_and_holds_up_no_other(
    rabbitmq: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    async with declared(rabbitmq) as (_, connection):
        recorder = Recorder()
        recorder.failures[b"slow"] = [OSError("planted")] * 1000
        async with consuming(connection, recorder):
            await connection.publish("sp", b"slow")
            await until(lambda: len(recorder.failures[b"slow"]) < 999)
            await connection.publish("sp", b"quick")
            await until(lambda: recorder.received == [b"quick"])
            recorder.failures.clear()
            await until(lambda: recorder.received == [b"quick", b"slow"])


async def test_a_message_that_kills_its_consumer_is_delivered_up_to_the_limit(rabbitmq: Broker) -> None:
    async with declared(rabbitmq, delivery_limit=3) as (mq, connection):
        await connection.publish("sp", b"deadly")
        given = 0
        is_dead = False
        while not is_dead:
            async with limit(), mq.connect(rabbitmq.url) as victim:
                holder = Holder()
                async with consuming(victim, holder):
                    while not (is_dead or holder.received):
                        is_dead = await connection.requeue_dead_letters(mq.topology.queue("sp")) > 0
                given += not is_dead
        assert given == 4


@pytest.mark.full("a broker of its own")
async def test_an_offices_user_can_not_write_to_another_office_or_read_its_queue(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (mq, connection):
        await connection.declare(["sp", "dig"])
        prefix = mq.topology.settings.prefix.replace(".", r"\.")
        await rabbitmq.ctl("add_user", mq.topology.settings.prefix, "secret")
        allowed = ("^$", rf"^{prefix}satark\.answers$", f"^{prefix}sp$")
        await rabbitmq.ctl("set_permissions", mq.topology.settings.prefix, *allowed)
        async with mq.connect(rabbitmq.url.replace("guest:guest", f"{mq.topology.settings.prefix}:secret")) as office:
            await office.publish_answer(b"mine")
            recorder = Recorder()
            await connection.publish("sp", b"for sp")
            async with consuming(office, recorder):
                await until(lambda: recorder.received == [b"for sp"])
            with pytest.raises(CarrierError):
                await office.publish("dig", b"forged")
            with pytest.raises(CarrierError):
                await office.consume("dig", recorder.handle)


@pytest.mark.full("crashes")
async def test_a_broker_killed_in_mid_stream_loses_nothing(rabbitmq: Broker) -> None:
    mq, recorder = carrier(), Recorder()
    async with mq.connect(rabbitmq.url) as connection:
        await connection.declare(["sp"])
    # A queue declared just before a crash could be lost: operators declare at deploy time.
    await rabbitmq.ctl("eval", "ok = mnesia:sync_log().")
    everything = [f"{n}".encode() for n in range(120)]
    sending = asyncio.create_task(publish_all(mq, rabbitmq.url, everything))
    receiving = asyncio.create_task(keep_running("test", lambda: receive(mq, rabbitmq.url, recorder)))
    try:
        for _ in range(2):
            seen = len(recorder.received)
            await until(lambda seen=seen: len(recorder.received) >= seen + 20)  # type: ignore[misc]
            await rabbitmq.kill()
            await rabbitmq.start()
        async with limit():
            await sending
        await until(lambda: set(recorder.received) == set(everything))
    finally:
        receiving.cancel()
        sending.cancel()
        await asyncio.gather(receiving, sending, return_exceptions=True)


async def receive(mq: RabbitMQ, url: str, recorder: Recorder) -> None:
    async with mq.connect(url) as connection:
        await connection.consume("sp", recorder.handle)


async def publish_all(mq: RabbitMQ, url: str, bodies: list[bytes]) -> None:
    """Publish as the sink does: publish unconfirmed messages again, on a new connection."""
    waiting = list(bodies)
    while waiting:
        try:
            async with mq.connect(url) as connection:
                while waiting:
                    await connection.publish("sp", waiting[0])
                    del waiting[0]
                    await asyncio.sleep(0.01)
        except CarrierError:
            await asyncio.sleep(0.1)


async def test_a_failed_connection_is_closed_before_its_destructor_runs() -> None:
    gc.collect()  # what other tests left behind
    with pytest.raises(CarrierError):
        async with carrier().connect("amqp://127.0.0.1:1/"):
            pass
    await asyncio.to_thread(gc.collect)  # in another thread, where a warning is an error of this test


async def test_the_error_for_an_absent_broker_does_not_hold_the_password() -> None:
    with pytest.raises(CarrierError) as failure:
        async with carrier().connect("amqp://guest:a-password@127.0.0.1:1/"):
            pass
    assert "a-password" not in f"{failure.value!r} {failure.value.__cause__}"


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("amqps://user:secret@broker.example/vhost", True),
        ("amqp://127.0.0.1/", True),
        ("amqp://user:secret@broker.example/", False),
        ("http://broker.example", False),
    ],
)
def test_a_url_that_sends_the_password_in_plain_text_is_refused(url: str, *, good: bool) -> None:
    check: Callable[[str], None] = carrier().check
    if good:
        check(url)
        return
    with pytest.raises(ValueError, match="amqps"):
        check(url)


class Declared:
    """A channel, an exchange or a queue that records declarations and bindings."""

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
    topology = Topology(RabbitMQSettings(prefix="up.", delivery_limit=7, copies_kept=5))
    names = await topology.declare(channel, ["lanka"], ["sp"])
    assert names == ["up.lanka", "up.satark.answers", "up.sp"]
    assert set(channel.queues) == {*names, "up.lanka.dead-letters", "up.satark.answers.dead-letters"}
    assert ("up.satark.tips", "lanka", "up.lanka") in channel.bindings
    assert ("up.satark.dead-letters", "up.lanka", "up.lanka.dead-letters") in channel.bindings


async def test_a_dead_lettered_message_is_not_lost_and_copies_do_not_fill_the_disk() -> None:
    channel: Any = Declared()
    await Topology(RabbitMQSettings(delivery_limit=7, copies_kept=5)).declare(channel, ["lanka"], ["sp"])
    office, copies = channel.queues["lanka"], channel.queues["sp"]
    assert (office["x-delivery-limit"], office["x-dead-letter-strategy"]) == (7, "at-least-once")
    assert (copies["x-max-length"], copies["x-overflow"]) == (5, "drop-head")
    assert copies["x-message-ttl"] == 30 * 86_400_000, "a tip that was erased lives on in no queue that nobody reads"
    assert {arguments["x-queue-type"] for arguments in channel.queues.values()} == {"quorum"}
