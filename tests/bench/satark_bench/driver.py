"""The driver: the stub Graph API and all citizens, in one process."""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import time
from pathlib import Path

from satark_bench.citizen import Citizen
from satark_bench.contestants import SECRET, Contestant, Site
from satark_bench.graph_api import GraphConnection
from satark_bench.process import Bot, BotError, free_port, running
from satark_bench.results import Counters, Result, percentile
from satark_bench.webhooks import BotMessage, Webhooks


class Citizens:
    """All citizens, by phone number."""

    def __init__(self) -> None:
        self.counters = Counters()
        self._webhooks = Webhooks(SECRET)
        self._chance = random.Random(1)
        self._numbers = itertools.count(917_000_000_000)
        self._citizens: dict[str, Citizen] = {}

    def citizen(self) -> Citizen:
        """Make a citizen, for a new connection."""
        return Citizen(self._webhooks, self.counters, self._chance, self._renew)

    def receive(self, message: BotMessage) -> None:
        """Pass a message of the bot to its recipient."""
        if message.to:
            self._citizens[message.to.removeprefix("+")].receive(message)

    def unanswered(self) -> int:
        """Count the citizens whose last message has no reply."""
        return sum(citizen.is_unanswered() for citizen in set(self._citizens.values()))

    def _renew(self, citizen: Citizen) -> str:
        number = str(next(self._numbers))
        self._citizens[number] = citizen
        return number


async def measure(name: str, prepare: Contestant, citizens: int, seconds: float) -> Result:
    """Run one contestant: warm up for a fifth of the time, then measure.

    Raises:
        BotError: the contestant did not start, or answered nothing.
    """
    population = Citizens()
    loop = asyncio.get_running_loop()
    graph = await loop.create_server(lambda: GraphConnection(population.receive), "127.0.0.1", 0)
    graph_url = f"http://127.0.0.1:{graph.sockets[0].getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), free_port(), graph_url)
        with prepare(site) as launch, running(launch.command, launch.environment, site.folder / "log") as bot:
            await asyncio.to_thread(bot.wait_until_it_listens, site.port)
            for _ in range(citizens):
                await loop.create_connection(population.citizen, "127.0.0.1", site.port)
            await asyncio.sleep(seconds / 5)
            result = await _measure_running(name, bot, population, seconds)
    graph.close()
    return result


async def _measure_running(name: str, bot: Bot, population: Citizens, seconds: float) -> Result:
    counters = population.counters
    bot_before, driver_before, began = bot.cpu_seconds(), time.process_time(), time.perf_counter()
    counters.reset()
    await asyncio.sleep(seconds)
    answered = len(counters.replies)
    elapsed = time.perf_counter() - began
    if not answered:
        raise BotError(f"{name} answered nothing: {bot.log_tail()}")
    return Result(
        contestant=name,
        messages_per_second=answered / elapsed,
        cpu_seconds_per_1000=(bot.cpu_seconds() - bot_before) * 1000 / max(answered, 1),
        ack_p50_ms=percentile(counters.acks, 0.5) * 1000,
        ack_p99_ms=percentile(counters.acks, 0.99) * 1000,
        reply_p50_ms=percentile(counters.replies, 0.5) * 1000,
        reply_p99_ms=percentile(counters.replies, 0.99) * 1000,
        rss_mb=bot.rss_bytes() / 1e6,
        driver_cpu_share=(time.process_time() - driver_before) / elapsed,
        receipts=counters.receipts,
        gave_up=counters.gave_up,
        refused=counters.refused,
        unanswered=population.unanswered(),
    )
