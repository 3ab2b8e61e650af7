"""Checks a sink's requests to its destination, when the destination fails (S28 to S38)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Protocol

import msgspec

from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, Retry, Sink
from satark_testing.contracts.mutations import echoes, strange_answers, with_another
from satark_testing.contracts.provider_peer import ENDLESS_BYTES, Fault, PeerServer, Reply, Script
from satark_testing.contracts.rules import require
from satark_testing.contracts.sample_tips import WORDS
from satark_testing.contracts.sink_case import SinkPeer

_SECONDS: Final = 4100
"""An unusual waiting time in seconds, longer than any that a sink uses by default."""
_KEY: Final = "idempotency-key"
_LONGEST_SECONDS: Final = 115
"""Seconds after which a sink must give up. The host does after 120."""
_ECHO: Final = f'{{"error": "invalid: {WORDS}"}}'.encode()
"""A destination's error that quotes the tip."""


class Deliveries(Protocol):
    """Makes sample tips and delivers them with the sink."""

    sink: Sink

    async def delivery(self, *, revision: int = 1, tip: str = "a" * 32, attempt: int = 1) -> Delivery:
        """Return a delivery."""

    def plain(self, delivery: Delivery) -> Mapping[str, bytes]:
        """Return the parts of a delivery that a reading destination may show."""

    async def result(self, rule: str, delivery: Delivery, subject: str) -> DeliveryResult:
        """Deliver, and check the result's form."""


async def check_exchanges(deliveries: Deliveries, peer: SinkPeer, server: PeerServer) -> None:
    """Check every request that a delivery makes, with every fault of the destination.

    Raises:
        BrokenRule: the sink breaks a rule.
    """
    exchanges = _Exchanges(deliveries, peer, server)
    replies = await exchanges.genuine()
    for at, reply in enumerate(replies):
        await exchanges.strange_answers(at, reply)
        await exchanges.acknowledgements(at)
        await exchanges.errors(at)
        await exchanges.refusals(at)
        await exchanges.throttling(at)
        await exchanges.redirects(at)
    await exchanges.endless()
    await exchanges.impostor()
    await exchanges.stalled()


