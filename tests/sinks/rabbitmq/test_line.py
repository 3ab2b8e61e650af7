"""A line to a real broker: nothing counts before it is confirmed, and nothing is lost when the broker is killed."""

from __future__ import annotations

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import pytest

from satark.backoff import keep_running
from satark.carrier import Carrier, CarrierConnection, NotCarried, Refused
from satark.testing.peers.rabbitmq import Broker
from satark.testing.scripted import until
from satark_rabbitmq import line as room
from satark_rabbitmq.line import BrokerConnection, RabbitMQ
from satark_rabbitmq.settings import RabbitMQSettings

pytestmark = pytest.mark.needs("rabbitmq")


def carrier(**options: Any) -> RabbitMQ:
    """A carrier whose queues no other test has."""
    return RabbitMQ(RabbitMQSettings(prefix=f"{secrets.token_hex(4)}.", **options))


@asynccontextmanager
async def declared(broker: Broker, **options: Any) -> AsyncIterator[tuple[RabbitMQ, BrokerConnection]]:
    mq = carrier(**options)
    async with mq.line(broker.url) as line:
        await line.declare(["sp"])
        yield mq, line


class Taker:
    """Takes messages, and does with some of them what a test says."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.failures: dict[bytes, list[Exception]] = {}

    async def take(self, message: bytes) -> None:
        """Take one."""
        if self.failures.get(message):
            raise self.failures[message].pop(0)
        self.taken.append(message)


@asynccontextmanager
async def consuming(line: BrokerConnection, taker: Taker) -> AsyncIterator[None]:
    task = asyncio.create_task(line.consume("sp", taker.take))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_it_is_what_the_contract_asks_for() -> None:
    assert isinstance(carrier(), Carrier)
    assert isinstance(BrokerConnection(None, carrier().topology, 1), CarrierConnection)  # type: ignore[arg-type]


async def test_messages_arrive_once_and_say_nothing_in_their_headers(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (mq, line):
        await line.publish("sp", b"sealed")
        connection = await aio_pika.connect(rabbitmq.url)
        async with connection:
            channel = await connection.channel()
            queue = await channel.get_queue(mq.topology.queue("sp"))
            message = await queue.get()
            assert message is not None
            said = {key: value for key, value in message.info().items() if value not in (None, {}, "", "None", 0)}
            await message.nack(requeue=True)
        assert said.pop("delivery_mode") == 2
        assert len(str(said.pop("message_id"))) == 32
        assert said == {"exchange": mq.topology.tips, "routing_key": "sp", "delivery_tag": 1, "body_size": 6}
        taker = Taker()
        async with consuming(line, taker):
            await until(lambda: taker.taken == [b"sealed"])


async def test_what_no_queue_takes_does_not_count_as_sent_and_the_line_stays_good(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (_, line):
        with pytest.raises(NotCarried, match="satark rabbitmq declare"):
            await line.publish("nowhere", b"x")
        assert not line.broken
        await line.publish("sp", b"x")


async def test_before_anything_is_declared_nothing_can_be_sent(rabbitmq: Broker) -> None:
    async with carrier().line(rabbitmq.url) as line:
        with pytest.raises(NotCarried):
            await line.publish("sp", b"x")
        assert line.broken
    async with carrier().line(rabbitmq.url) as line:
        with pytest.raises(NotCarried):
            await line.consume("sp", Taker().take)


async def test_a_refused_message_is_a_dead_letter_and_can_be_put_back(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (mq, line):
        taker = Taker()
        taker.failures[b"poison"] = [Refused("seal")]
        async with consuming(line, taker):
            for body in (b"before", b"poison", b"after"):
                await line.publish("sp", body)
            await until(lambda: set(taker.taken) == {b"before", b"after"})
            dead = mq.topology.dead_queue(mq.topology.queue("sp"))
            await rabbitmq.until_queued(dead, 1)
            assert await line.revive(mq.topology.queue("sp")) == 1
            await until(lambda: b"poison" in taker.taken)
        assert await line.revive(mq.topology.queue("sp")) == 0


async def test_what_can_not_be_taken_now_is_taken_later_and_holds_up_nobody(
    rabbitmq: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "AGAIN_SECONDS", 0.05)
    async with declared(rabbitmq) as (_, line):
        taker = Taker()
        taker.failures[b"slow"] = [OSError("planted")] * 5
        async with consuming(line, taker):
            await line.publish("sp", b"slow")
            await line.publish("sp", b"quick")
            await until(lambda: len(taker.taken) == 2)
        assert taker.taken == [b"quick", b"slow"]


async def test_an_office_that_dies_of_a_message_gets_it_only_so_often(rabbitmq: Broker) -> None:
    async with declared(rabbitmq, delivery_limit=3) as (mq, line):
        await line.publish("sp", b"deadly")
        given = 0
        async with asyncio.timeout(30):
            while not await line.revive(mq.topology.queue("sp")):
                async with mq.line(rabbitmq.url) as victim:
                    held = asyncio.Event()

                    async def hold(_: bytes, held: asyncio.Event = held) -> None:
                        held.set()
                        await asyncio.Event().wait()

                    task = asyncio.create_task(victim.consume("sp", hold))
                    await asyncio.wait([asyncio.ensure_future(held.wait())], timeout=0.5)
                    given += held.is_set()
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
        assert given == 4


async def test_an_offices_user_can_not_write_to_another_office_or_read_its_queue(rabbitmq: Broker) -> None:
    async with declared(rabbitmq) as (mq, line):
        await line.declare(["sp", "dig"])
        prefix = mq.topology.prefix.replace(".", r"\.")
        await rabbitmq.ctl("add_user", mq.topology.prefix, "secret")
        allowed = ("^$", rf"^{prefix}satark\.answers$", f"^{prefix}sp$")
        await rabbitmq.ctl("set_permissions", mq.topology.prefix, *allowed)
        async with mq.line(rabbitmq.url.replace("guest:guest", f"{mq.topology.prefix}:secret")) as office:
            await office.answer(b"mine")
            taker = Taker()
            await line.publish("sp", b"for sp")
            async with consuming(office, taker):
                await until(lambda: taker.taken == [b"for sp"])
            with pytest.raises(NotCarried):
                await office.publish("dig", b"forged")
            with pytest.raises(NotCarried):
                await office.consume("dig", taker.take)


async def test_a_broker_killed_in_mid_stream_loses_nothing(rabbitmq: Broker) -> None:
    mq, taker = carrier(), Taker()
    async with mq.line(rabbitmq.url) as line:
        await line.declare(["sp"])
    await asyncio.sleep(1.5)  # a queue declared just before a crash could be lost: operators declare at deploy time
    everything = [f"{n}".encode() for n in range(120)]
    sending = asyncio.create_task(persistently(mq, rabbitmq.url, everything))
    receiving = asyncio.create_task(keep_running("test", lambda: receive(mq, rabbitmq.url, taker)))
    try:
        for _ in range(2):
            seen = len(taker.taken)
            await until(lambda seen=seen: len(taker.taken) >= seen + 20)  # type: ignore[misc]
            await rabbitmq.kill()
            await rabbitmq.start()
        async with asyncio.timeout(60):
            await sending
        await until(lambda: set(taker.taken) == set(everything))
    finally:
        receiving.cancel()
        sending.cancel()
        await asyncio.gather(receiving, sending, return_exceptions=True)


async def receive(mq: RabbitMQ, url: str, taker: Taker) -> None:
    async with mq.line(url) as line:
        await line.consume("sp", taker.take)


async def persistently(mq: RabbitMQ, url: str, bodies: list[bytes]) -> None:
    """Send as the sink does: what was not confirmed is sent again, on a new line."""
    waiting = list(bodies)
    while waiting:
        try:
            async with mq.line(url) as line:
                while waiting:
                    await line.publish("sp", waiting[0])
                    del waiting[0]
                    await asyncio.sleep(0.01)
        except NotCarried:
            await asyncio.sleep(0.1)


async def test_a_connection_that_never_came_about_leaves_nothing_to_its_destructor() -> None:
    gc.collect()  # what other tests left behind
    with pytest.raises(NotCarried):
        async with carrier().line("amqp://127.0.0.1:1/"):
            pass
    await asyncio.to_thread(gc.collect)  # in another thread, where a warning is an error of this test


async def test_a_broker_that_is_not_there_is_said_so_without_its_password() -> None:
    with pytest.raises(NotCarried) as failure:
        async with carrier().line("amqp://guest:a-password@127.0.0.1:1/"):
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
def test_a_password_never_goes_over_a_network_in_plain(url: str, *, good: bool) -> None:
    check: Callable[[str], None] = carrier().check
    if good:
        check(url)
        return
    with pytest.raises(ValueError, match="amqps"):
        check(url)
