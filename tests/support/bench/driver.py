"""The driver: it runs the stub Graph API, the provider and all citizens in one process."""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

from support.bench.citizen import Citizen
from support.bench.contestants import SECRET, Contestant, Site
from support.bench.graph_api import GraphConnection
from support.bench.photos import Photographers
from support.bench.process import Bot, BotError, MachineLoad, free_port, on_core, running
from support.bench.provider import Provider
from support.bench.results import Counters, Result, percentile
from support.bench.scenarios import Scenario
from support.bench.slow_disk import slow_flush
from support.bench.whatsapp_webhooks import BotMessage, Webhooks

_FLOODER = "917999999999"
_PHOTO_CONNECTIONS = 8
_USUAL_TURNS = 9
"""Number of turns from "Hi" to the receipt by taps."""
_LONGEST_BURST = 120.0
"""Seconds after which a burst that is not answered is given up."""


class Population:
    """All citizens, by phone number."""

    def __init__(self, scenario: Scenario) -> None:
        self.counters = Counters()
        self.sent = 0
        """Number of webhooks. Each one counts once, however often it is delivered."""
        self.burst_is_over = asyncio.Event()
        self._scenario = scenario
        self._webhooks = Webhooks(SECRET)
        self._chance = random.Random(1)
        self._numbers = itertools.count(917_000_000_000)
        self._began = 0.0
        self._citizens: dict[str, Citizen] = {}
        self.photographers = Photographers(scenario.photos, self._renew)

    def begin(self) -> None:
        """Start the clock by which webhooks are due."""
        self._began = time.perf_counter()

    def provider(self) -> Provider:
        """Make the provider's side of a new connection, and its citizens."""
        return Provider(self._citizen, self._webhooks, self.counters, self._scenario, self._due)

    def flooder(self) -> Provider:
        """Make a further connection on which one citizen writes without waiting for answers.

        Its messages are not counted.
        """
        endless, uncounted = self._scenario._replace(burst=1), Counters()

        def citizen() -> Citizen:
            return Citizen(uncounted, self._chance, lambda _: _FLOODER)

        return Provider(citizen, self._webhooks, uncounted, endless, time.perf_counter)

    def photographer(self) -> Provider:
        """Make a further connection on which photos come. They are not counted."""
        endless = self._scenario._replace(burst=1)
        return Provider(self.photographers.sender, self._webhooks, Counters(), endless, self.photographers.due)

    def receive(self, message: BotMessage) -> None:
        """Pass a message of the bot to its recipient."""
        citizen = self._citizens.get(message.to.removeprefix("+"))
        if citizen is not None:
            citizen.receive(message)
        if len(self.counters.replies) >= self._scenario.burst:
            self.burst_is_over.set()

    def unanswered(self) -> int:
        """Count the citizens whose last message has no reply."""
        return sum(citizen.is_unanswered() for citizen in set(self._citizens.values()))

    def _due(self) -> float | None:
        """Return when the next webhook is due; None when a burst is complete."""
        self.sent += 1
        if self._scenario.burst and self.sent > self._scenario.burst:
            return None
        if self._scenario.per_second:
            return self._began + self.sent / self._scenario.per_second
        return time.perf_counter()

    def _citizen(self) -> Citizen:
        return Citizen(self.counters, self._chance, self._renew, first_turns=self._chance.randint(1, _USUAL_TURNS))

    def _renew(self, citizen: Citizen) -> str:
        number = str(next(self._numbers))
        self._citizens[number] = citizen
        return number


