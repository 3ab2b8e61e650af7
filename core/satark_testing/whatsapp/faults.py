"""What can go wrong at Meta, on demand: scripted errors, cut connections, slowness."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

Operation = Literal["messages", "media", "download", "delete", "upload"]

_STATUS = {0: 401, 3: 403, 10: 403, 190: 401, 132001: 404, 2: 503, 130429: 429} | dict.fromkeys(
    (1, 131000, 131016, 131045, 131057), 500
)
"""HTTP statuses that go with the codes; 400 for every other one. Source: Meta, "Error codes" (older tables)."""


class Faults:
    """The scripted failures of a peer, taken one a request, in order."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds that every request waits before it is answered."""
        self._waiting: dict[Operation, deque[Response]] = {}

    def fail_next(
        self,
        code: int,
        times: int = 1,
        http_status: int | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        on: Operation = "messages",
        details: str = "scripted",
        subcode: int | None = None,
    ) -> None:
        """Answer the next requests of one kind with an error envelope of this code."""
        for _ in range(times):
            self._queue(on).append(error(code, details, http_status, headers, subcode=subcode))

    def answer_next(self, response: Response, times: int = 1, *, on: Operation = "messages") -> None:
        """Answer the next requests of one kind with this very response: broken JSON, a proxy's page, a redirect."""
        self._queue(on).extend([response] * times)

    def hang_up_next(self, times: int = 1, *, on: Operation = "messages") -> None:
        """Cut the connection in the middle of the next answers of one kind."""
        self._queue(on).extend([HangUp()] * times)

    async def next(self, on: Operation) -> Response | None:
        """Wait the delay, then give the next scripted response, if there is one."""
        if self.delay:
            await asyncio.sleep(self.delay)
        queue = self._waiting.get(on)
        return queue.popleft() if queue else None

    def _queue(self, on: Operation) -> deque[Response]:
        return self._waiting.setdefault(on, deque())


class HangUp(Response):
    """Promises a body and ends before it: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and half of what it promises."""
        headers = [(b"content-length", b"100"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"messag', "more_body": True})


def error(
    code: int,
    details: str,
    http_status: int | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    subcode: int | None = None,
) -> JSONResponse:
    """Build Meta's error envelope."""
    problem: dict[str, Any] = {
        "message": f"(#{code}) {details}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "AkeTqUgVUFv",
    }
    if subcode is not None:
        problem["error_subcode"] = subcode
    return JSONResponse({"error": problem}, http_status or _STATUS.get(code, 400), dict(headers or {}))
