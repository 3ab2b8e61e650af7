"""Makes the connections of aiohttp's clients. With a proxy, all of them go through it, even those of plain http."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

Connect = Callable[[str, int, float | None], Awaitable[socket.socket]]


def make(connect: Connect | None, options: dict[str, Any]) -> TCPConnector:
    """Return a connector with aiohttp's options. If `connect` is given, the connector makes its connections with it."""
    return TunnelConnector(connect, **{"resolver": _AtTheProxy(), **options}) if connect else TCPConnector(**options)


class TunnelConnector(TCPConnector):
    """Makes each connection in a tunnel. aiohttp's own `proxy=` would show the proxy the content of plain http."""

    def __init__(self, connect: Connect, **options: Any) -> None:
        super().__init__(**options)
        self._connect_to = connect

    async def _wrap_create_connection(
        self, *args: Any, addr_infos: Any, **kwargs: Any
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        failed: OSError = ConnectionError("no address")
        for *_, (host, port, *_) in addr_infos:
            try:
                connection = await self._connect_to(host, port, kwargs["timeout"].sock_connect)
            except OSError as error:
                failed = error
            else:
                return await self._wrap_existing_connection(*args, sock=connection, **kwargs)
        raise failed


class _AtTheProxy(AbstractResolver):
    """A resolver that leaves names unchanged: the proxy resolves them."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> Any:
        return [ResolveResult(hostname=host, host=host, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Close nothing."""