class _Exchanges:
    def __init__(self, deliveries: Deliveries, peer: SinkPeer, server: PeerServer) -> None:
        self._deliveries, self._peer, self._server = deliveries, peer, server
        self._count = 0

    async def genuine(self) -> list[Reply]:
        """Deliver a tip, and return the destination's answers."""
        first, other = await self._next(), await self._next()
        keys, replies = list[list[str]](), list[list[Reply]]()
        for delivery in (first, msgspec.structs.replace(first, attempt=2), other):
            self._server.answering(None)
            await self._deliveries.result("S02", delivery, "a tip")
            keys.append([asked.headers.get(_KEY, "") for asked in self._server.received])
            replies.append(list(self._server.replies))
        same = all(one == again for one, again in zip(*keys[:2], strict=False))
        require(same, "S04", "the same tip again", f"another `{_KEY}` than at the first attempt")
        require(not {*keys[0]} & {*keys[2]} - {""}, "S06", "another tip", f"the `{_KEY}` of the first one")
        for asked in self._server.received:
            address = asked.path + "".join(asked.query.values())
            secret = any(one in address for one in self._peer.secrets)
            require(not secret, "S38", f"a request by {asked.method}", "a credential stands in the address")
        return replies[2]

    async def strange_answers(self, at: int, genuine: Reply) -> None:
        """Answer like a stranger, and like the destination for another tip."""
        if not genuine.body:
            return
        for body in strange_answers(genuine.body):
            result, subject = await self._answered(Reply(200, body), at, f"status 200 with {body!r}")
            require(isinstance(result, Retry), "S28", subject, repr(result))
        if self._peer.acknowledges:
            result, subject = await self._answered(genuine, at, "the answer for another tip")
            require(result != Done(), "S29", subject, "Done")

    async def acknowledgements(self, at: int) -> None:
        """Acknowledge a delivery with one field of another: each field in which the genuine answer names it."""
        if not self._peer.acknowledges:
            return
        named, bodies = list[Mapping[str, object]](), list[bytes]()
        for revision in (7, 5):
            self._server.answering(None)
            delivery = await self._next(revision)
            await self._deliveries.result("S02", delivery, f"a tip of revision {revision}")
            if at >= len(self._server.replies):
                return
            named.append(self._names(delivery))
            bodies.append(self._server.replies[at].body)
        for name, path in echoes(bodies, named):
            subject, delivery = f"an acknowledgement with another {name}", await self._next()
            value = str(self._names(delivery)[name])
            self._server.answering(partial(_with_another, path=path, value=value), at)
            result = await self._deliveries.result("S29", delivery, subject)
            require(result != Done(), "S29", subject, "Done")

    def _names(self, delivery: Delivery) -> Mapping[str, object]:
        number = self._deliveries.plain(delivery)["number"].decode()
        names = {"idempotency key": delivery.idempotency_key, "tip": delivery.tip, "number": number}
        return {**names, "revision": delivery.revision, "destination": delivery.destination, "name": delivery.name}

    async def errors(self, at: int) -> None:
        """Fail as a destination fails temporarily, and refuse the credentials."""
        for status in (500, 502, 503, 504):
            result, subject = await self._answered(Reply(status, _ECHO), at, f"status {status}")
            require(isinstance(result, Retry), "S30", subject, repr(result))
        result, subject = await self._answered(self._peer.unauthorized, at, "wrong credentials")
        require(isinstance(result, Retry) and result.down, "S35", subject, repr(result))

    async def refusals(self, at: int) -> None:
        """Refuse the tip."""
        for refusal in (Reply(413, _ECHO), Reply(422, _ECHO), self._peer.refusal):
            result, subject = await self._answered(refusal, at, f"a refusal with {refusal.status}")
            alone = isinstance(result, DeadLetter) or (isinstance(result, Retry) and not result.down)
            require(alone, "S31", subject, repr(result))

    async def throttling(self, at: int) -> None:
        """Ask the sink to wait, with a number of seconds and without."""
        slow = self._peer.throttle(str(_SECONDS))
        result, subject = await self._answered(slow, at, f"throttled for {_SECONDS} seconds")
        after = (result.after if isinstance(result, Retry) and not result.down else None) or 0
        require(_SECONDS <= after <= 2 * _SECONDS, "S32", subject, repr(result))
        for odd in ("soon", "-3", "1e999"):
            result, subject = await self._answered(self._peer.throttle(odd), at, f"throttled for {odd!r} seconds")
            waits = isinstance(result, Retry) and not result.down and 0 <= (result.after or 0) < 1e9  # noqa: PLR2004
            require(waits, "S32", subject, repr(result))

    async def redirects(self, at: int) -> None:
        """Send the sink to another address."""
        for status in (302, 307, 308):
            reply = Reply(status, headers={"Location": f"{self._server.elsewhere}/x"})
            result, subject = await self._answered(reply, at, f"a redirect ({status}) to another address")
            require(not self._server.strayed, "S33", subject, "a request at the other address")
            require(result != Done(), "S33", subject, "Done")

    async def endless(self) -> None:
        """Send an endless answer, and then the usual one."""
        _, subject = await self._answered(Fault.ENDLESS, 0, "an endless answer")
        require(self._server.written < ENDLESS_BYTES, "S36", subject, "all of it was read")
        self._server.answering(None)
        result = await self._deliveries.result("S02", await self._next(), "a tip after faults")
        require(result == Done(), "S02", "a tip after faults", repr(result))

    async def impostor(self) -> None:
        """Offer a certificate that nobody has signed."""
        async with PeerServer(self._peer).serving(impostor=True) as server:
            sink = self._peer.sink(server.url)
            await sink.open()
            try:
                await sink.deliver(await self._next())
            finally:
                await sink.close()
        require(not server.received, "S34", "a server with a certificate of its own", "it got a request")

    async def stalled(self) -> None:
        """Never answer."""
        subject = f"a destination that does not answer for {_LONGEST_SECONDS} seconds"
        work = self._deliveries.sink.deliver(await self._next())
        result = await self._server.stalling(work, _LONGEST_SECONDS, "S37", subject)
        require(isinstance(result, Retry), "S37", subject, repr(result))

    async def _answered(self, script: Script, at: int, subject: str) -> tuple[DeliveryResult, str]:
        """Deliver a new tip while the request with this position gets this answer."""
        delivery = await self._next()
        self._server.answering(script, at)
        where = f"{subject}, to request {at + 1} of a delivery"
        return await self._deliveries.result("S10", delivery, where), where

    async def _next(self, revision: int = 1) -> Delivery:
        self._count += 1
        return await self._deliveries.delivery(tip=f"{self._count:04x}" * 8, revision=revision)


def _with_another(own: Reply, path: Sequence[str | int] | None, value: str) -> Reply:
    return msgspec.structs.replace(own, body=with_another(own.body, path, value))
