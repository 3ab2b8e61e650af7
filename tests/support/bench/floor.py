"""The floor: a minimal bot that loses no message, on the same libraries as Satark.

It checks the signature, decodes, inserts one row durably, answers 200 and posts one reply. Group commit: the loop
gathers the waiting rows and hands a writer thread one list at a time. SQLite in WAL mode with `synchronous=FULL`, or
PostgreSQL where the database is a URL.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from support.bench.whatsapp_webhooks import WEBHOOK_PATH


class _Text(msgspec.Struct):
    body: str


class _Message(msgspec.Struct):
    sender: str = msgspec.field(name="from")
    id: str
    text: _Text


class _Value(msgspec.Struct):
    messages: list[_Message] = []


class _Change(msgspec.Struct):
    value: _Value


class _Entry(msgspec.Struct):
    changes: list[_Change]


class _Payload(msgspec.Struct):
    entry: list[_Entry]


_read = msgspec.json.Decoder(_Payload).decode


_TABLE = "CREATE TABLE inbox (event TEXT, sender TEXT, body TEXT)"
_Rows = list[tuple[str, str, str]]


class _Sqlite:
    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(_TABLE)

    def commit(self, rows: _Rows) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT INTO inbox VALUES (?, ?, ?)", rows)
        self._database.execute("COMMIT")


class _Postgres:
    def __init__(self, url: str) -> None:
        self._database = psycopg.connect(url)
        self._database.execute(_TABLE)
        self._database.commit()

    def commit(self, rows: _Rows) -> None:
        with self._database.transaction(), self._database.cursor() as cursor:
            cursor.executemany("INSERT INTO inbox VALUES (%s, %s, %s)", rows)


class Store:
    """One table with one writer thread."""

    def __init__(self, database: str) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._database = _Postgres(database) if database.startswith("postgresql:") else _Sqlite(database)
        self._waiting: list[tuple[tuple[str, str, str], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def insert(self, row: tuple[str, str, str]) -> None:
        """Return once the row is on disk."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((row, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await loop.run_in_executor(self._thread, self._database.commit, [row for row, _ in batch])
            for _, written in batch:
                written.set_result(None)


class Floor:
    """The minimal bot."""

    def __init__(self, secret: str, database: str, messages_url: str) -> None:
        self._secret = secret.encode()
        self._store = Store(database)
        self._url = messages_url
        self._client: aiohttp.ClientSession | None = None
        self._replies: set[asyncio.Task[None]] = set()

    def app(self) -> Starlette:
        """Return the web application."""
        return Starlette(routes=[Route(WEBHOOK_PATH, self._webhook, methods=["POST"])], lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as self._client:
            yield

    async def _webhook(self, request: Request) -> Response:
        body = await request.body()
        signature = "sha256=" + hmac.digest(self._secret, body, "sha256").hex()
        if not hmac.compare_digest(signature, request.headers.get("x-hub-signature-256", "")):
            return Response(status_code=401)
        for entry in _read(body).entry:
            for change in entry.changes:
                for message in change.value.messages:
                    await self._store.insert((message.id, message.sender, message.text.body))
                    reply = asyncio.create_task(self._answer(message))
                    self._replies.add(reply)
                    reply.add_done_callback(self._replies.discard)
        return Response()

    async def _answer(self, message: _Message) -> None:
        assert self._client is not None
        reply = {"messaging_product": "whatsapp", "to": message.sender, "type": "text", "text": {"body": "noted"}}
        headers = {"Content-Type": "application/json"}
        async with self._client.post(self._url, data=msgspec.json.encode(reply), headers=headers) as response:
            await response.read()


def main() -> None:
    """Serve on the port in the only argument. All other options come from the environment."""
    floor = Floor(os.environ["FLOOR_SECRET"], os.environ["FLOOR_DATABASE"], os.environ["FLOOR_MESSAGES_URL"])
    uvicorn.run(
        floor.app(),
        port=int(sys.argv[1]),
        http="httptools",
        loop="asyncio",
        access_log=False,
        server_header=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
