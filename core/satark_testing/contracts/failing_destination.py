"""Checks a sink's requests to its destination, when the destination fails (S28 to S38)."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, Retry
from satark_testing.contracts.certificates import trusted_impostors
from satark_testing.contracts.deliveries import Deliveries
from satark_testing.contracts.mutations import echoes, emptied, strange_answers, with_another
from satark_testing.contracts.provider_peer import ENDLESS_BYTES, TOKEN, Fault, PeerServer, Received, Reply, Script
from satark_testing.contracts.rules import require
from satark_testing.contracts.sink_case import SinkPeer

_SECONDS: Final = 4100
"""An unusual waiting time in seconds, longer than any that a sink uses by default."""
_KEY: Final = "idempotency-key"
_FORBIDDEN: Final = 403
_FILE: Final = "file "
_LONGEST_SECONDS: Final = 115
"""Seconds after which a sink must give up. The host does after 120."""


_CREATING: Final = {"POST", "PATCH"}
"""Methods of which a repetition has a second effect, unless a key tells that it is one (RFC 9110, section 9.2.2)."""
_QUEUED_SECONDS: Final = 0.5
"""Seconds after which a delivery is taken for one that waits until the other has ended."""
_ACTS: Final = ("a delivery", "a revision", "a repetition of a delivery whose answer was lost")


async def check_exchanges(deliveries: Deliveries, peer: SinkPeer, server: PeerServer) -> None:
    """Check every request of every act, with every fault of the destination.

    Raises:
        BrokenRule: the sink breaks a rule.
    """
    exchanges, found = _Exchanges(deliveries, peer, server), "an answer has an `access_token`: give the peer `expire`"
    require(peer.expire or not server.gives_tokens, "S55", "the case", found)
    await exchanges.keys()
    known, empty_handed = set[object](), set[object]()
    for act in _ACTS:
        made = await exchanges.begin(act)
        for at, (asked, reply) in enumerate(made):
            if act == _ACTS[0] or _shape(asked) not in known:
                await exchanges.strange_answers(at, reply)
                await exchanges.acknowledgements(at, is_last=at == len(made) - 1)
                await exchanges.errors(at)
                await exchanges.refusals(at)
                await exchanges.throttling(at)
                await exchanges.redirects(at)
            elif asked.method == "GET" or _form(asked, reply) not in empty_handed:  # a look-up finds something now
                await exchanges.acknowledgements(at, is_last=at == len(made) - 1)
            await exchanges.failures(at)
        known |= {_shape(asked) for asked, _ in made}
        empty_handed = empty_handed or {_form(asked, reply) for asked, reply in made}
    await exchanges.interleaved()
    await exchanges.tokens()
    await exchanges.certificates()
    await exchanges.stalled()


def _shape(asked: Received) -> tuple[str, ...]:
    """Return what two requests have in common that differ only in their ids."""
    return asked.method, *(part for part in asked.path.split("/") if not any(map(str.isdigit, part)))


def _form(asked: Received, reply: Reply) -> tuple[object, ...]:
    """Return what two exchanges have in common of which neither found more than the other."""
    return _shape(asked), emptied(reply.body)


class _Exchanges:
    def __init__(self, deliveries: Deliveries, peer: SinkPeer, server: PeerServer) -> None:
        self._deliveries, self._peer, self._server = deliveries, peer, server
        self._count = self._grown = self._last = 0
        self._act = _ACTS[0]
        self._before: dict[str, object] = {}
        """What the destination held before the present tip."""
        self._tried: tuple[Delivery, Mapping[str, object]]
        """The last delivery, and what the destination held before it."""

    async def keys(self) -> None:
        """Deliver a tip, the same again and another, and compare the keys of their requests."""
        first, other = await self._next(), await self._next()
        keys, every = list[list[str]](), list[set[str]]()
        for delivery in (first, msgspec.structs.replace(first, attempt=2), other):
            self._server.answering(None)
            await self._deliveries.result("S02", delivery, "a tip")
            creating = [asked for asked in self._server.received if asked.method in _CREATING]
            keys.append([asked.headers.get(_KEY, "") for asked in creating])
            every.append({asked.headers.get(_KEY, "") for asked in self._server.received} - {""})
        same = all(one == again for one, again in zip(*keys[:2], strict=False))
        require(same, "S04", "the same tip again", f"another `{_KEY}` than at the first attempt")
        require(not every[0] & every[2], "S06", "another tip", f"the `{_KEY}` of the first one")
        for asked in self._server.received:
            address = asked.path + "".join(asked.query.values())
            secret = any(one in address for one in self._peer.secrets)
            require(not secret, "S38", f"a request by {asked.method}", "a credential stands in the address")

    async def begin(self, act: str) -> list[tuple[Received, Reply]]:
        """Act once, and return each request with the destination's answer."""
        self._act = act
        delivery = await self._prepared()
        self._server.answering(None)
        await self._deliveries.done("S02", delivery, act)
        self._grown = len(self._deliveries.held) - len(self._before)
        made = [*zip(self._server.received, self._server.replies, strict=False)]
        if act == _ACTS[0]:
            self._last = len(made) - 1
        return made

    async def strange_answers(self, at: int, genuine: Reply) -> None:
        """Answer like a stranger. Where that says "nothing found", the sink may go on and deliver the tip."""
        for body in strange_answers(genuine.body) if genuine.body else ():
            result, subject = await self._answered("S28", Reply(200, body), at, f"status 200 with {body!r}")
            retried = isinstance(result, Retry) or (result == Done() and self._is_whole)
            require(retried, "S28", subject, repr(result))

    async def acknowledgements(self, at: int, *, is_last: bool) -> None:
        """Answer as for another tip, and with one field of another: each in which the genuine answer names the tip."""
        if not self._peer.acknowledges:
            return
        named, replies = list[Mapping[str, object]](), list[Reply]()
        for revision in (7, 5):
            delivery = await self._prepared(revision)
            self._server.answering(None)
            await self._deliveries.result("S02", delivery, f"a tip of revision {revision}")
            if at >= len(self._server.replies):
                return
            named.append(self._names(delivery))
            replies.append(self._server.replies[at])
        naming = [*echoes([one.body for one in replies], named)]
        if replies[0].body == replies[1].body and not (naming or is_last):
            return  # such as the answer to a look-up that finds nothing
        result, subject = await self._answered("S29", replies[0], at, "the answer for another tip")
        require(result != Done() or (not is_last and self._is_whole), "S29", subject, "Done")
        for name, path in naming:
            delivery, before = await self._prepared(), self._deliveries.held
            subject, value = f"an acknowledgement with another {name}", str(self._names(delivery)[name])
            self._server.answering(partial(_with_another, path=path, value=value), at)
            result = await self._deliveries.result("S29", delivery, subject)
            self._tried = delivery, before
            mended = not is_last and self._is_whole and not name.startswith(_FILE)
            require(result != Done() or mended, "S29", subject, "Done")

    async def failures(self, at: int) -> None:
        """Break off before and behind the request, and repeat the act: the destination then has it once."""
        for script in (Reply(500), Fault.HANG_UP, Fault.LOST):
            named = script.value if isinstance(script, Fault) else "status 500"
            result, subject = await self._answered("S30", script, at, named)
            require(isinstance(result, Retry), "S30", subject, repr(result))
            self._server.answering(None)
            again = msgspec.structs.replace(self._tried[0], attempt=self._tried[0].attempt + 1)
            await self._deliveries.done("S04", again, f"{subject}, and it is repeated")
            held = self._deliveries.held
            found = f"{len(held) - len(self._before)} items in place of {self._grown}"
            require(len(held) == len(self._before) + self._grown, "S04", f"{subject}, and it is repeated", found)
            self._deliveries.check_arrived(self._tried[0], self._before, "S04")

    @property
    def _forbidden(self) -> Mapping[int, Reply]:
        """What an account without the right gets, unless that is how the destination refuses a tip."""
        return {} if self._peer.refusal.status == _FORBIDDEN else {_FORBIDDEN: Reply(_FORBIDDEN)}

    @property
    def _is_whole(self) -> bool:
        """Whether the destination has the last delivery whole, and no other tip has changed."""
        held = self._deliveries.held
        same = all(held.get(name) == content for name, content in self._before.items())
        return same and self._deliveries.is_whole(*self._tried)

    def _names(self, delivery: Delivery) -> Mapping[str, object]:
        number = self._deliveries.plain(delivery)["number"].decode()
        names: dict[str, object] = {"idempotency key": delivery.idempotency_key, "tip": delivery.tip, "number": number}
        names |= {"revision": delivery.revision, "destination": delivery.destination, "name": delivery.name}
        return names | (self._sums(delivery) if self._act == _ACTS[0] else {})  # later, a look-up may list files

    def _sums(self, delivery: Delivery) -> dict[str, object]:
        """Return the length and the hashes of each file, by which a destination tells what it got."""
        sums = dict[str, object]()
        for name, part in self._deliveries.plain(delivery).items():
            if name.startswith(_FILE):
                digests = {kind: hashlib.new(kind, part).hexdigest() for kind in ("sha256", "md5")}
                sums |= {f"{name}: {kind}": one for kind, one in ({"length": len(part)} | digests).items()}
        return sums

    async def errors(self, at: int) -> None:
        """Fail as a destination fails temporarily, refuse the credentials, and send an endless answer."""
        for status in (500, 502, 503, 504):
            result, subject = await self._answered("S30", Reply(status), at, f"status {status}")
            require(isinstance(result, Retry), "S30", subject, repr(result))
        for refused in {self._peer.unauthorized.status: self._peer.unauthorized, **self._forbidden}.values():
            result, subject = await self._answered("S35", refused, at, f"status {refused.status}: wrong credentials")
            require(isinstance(result, Retry) and result.down, "S35", subject, repr(result))
        _, subject = await self._answered("S36", Fault.ENDLESS, at, "an endless answer")
        require(self._server.written < ENDLESS_BYTES, "S36", subject, "all of it was read")

    async def refusals(self, at: int) -> None:
        """Refuse the tip."""
        for refusal in (Reply(413), Reply(422), self._peer.refusal):
            result, subject = await self._answered("S31", refusal, at, f"a refusal with {refusal.status}")
            alone = isinstance(result, DeadLetter) or (isinstance(result, Retry) and not result.down)
            require(alone, "S31", subject, repr(result))

    async def throttling(self, at: int) -> None:
        """Ask the sink to wait, with a number of seconds and without."""
        slow = self._peer.throttle(str(_SECONDS))
        result, subject = await self._answered("S32", slow, at, f"throttled for {_SECONDS} seconds")
        after = (result.after if isinstance(result, Retry) and not result.down else None) or 0
        require(_SECONDS <= after <= 2 * _SECONDS, "S32", subject, repr(result))
        for odd in ("soon", "-3", "1e999"):
            result, subject = await self._answered(
                "S32", self._peer.throttle(odd), at, f"throttled for {odd!r} seconds"
            )
            waits = isinstance(result, Retry) and not result.down and 0 <= (result.after or 0) < 1e9  # noqa: PLR2004
            require(waits, "S32", subject, repr(result))

    async def redirects(self, at: int) -> None:
        """Send the sink to another address."""
        for status in (302, 307, 308):
            reply = Reply(status, headers={"Location": f"{self._server.elsewhere}/x"})
            result, subject = await self._answered("S33", reply, at, f"a redirect ({status}) to another address")
            require(not self._server.strayed, "S33", subject, "a request at the other address")
            require(result != Done(), "S33", subject, "Done")

    async def interleaved(self) -> None:
        """Deliver a whole tip while another waits for the answer to each of its requests in turn."""
        for at in range(self._last + 1):
            one, other = await self._next(), await self._next()
            before, server = self._deliveries.held, self._server
            subject = f"a tip while another waits at request {at + 1}"
            server.released.clear()
            waiting = await server.begun(self._deliveries.done("S24", one, subject), Fault.LATE, at)
            server.answering(None)
            passing = asyncio.ensure_future(self._deliveries.done("S24", other, subject))
            await asyncio.wait({passing}, timeout=_QUEUED_SECONDS)
            server.released.set()
            await asyncio.gather(waiting, passing)
            for delivery in (one, other):
                self._deliveries.check_arrived(delivery, before, "S24")

    async def tokens(self) -> None:
        """End the sink's token. Then end it again, and give a new one only at the third attempt."""
        expire, server, asked = self._peer.expire, self._server, None
        aside = Reply(307, headers={"Location": f"{server.elsewhere}/x"})
        for script in (None, Reply(500), Reply(400), Reply(200, b"{}"), Fault.HANG_UP, aside, Fault.ENDLESS):
            if expire is None:
                return
            delivery, subject = await self._next(), f"a token that has expired; for a new one {script or 'it'} is given"
            expire()
            server.answering(script, only=asked)
            results = [await self._attempt(delivery, 1, subject), await self._attempt(delivery, 2, subject)]
            require(
                not server.strayed, "S33", "a redirect of the request for a token", "a request at the other address"
            )
            require(server.written < ENDLESS_BYTES, "S36", "an endless answer with a token", "all of it was read")
            made = zip(server.received, server.replies, strict=False)
            asked = asked or next((one for one, own in made if TOKEN in own.body), None)
            if script is not None:
                server.answering(None)
                results.append(await self._attempt(delivery, 3, subject))
            kept = results[-1] == Done() and not any(isinstance(one, DeadLetter) for one in results)
            require(kept, "S55", subject, ", then ".join(map(repr, results)))

    async def _attempt(self, delivery: Delivery, attempt: int, subject: str) -> DeliveryResult:
        return await self._deliveries.result("S55", msgspec.structs.replace(delivery, attempt=attempt), subject)

    async def certificates(self) -> None:
        """Offer a certificate that nobody has signed; then to clients that check certificates one that they trust."""
        subject = "a server with a certificate of its own"
        async with PeerServer(self._peer).serving(impostor=True) as server:
            sink = self._peer.sink(server.url)
            await sink.open()
            try:
                await sink.deliver(await self._next())
                require(not server.received, "S34", subject, "it got a request")
                with trusted_impostors() as careless:
                    result = await sink.deliver(await self._next())
            finally:
                await sink.close()
        require(not careless, "S34", f"{subject}, at any request", "; ".join(careless[:1]))
        require(not server.received or result == Done(), "S34", "a server by TLS", "a request came without TLS")

    async def stalled(self) -> None:
        """Never answer one of the requests."""
        for at in range(self._last + 1):
            subject = (
                f"a destination that does not answer request {at + 1} of a delivery for {_LONGEST_SECONDS} seconds"
            )
            work = self._deliveries.sink.deliver(await self._next())
            result = await self._server.stalling(work, _LONGEST_SECONDS, "S37", subject, at=at)
            require(isinstance(result, Retry), "S37", subject, repr(result))

    async def _answered(self, rule: str, script: Script, at: int, subject: str) -> tuple[DeliveryResult, str]:
        """Act with a new tip while the request with this position gets this answer. An exception breaks `rule`."""
        delivery = await self._prepared()
        self._tried = delivery, self._deliveries.held
        self._server.answering(script, at)
        where = f"{subject}, to request {at + 1} of {self._act}"
        return await self._deliveries.result(rule, delivery, where), where

    async def _prepared(self, revision: int = 0) -> Delivery:
        """Return the delivery of the present act, for a new tip. A sink with tokens has one then."""
        self._server.answering(None)
        if self._peer.expire is not None:
            await self._deliveries.done("S55", await self._next(), "a tip")
        self._before = self._deliveries.held
        self._server.answering(None)
        if self._act == _ACTS[0]:
            return await self._next(revision or 1)
        if self._act == _ACTS[1]:
            first = await self._next()
            await self._deliveries.done("S02", first, "a tip")
            return await self._deliveries.delivery(tip=f"e{self._count:03x}" * 8, revision=revision or 2)
        first = await self._next(revision or 1)
        self._server.answering(Fault.LOST, self._last)
        await self._deliveries.result("S10", first, "a tip")
        return msgspec.structs.replace(first, attempt=2)

    async def _next(self, revision: int = 1) -> Delivery:
        self._count += 1
        return await self._deliveries.delivery(tip=f"e{self._count:03x}" * 8, revision=revision)


def _with_another(own: Reply, path: Sequence[str | int] | None, value: str) -> Reply:
    return msgspec.structs.replace(own, body=with_another(own.body, path, value))