class Load:
    """A running contestant, and the citizens who write to it after `begin`."""

    def __init__(self, bot: Bot, port: int, population: Population, scenario: Scenario, citizens: int) -> None:
        self.bot, self.population = bot, population
        self._port, self._scenario, self._citizens = port, scenario, citizens

    async def send_photos(self) -> None:
        """Send the scenario's photos, if it has any, and wait until they are accepted."""
        if self._scenario.photos:
            await self._connect([self.population.photographer] * _PHOTO_CONNECTIONS)
            await asyncio.wait_for(self.population.photographers.are_accepted.wait(), _LONGEST_BURST)

    async def begin(self) -> None:
        """Have all citizens start writing."""
        connections = [self.population.provider] * max(1, self._citizens // self._scenario.batch)
        await self._connect(connections + [self.population.flooder] * self._scenario.flood)

    async def _connect(self, makers: list[Callable[[], Provider]]) -> None:
        for make in makers:
            await asyncio.get_running_loop().create_connection(make, "127.0.0.1", self._port)


@asynccontextmanager
async def prepared(prepare: Contestant, scenario: Scenario, citizens: int) -> AsyncIterator[Load]:
    """Start a contestant with a stub Graph API; both run until the block ends.

    Raises:
        BotError: it did not start.
    """
    population = Population(scenario)
    graph = await asyncio.get_running_loop().create_server(
        lambda: GraphConnection(population.receive, scenario.graph_seconds), "127.0.0.1", 0
    )
    graph_url = f"http://127.0.0.1:{graph.sockets[0].getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), free_port(), graph_url, scenario)
        slow = slow_flush(site.folder, scenario.flush_seconds)
        bot_core, driver_core = (-1, 0) if scenario.is_apart else (None, None)
        with prepare(site) as launch, ExitStack() as stack:
            with on_core(bot_core):
                command = running(launch.command, launch.environment | slow, site.folder / "log")
                bot = stack.enter_context(command)
            stack.enter_context(on_core(driver_core))
            await asyncio.to_thread(bot.wait_until_it_listens, site.port)
            if not scenario.is_unprepared:
                await asyncio.to_thread(bot.wait_until_it_rests)
            load = Load(bot, site.port, population, scenario, citizens)
            await load.send_photos()
            population.begin()
            yield load
    graph.close()


async def measure(name: str, prepare: Contestant, scenario: Scenario, citizens: int, seconds: float) -> Result:
    """Run one contestant in one scenario: warm up for a fifth of the time, then measure.

    A burst is measured completely.

    Raises:
        BotError: the contestant did not start, or answered nothing.
    """
    async with prepared(prepare, scenario, scenario.citizens or citizens) as load:
        measured = Measured(name, load)
        await load.begin()
        if scenario.burst:
            with suppress(TimeoutError):
                await asyncio.wait_for(load.population.burst_is_over.wait(), _LONGEST_BURST)
        else:
            await asyncio.sleep(seconds / 5)
            measured = Measured(name, load)
            await asyncio.sleep(seconds)
        return measured.result()


class Measured:
    """A measurement that starts when the object is made."""

    def __init__(self, name: str, load: Load) -> None:
        self._name, self._bot, self._population = name, load.bot, load.population
        self._population.counters.reset()
        self._load = MachineLoad()
        self._bot_before, self._driver_before = self._bot.cpu_seconds(), time.process_time()
        self._began = time.perf_counter()

    def result(self) -> Result:
        """Return the measurement.

        Raises:
            BotError: nothing was answered.
        """
        counters, bot = self._population.counters, self._bot
        answered = len(counters.replies)
        elapsed = time.perf_counter() - self._began
        bot_seconds, driver_seconds = bot.cpu_seconds() - self._bot_before, time.process_time() - self._driver_before
        if not answered:
            raise BotError(f"{self._name} answered nothing: {bot.log_tail()}")
        return Result(
            contestant=self._name,
            messages_per_second=answered / elapsed,
            cpu_seconds_per_1000=bot_seconds * 1000 / answered,
            ack_p50_ms=percentile(counters.acks, 0.5) * 1000,
            ack_p99_ms=percentile(counters.acks, 0.99) * 1000,
            reply_p50_ms=percentile(counters.replies, 0.5) * 1000,
            reply_p99_ms=percentile(counters.replies, 0.99) * 1000,
            rss_mb=bot.rss_bytes() / 1e6,
            driver_cpu_share=driver_seconds / elapsed,
            foreign_load=self._load.of_others(bot_seconds + driver_seconds),
            receipts=counters.receipts,
            gave_up=counters.gave_up,
            refused=counters.refused,
            unanswered=self._population.unanswered(),
        )
