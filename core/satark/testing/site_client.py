"""A browser of a site in the same process, for tests that make thousands of requests.

Starlette's own test client starts a thread and an event loop for each request, which costs 3 ms. That of httpx2 looks
for a library that is not installed at each request, along the whole path.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from starlette.types import ASGIApp

_CLIENT = ("127.0.0.1", 123)


def site_client(app: ASGIApp, base_url: str, headers: Mapping[str, str] | None = None) -> httpx2.Client:
    """Make a client of a site. It follows redirections and keeps cookies; an error of the site is raised here.

    Args:
        app: the site; its lifespan does not run.
        base_url: where it is said to be.
        headers: what each request carries.
    """
    return httpx2.Client(transport=_OneLoop(app), base_url=base_url, headers=headers, follow_redirects=True)


class _OneLoop(httpx2.BaseTransport):
    """Runs each request to its end on an event loop of the client's own."""

    def __init__(self, app: ASGIApp) -> None:
        self._runner = asyncio.Runner()
        self._site = app

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Have the site answer a request."""
        exchange = _Exchange(request.read())
        self._runner.run(exchange.run(self._site, _scope(request)))
        body = b"" if request.method == "HEAD" else bytes(exchange.body)
        return httpx2.Response(exchange.status, headers=exchange.headers, content=body)

    def close(self) -> None:
        """Close the loop."""
        self._runner.close()


class _Exchange:
    """A request's body on its way to the site, and what the site sends back."""

    def __init__(self, sent: bytes) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self._unread = [sent]
        self._answered = asyncio.Event()

    async def run(self, site: ASGIApp, scope: MutableMapping[str, Any]) -> None:
        """Have the site answer."""
        await site(scope, self._receive, self._send)
        if not self._answered.is_set():
            raise AssertionError(f"{scope['path']}: the site gave half an answer")

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._unread:
            return {"type": "http.request", "body": self._unread.pop(), "more_body": False}
        await self._answered.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message.get("headers", [])
            return
        self.body += message.get("body", b"")
        if not message.get("more_body", False):
            self._answered.set()


def _scope(request: httpx2.Request) -> dict[str, Any]:
    """Describe a request to the site, as the specification of ASGI has it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": _CLIENT,
        "root_path": "",
    }
