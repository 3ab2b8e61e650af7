"""A simulated police system: it checks and receives signed tips, answers them, and fails on demand."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from satark_testing.waiting import limit

SECRET = "whsec_" + "c2F0YXJrLXRlc3Qtc2VjcmV0LTMyLWJ5dGVzLWxvbmch"


class Fault(msgspec.Struct, frozen=True):
    """The response to one request, in place of its acceptance."""

    status: int
    headers: Mapping[str, str] = {}
    seconds: float = 0
    """Seconds before the response."""
    body: str = ""
    """The whole response. The sender counts it as an acknowledgement only if it holds the event's id."""
    accepted: bool = False
    """Whether the receiver accepts the event although the response fails. The sender then sends the event again."""


class PoliceReceiver:
    """The receiver of events. Serve `app`; `events` holds every accepted event by its id.

    Args:
        secret: the shared secret.
        choose: returns the fault of the next request, or None; by default the next of `faults`.
        on_accepted: called with the id of every accepted event, each time that it is accepted.
    """

    def __init__(
        self,
        secret: str = SECRET,
        *,
        choose: Callable[[], Fault | None] | None = None,
        on_accepted: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[dict[str, str], bytes]] = []
        """Headers and body of every request with a valid signature."""
        self.refused = 0
        """Number of requests with an invalid signature."""
        self.attempts: Counter[str] = Counter()
        self.faults: deque[Fault] = deque()
        self._hook = Webhook(secret)
        self._accepted = asyncio.Condition()
        self._callbacks: list[Callable[[dict[str, Any]], None]] = []
        self._choose = choose or (lambda: self.faults.popleft() if self.faults else None)
        self._on_accepted = on_accepted
        self.app = Starlette(routes=[Route("/tips", self._receive, methods=["POST"])])

    def on_event(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """Register a callback that gets each accepted event once."""
        self._callbacks.append(callback)

    def forget(self) -> None:
        """Forget all received requests and all faults to come."""
        for kept in (self.events, self.requests, self.attempts, self.faults):
            kept.clear()
        self.refused = 0

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        try:
            self._hook.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            self.refused += 1
            return PlainTextResponse("", 401)
        self.requests.append((dict(request.headers), body))
        fault = self._choose()
        if fault is not None:
            if fault.accepted:
                await self._accept(request.headers["webhook-id"], body)
            await asyncio.sleep(fault.seconds)
            return PlainTextResponse(fault.body, fault.status, dict(fault.headers))
        await self._accept(request.headers["webhook-id"], body)
        return PlainTextResponse(request.headers["webhook-id"], 202)

    async def _accept(self, message_id: str, body: bytes) -> None:
        async with self._accepted:
            self.attempts[message_id] += 1
            self._on_accepted(message_id)
            if message_id not in self.events:
                self.events[message_id] = event = json.loads(body)
                for callback in self._callbacks:
                    callback(event)
            self._accepted.notify_all()

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many different events are accepted; return them in the order of arrival."""
        async with limit(), self._accepted:
            await self._accepted.wait_for(lambda: len(self.events) >= count)
            return list(self.events.values())

    def signed(self, body: bytes, message_id: str = "", at: datetime | None = None) -> dict[str, str]:
        """Return the headers with which the police system posts a body. `at` is its clock; the default is now."""
        message_id, at = message_id or uuid4().hex, at or datetime.now(UTC)
        return {
            "content-type": "application/cloudevents+json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._hook.sign(message_id, at, body.decode()),
        }

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Post a body, signed now unless headers are given; return the response's status and body."""
        async with (
            aiohttp.ClientSession() as client,
            client.post(url, data=body, headers=headers or self.signed(body)) as response,
        ):
            return response.status, await response.read()

    async def answer(self, url: str, kind: str, **data: Any) -> tuple[int, bytes]:
        """Post an answer about a tip. `kind` is received, assigned or disposition; `data` follows the schema."""
        return await self.post(url, answer_body(kind, **data))


def answer_body(kind: str, **data: Any) -> bytes:
    event = {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": "urn:police:up",
        "type": f"satark.answer.{kind}",
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False).encode()
