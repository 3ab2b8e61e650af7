"""The closed loop: the stub Graph API and all the citizens, in one lean process."""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import time
from pathlib import Path

from satark_bench.citizen import Citizen
from satark_bench.contestants import SECRET, Contestant, Site
from satark_bench.graph import GraphConnection
from satark_bench.process import Bot, BotError, free_port, running
from satark_bench.tally import Result, Tally, percentile
from satark_bench.wire import Said, Webhooks


class Town:
    """The citizens by number."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._webhooks = Webhooks(SECRET)
        self._chance = random.Random(1)
        self._numbers = itertools.count(917_000_000_000)
        self._citizens: dict[str, Citizen] = {}

    def citizen(self) -> Citizen:
        """Make a citizen, to be given a connection."""
        return Citizen(self._webhooks, self.tally, self._chance, self._renew)

    def hear(self, said: Said) -> None:
        """Pass on what the bot said to one of them."""
        if said.to:
            self._citizens[said.to.removeprefix("+")].hear(said)

    def unanswered(self) -> int:
        """Count the citizens who wait for a reply that does not come."""
        return sum(citizen.waits() for citizen in set(self._citizens.values()))

    def _renew(self, citizen: Citizen) -> str:
        number = str(next(self._numbers))
        self._citizens[number] = citizen
        return number


async def measure(name: str, prepare: Contestant, citizens: int, seconds: float) -> Result:
    """Run one contestant: a fifth of the time to warm up, then the measured stretch.

    Raises:
        BotError: it did not start, or answered nothing.
    """
    town = Town()
    loop = asyncio.get_running_loop()
    graph = await loop.create_server(lambda: GraphConnection(town.hear), "127.0.0.1", 0)
    graph_url = f"http://127.0.0.1:{graph.sockets[0].getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), free_port(), graph_url)
        with prepare(site) as launch, running(launch.command, launch.environment, site.folder / "log") as bot:
            await asyncio.to_thread(bot.wait_until_it_listens, site.port)
            for _ in range(citizens):
                await loop.create_connection(town.citizen, "127.0.0.1", site.port)
            await asyncio.sleep(seconds / 5)
            result = await _weigh(name, bot, town, seconds)
    graph.close()
    return result


async def _weigh(name: str, bot: Bot, town: Town, seconds: float) -> Result:
    tally = town.tally
    bot_before, driver_before, began = bot.cpu_seconds(), time.process_time(), time.perf_counter()
    tally.reset()
    await asyncio.sleep(seconds)
    taken = len(tally.replies)
    passed = time.perf_counter() - began
    if not taken:
        raise BotError(f"{name} answered nothing: {bot.last_words()}")
    return Result(
        contestant=name,
        messages_per_second=taken / passed,
        cpu_seconds_per_1000=(bot.cpu_seconds() - bot_before) * 1000 / max(taken, 1),
        ack_p50_ms=percentile(tally.acks, 0.5) * 1000,
        ack_p99_ms=percentile(tally.acks, 0.99) * 1000,
        reply_p50_ms=percentile(tally.replies, 0.5) * 1000,
        reply_p99_ms=percentile(tally.replies, 0.99) * 1000,
        rss_mb=bot.rss_bytes() / 1e6,
        driver_cpu_share=(time.process_time() - driver_before) / passed,
        receipts=tally.receipts,
        gave_up=tally.gave_up,
        refused=tally.refused,
        unanswered=town.unanswered(),
    )
