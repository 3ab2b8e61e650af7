"""A connection of the provider. It delivers the citizens' messages, one webhook at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import httptools

from support.bench.citizen import Citizen
from support.bench.results import Counters
from support.bench.scenarios import Scenario
from support.bench.whatsapp_webhooks import Webhooks

_OK = 200


class Provider(asyncio.Protocol):
    """One connection with the citizens whose messages come over it.

    The next webhook goes out once the last one is acknowledged, as often as it is delivered, and each of its messages
    has its reply; in a burst, once it is acknowledged.
    """

    def __init__(
        self,
        citizen: Callable[[], Citizen],
        webhooks: Webhooks,
        counters: Counters,
        scenario: Scenario,
        due: Callable[[], float | None],
    ) -> None:
        """Deliver webhooks of some citizens.

        Args:
            citizen: makes a citizen.
            webhooks: makes the requests.
            counters: the counters of the run.
            scenario: how webhooks are delivered.
            due: returns when the next webhook is due, by `perf_counter`; None if there are no more.
        """
        self._citizen = citizen
        self._citizens: Sequence[Citizen] = ()
        self._webhooks = webhooks
        self._counters = counters
        self._scenario = scenario
        self._due = due
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.WriteTransport | None = None
        self._request = b""
        self._sent_at = 0.0
        self._acknowledgements = 0
        self._replies = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Deliver the first messages."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._send_when_due()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls `on_message_complete`."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Note the acknowledgement of the webhook, and deliver the webhook again if the scenario says so."""
        self._counters.refused += self._parser.get_status_code() != _OK
        self._counters.acks.append(time.perf_counter() - self._sent_at)
        self._acknowledgements += 1
        if self._acknowledgements < self._scenario.deliveries:
            self._sent_at = time.perf_counter()
            self._deliver()
        else:
            self._go_on()

    def _hear(self) -> None:
        self._replies += 1
        self._go_on()

    def _go_on(self) -> None:
        answered = self._scenario.burst or self._replies == len(self._citizens)
        if answered and self._acknowledgements == self._scenario.deliveries:
            self._send_when_due()

    def _send_when_due(self) -> None:
        due = self._due()
        if due is None:
            return
        self._sent_at = due
        wait = due - time.perf_counter()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
        self._acknowledgements = self._replies = 0
        if self._scenario.burst or not self._citizens:
            self._citizens = [self._citizen() for _ in range(self._scenario.batch)]
        said = [(citizen, citizen.say(self._hear)) for citizen in self._citizens]
        self._request = self._webhooks.request([(citizen.number, message) for citizen, message in said])
        self._deliver()

    def _deliver(self) -> None:
        assert self._transport is not None
        self._transport.write(self._request)
