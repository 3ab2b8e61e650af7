"""A channel and a sink that follow the script of a test, and a tipster who talks to a whole host without a network."""

from __future__ import annotations

import hmac
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar
from unittest.mock import patch

import msgspec
from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import OperationalError

from satark.api import hookimpl
from satark.api.channel import Endpoint, MediaGone, Outcome, RawRequest, RawResponse
from satark.api.inbound import Address, Batch, Event, Inbound, Malformed, MediaRef, Text
from satark.api.outbound import Accepted, Call, SendResult
from satark.api.prompt import Capabilities, Prompt
from satark.api.sink import Delivery, DeliveryResult, Done
from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.runtime.host import Host

if TYPE_CHECKING:
    from satark.ingest.event import TurnResult
    from satark.runtime.ingest_runtime import IngestRuntime
    from satark.services import Services
    from satark.settings.settings import Settings

ACCOUNT = "script:1"
SECRET = b"script-secret"
LIMIT = 3 * 1024 * 1024
NEUTRAL = b"neutral"
"""The fallback body of a notice."""
_keys = count()


@contextmanager
def database_down(services: Services) -> Iterator[None]:
    """Fail every transaction of the main database during the block, as if its server were down."""

    begin = Connection._begin_impl

    def refuse(connection: Connection, transaction: RootTransaction) -> None:
        if connection.engine.pool is services.main.pool:
            raise OperationalError("BEGIN", None, ConnectionError("database down"))
        begin(connection, transaction)

    # No listener: threads that begin a transaction meanwhile would walk a list that changes.
    with patch.object(Connection, "_begin_impl", refuse):
        yield


