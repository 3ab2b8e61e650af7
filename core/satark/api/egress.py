"""How this process reaches other machines: directly, or through the proxy that the setting `proxy_url` names."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from aiohttp import TCPConnector

__all__ = ["egress_connector", "open_connection"]

_LARGEST_HEAD: Final = 16 * 1024
_NEXT_ADDRESS_SECONDS: Final = 0.25
"""Seconds to try one address of a host before the next address is tried at the same time (RFC 8305, section 5)."""
_proxy = urlsplit("")


def use_proxy(url: str) -> None:
    """Let all connections of this process go through a proxy; empty: directly. `Settings` calls this."""
    global _proxy  # noqa: PLW0603 - one per process: no client can forget it
    _proxy = urlsplit(url)


def proxy_url() -> str:
    """Return the proxy's address, for clients that are not of Python; empty: there is none."""
    return _proxy.geturl()


async def open_connection(host: str, port: int, seconds: float | None) -> socket.socket:
    """Return a socket that is connected to a host, through the proxy if there is one. The proxy resolves the name.

    Raises:
        OSError: nobody answers, or the proxy refuses; a `TimeoutError` after `seconds`.
    """
    async with asyncio.timeout(seconds):
        if not _proxy.hostname:
            return await _connect(host, port)
        connection = await _connect(_proxy.hostname, _proxy.port or 0)
        try:
            await _open_tunnel(connection, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        except BaseException:
            connection.close()
            raise
        return connection


def egress_connector(**options: Any) -> TCPConnector:
    """Return aiohttp's connector with these options; it connects as `open_connection` does.

    Where the options name a `resolver`, the proxy gets the addresses that it returns, in place of the name.
    """
    from satark.api import tunnel_connector  # noqa: PLC0415 - few commands need aiohttp

    return tunnel_connector.make(open_connection if _proxy.hostname else None, options)


async def _connect(host: str, port: int) -> socket.socket:
    from aiohappyeyeballs import start_connection  # noqa: PLC0415 - as above

    addresses = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS)


async def _open_tunnel(connection: socket.socket, target: str) -> None:
    """Ask the proxy for a tunnel. Read its answer byte by byte: the bytes after it come from the peer."""
    if not target.isascii() or not target.isprintable() or " " in target:
        raise OSError("a host's name is printable ASCII")
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if _proxy.username is not None:
        credentials = f"{unquote(_proxy.username)}:{unquote(_proxy.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {b64encode(credentials.encode()).decode()}")
    loop, head = asyncio.get_running_loop(), b""
    await loop.sock_sendall(connection, "\r\n".join([*lines, "", ""]).encode())
    while not head.endswith(b"\r\n\r\n"):
        if not (byte := await loop.sock_recv(connection, 1)) or len(head) == _LARGEST_HEAD:
            raise ConnectionError("the proxy does not answer as one")
        head += byte
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest.startswith(b"2"):
        raise ConnectionRefusedError("the proxy refuses")
