"""What can go wrong at Telegram, on demand: scripted errors, cut connections, slowness."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from starlette.responses import JSONResponse, Response

from satark_testing.whatsapp.faults import HangUp

ANY = "*"
DOWNLOAD = "(download)"
"""The name under which downloads fail, beside the names of methods."""


class Faults:
    """The scripted failures of a peer, taken one a request, in order."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds that every request waits before it is answered."""
        self._waiting: dict[str, deque[Response]] = {}

    def fail_next(
        self, code: int, description: str = "scripted", times: int = 1, *, on: str = ANY, **parameters: Any
    ) -> None:
        """Answer the next requests of one method with an error; `retry_after=5` goes into its parameters."""
        for _ in range(times):
            self.answer_next(error(code, description, **parameters), on=on)

    def answer_next(self, response: Response, times: int = 1, *, on: str = ANY) -> None:
        """Answer the next requests of one method with this very response: broken JSON, a proxy's page, a redirect."""
        self._waiting.setdefault(on, deque()).extend([response] * times)

    def hang_up_next(self, times: int = 1, *, on: str = ANY) -> None:
        """Cut the connection in the middle of the next answers of one method."""
        self.answer_next(HangUp(), times, on=on)

    async def next(self, method: str) -> Response | None:
        """Wait the delay, then give the next scripted response, if there is one."""
        if self.delay:
            await asyncio.sleep(self.delay)
        queue = self._waiting.get(method) or self._waiting.get(ANY)
        return queue.popleft() if queue else None


def error(code: int, description: str, **parameters: Any) -> JSONResponse:
    """Build Telegram's error envelope."""
    problem: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return JSONResponse({**problem, "parameters": parameters} if parameters else problem, code)