class ScriptedChannel:
    """A channel with a scripted provider: `outcomes` are the next results of `send`, `sent` the calls so far."""

    name = "script"
    accounts = (ACCOUNT,)
    capabilities = Capabilities(
        kind="chat",
        text=4096,
        body=1024,
        buttons=3,
        button_label=20,
        rows=10,
        row_label=24,
        row_description=72,
        menu_label=20,
        token=200,
    )
    signature: ClassVar[str] = "x-signature"
    endpoints = (Endpoint(path="/script", methods=("POST",), limit=LIMIT, signature_header=signature),)

    def __init__(self) -> None:
        self.sent: list[tuple[Call, str]] = []
        self.outcomes: deque[SendResult | Exception] = deque()
        self.files: dict[str, bytes | Exception] = {}
        self.discarded: list[str] = []
        self.faults: list[str] = []
        self.opened = self.closed = 0

    @property
    def bodies(self) -> list[bytes]:
        """The bodies of the sent calls, in order."""
        return [call.body for call, _ in self.sent]

    @staticmethod
    def sign(body: bytes) -> str:
        """Return the signature of a webhook body."""
        return hmac.digest(SECRET, body, "sha256").hex()

    def verify(self, raw: RawRequest) -> bool:
        """Compare the signature."""
        return hmac.compare_digest(raw.headers.get(self.signature, "").encode(), self.sign(raw.body).encode())

    def parse(self, raw: RawRequest) -> Batch:
        """Parse a list of [sender, event key, text]."""
        try:
            items = msgspec.json.decode(raw.body, type=list[tuple[str, str, str]])
        except msgspec.MsgspecError:
            raise Malformed from None
        return Batch(inbound=[inbound(sender, Text(body), key) for sender, key, body in items])

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return one call that holds the address and the text."""
        return [Call(account=account, method="say", body=json.dumps([to.reveal(), prompt.text]).encode())]

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return one call, with a neutral fallback."""
        body = self.render(prompt, account, to)[0].body
        return [Call(account=account, method="news", body=body, fallback=NEUTRAL)]

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer with a fixed body."""
        return RawResponse(body=b"accepted")

    async def find_faults(self) -> Sequence[str]:
        """Return `faults`."""
        return self.faults

    async def open(self) -> None:
        """Count the opening."""
        self.opened += 1

    async def close(self) -> None:
        """Count the closing."""
        self.closed += 1

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Record the call; return (or raise) the next of `outcomes`, or accept."""
        self.sent.append((call, call_id))
        outcome = self.outcomes.popleft() if self.outcomes else Accepted()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield the content in `files` under this id, or raise the exception that is there."""
        found = self.files.get(ref.id, MediaGone())
        if isinstance(found, Exception):
            raise found
        yield _chunks(found)

    async def discard(self, ref: MediaRef) -> None:
        """Record the id."""
        self.discarded.append(ref.id)


class ScriptedSink:
    """A sink that returns (or raises) the next of `outcomes`, or `Done`. `delivered` holds its deliveries so far."""

    def __init__(self, name: str = "script") -> None:
        self.name = name
        self.delivered: list[Delivery] = []
        self.outcomes: deque[DeliveryResult | Exception] = deque()
        self.opened = self.closed = 0

    async def open(self) -> None:
        """Count the opening."""
        self.opened += 1

    async def close(self) -> None:
        """Count the closing."""
        self.closed += 1

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Record the delivery; return (or raise) the next of `outcomes`, or `Done`."""
        self.delivered.append(delivery)
        outcome = self.outcomes.popleft() if self.outcomes else Done()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Tipster:
    """A tipster on a `ScriptedChannel`. `text` is the service's newest answer."""

    def __init__(self, runtime: IngestRuntime, channel: ScriptedChannel, address: str = "9140112233") -> None:
        self._ingest = runtime.ingest
        self._channel = channel
        self.address = address
        self.text = ""
        self.results: list[TurnResult] = []

    async def say(self, *texts: str) -> str:
        """Send messages one after the other; return the last answer."""
        for text in texts:
            await self.hear(Text(text))
        return self.text

    async def hear(self, event: Event, key: str = "", also: Sequence[str] = ()) -> TurnResult:
        """Send an event, with a new event key unless one is given, and with further addresses of the sender."""
        batch = Batch(inbound=[inbound(self.address, event, key, also)])
        result = (await self._ingest.ingest(self._channel, batch))[0]
        self.results.append(result)
        for item in result.outgoing:
            self.text = json.loads(item.call.body)[1]
        return result

    async def walk(self, answers: Mapping[str, str], until: str) -> str:
        """Greet, then answer every question by its pattern until an answer matches `until`; return that answer.

        Raises:
            AssertionError: a question matches no pattern.
        """
        await self.say("Hi")
        return await self.walk_on(answers, until)

    async def walk_on(self, answers: Mapping[str, str], until: str) -> str:
        """Answer the current question and the following ones; otherwise as `walk`."""
        while not re.search(until, self.text):
            found = next((answer for pattern, answer in answers.items() if re.search(pattern, self.text)), None)
            if found is None:
                raise AssertionError(f"no answer to: {self.text}")
            await self.say(found)
        return self.text


def scripted_host(
    settings: Settings,
    channel: ScriptedChannel,
    sinks: Sequence[ScriptedSink] = (),
    *,
    plugin: object = None,
    watches_faults: bool = False,
) -> Host:
    """Compose a host with only this channel and these sinks. `plugin` may implement further hooks.

    `watches_faults`: whether it looks for faults by itself, as a real one does every few seconds.

    Raises:
        SettingsError: as `Host` does.
    """
    plugins = Plugins()
    hooks = {"satark_channels": hookimpl(lambda: [channel]), "satark_sinks": hookimpl(lambda: list(sinks))}
    plugins.register(SimpleNamespace(**hooks), "script")
    if plugin is not None:
        plugins.register(plugin, "further")
    with patch.object(compose, "load_plugins", return_value=plugins):
        host = Host(settings, ("web", "worker"))
    if not watches_faults:
        del host.background["faults"], host.background["peers"]
    return host


def inbound(sender: str, event: Event, key: str = "", also: Sequence[str] = ()) -> Inbound:
    """Return one inbound event of a sender."""
    senders = tuple(Address(value) for value in (sender, *also))
    return Inbound(account=ACCOUNT, event_key=key or f"key-{next(_keys)}", senders=senders, event=event)


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]
