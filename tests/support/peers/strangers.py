"""A TLS server with an untrusted or a foreign certificate, which counts its clients."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from support.peers.mail import Certificate, self_signed

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}"
"""The server's answer to every request."""


class Stranger:
    """A running server."""

    def __init__(self, port: int, certificate: Certificate) -> None:
        self.port = port
        self.url = f"https://localhost:{port}"
        self.certificate = certificate
        self.heard: list[bytes] = []
        """The first bytes of every client that accepted the certificate."""


@asynccontextmanager
async def stranger(folder: Path, *, host: str = "localhost") -> AsyncIterator[Stranger]:
    """Serve at localhost with a self-signed certificate for `host`."""
    certificate = self_signed(folder, host=host)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.certificate, certificate.key)
    made: Stranger

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            if first := await reader.read(8):
                made.heard.append(first)
                writer.write(ANSWER)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls) as server:
        made = Stranger(server.sockets[0].getsockname()[1], certificate)
        yield made
