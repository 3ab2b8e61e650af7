"""A pretended police system: takes signed tips as a careful receiver does, answers back, and misbehaves on demand."""

from __future__ import annotations

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

SECRET = "whsec_" + "c2F0YXJrLXRlc3Qtc2VjcmV0LTMyLWJ5dGVzLWxvbmch"


class Fault(msgspec.Struct, frozen=True):
    """How one request is answered instead of being taken."""

    status: int
    headers: Mapping[str, str] = {}
    seconds: float = 0
    """How long the answer waits."""
    taken: bool = False
    """Whether the event counts as taken nevertheless: the answer is lost, and the sender comes again."""


class PoliceReceiver:
    """The receiver. `app` is to be served; every event that came in stands in `events`, by its id.

    Args:
        secret: the common secret.
        choose: gives the fault of the next request, or None; by default the next of `faults`.
        took: hears the id of every event that is taken, as often as it is.
    """

    def __init__(
        self,
        secret: str = SECRET,
        *,
        choose: Callable[[], Fault | None] | None = None,
        took: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[dict[str, str], bytes]] = []
        """Every request whose signature held: headers, body."""
        self.refused = 0
        """Requests whose signature did not hold."""
        self.attempts: Counter[str] = Counter()
        self.faults: deque[Fault] = deque()
        self._hook = Webhook(secret)
        self._came = asyncio.Condition()
        self._callbacks: list[Callable[[dict[str, Any]], None]] = []
        self._choose = choose or self._next_fault
        self._took = took
        self.app = Starlette(routes=[Route("/tips", self._take, methods=["POST"])])

    def on_event(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """Call back with each event that came in, once."""
        self._callbacks.append(callback)

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            self._hook.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            self.refused += 1
            return PlainTextResponse("", 401)
        self.requests.append((dict(request.headers), body))
        fault = self._choose()
        if fault is not None:
            if fault.taken:
                await self._keep(request.headers["webhook-id"], body)
            await asyncio.sleep(fault.seconds)
            return PlainTextResponse("", fault.status, dict(fault.headers))
        await self._keep(request.headers["webhook-id"], body)
        return PlainTextResponse("", 202)

    def _next_fault(self) -> Fault | None:
        return self.faults.popleft() if self.faults else None

    async def _keep(self, message_id: str, body: bytes) -> None:
        async with self._came:
            self.attempts[message_id] += 1
            self._took(message_id)
            if message_id not in self.events:
                self.events[message_id] = event = json.loads(body)
                for callback in self._callbacks:
                    callback(event)
            self._came.notify_all()

    async def wait_for(self, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        """Wait until so many different events came; give them in the order of their coming."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.events) >= count)
            return list(self.events.values())

    def signed(self, body: bytes, message_id: str = "", at: datetime | None = None) -> dict[str, str]:
        """Give the headers under which the police system posts a body; a clock that is off gives another `at`."""
        message_id, at = message_id or uuid4().hex, at or datetime.now(UTC)
        return {
            "content-type": "application/cloudevents+json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._hook.sign(message_id, at, body.decode()),
        }

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Post a body, signed now unless headers are given; give the answer's status and body."""
        async with (
            aiohttp.ClientSession() as client,
            client.post(url, data=body, headers=headers or self.signed(body)) as response,
        ):
            return response.status, await response.read()

    async def answer(self, url: str, kind: str, **data: Any) -> tuple[int, bytes]:
        """Answer about a tip: `kind` is received, assigned or disposition; `data` as the schema has it."""
        return await self.post(url, answer_body(kind, **data))


def answer_body(kind: str, **data: Any) -> bytes:
    """Write an answer as the police system would."""
    event = {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": "urn:police:up",
        "type": f"satark.answer.{kind}",
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False).encode()
