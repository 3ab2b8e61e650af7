"""The client that posts: the answers that it accepts from a peer, and its handling of hostile and broken ones."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from satark_testing.processes.service import free_port
from satark_testing.waiting import until
from satark_whatsapp.posting import HttpAnswer, Poster, PostFailed
from support.peers.mail import self_signed

NETWORK, TIMEOUT = re.compile("^network$"), re.compile("^timeout$")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Requests(list[bytes]):
    """The received requests, and their connections."""

    connections = 0


@asynccontextmanager
async def peer(
    answer: Callable[[int, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, Requests]]:
    """Serve a peer that reads each request in full and then does `answer` with the number of the connection."""
    came = Requests()

    handlers: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())
        came.connections += 1
        number = came.connections
        with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                came.append(head + await reader.readexactly(size))
                await answer(number, writer)

    async with await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}", came
        for handler in filter(None, handlers):
            handler.cancel()
        await asyncio.gather(*filter(None, handlers), return_exceptions=True)


@asynccontextmanager
async def poster(
    origin: str, *, connections: int = 4, seconds: float = 60, context: ssl.SSLContext | None = None
) -> AsyncIterator[Poster]:
    one = Poster(
        origin,
        connections=connections,
        connect_seconds=seconds,
        answer_seconds=seconds,
        largest_answer=1000,
        context=context,
    )
    yield one
    one.close()


def saying(*parts: bytes, close: bool = False) -> Callable[[int, asyncio.StreamWriter], Awaitable[None]]:
    """Answer every request with these bytes, each part in a packet of its own."""

    async def answer(_connection: int, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        if close:
            writer.close()

    return answer


async def post(one: Poster, body: bytes = b"{}") -> HttpAnswer:
    return await one.post(one.head("/v1/messages", {"Authorization": "Bearer x"}), body)


WHOLE = {
    "with its length": (OK,),
    "byte by byte": tuple(OK[at : at + 1] for at in range(len(OK))),
    "in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n", b"1\r\nk\r\n0\r\n\r\n"),
    "after word that it comes": (b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", OK),
}


@pytest.mark.parametrize("parts", WHOLE.values(), ids=WHOLE.keys())
async def test_an_answer_is_read_whole_and_the_connection_is_reused(parts: tuple[bytes, ...]) -> None:
    async with peer(saying(*parts)) as (origin, came), poster(origin) as one:
        for _ in range(3):
            answer = await post(one)
            assert (answer.status, answer.content) == (200, b"ok")
        assert came.connections == 1


async def test_a_request_has_the_given_path_headers_and_body() -> None:
    async with peer(saying(OK)) as (origin, came), poster(origin) as one:
        await post(one, b'{"a":1}')
    host = origin.removeprefix("http://").encode()
    assert came == [
        b"POST /v1/messages HTTP/1.1\r\nHost: " + host + b"\r\nAuthorization: Bearer x\r\nContent-Length: 7\r\n\r\n"
        b'{"a":1}'
    ]


async def test_names_of_headers_are_returned_in_lower_case() -> None:
    said = b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    async with peer(saying(said)) as (origin, _), poster(origin) as one:
        answer = await post(one)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")


ENDED = {
    "the answer ends with the connection": (b"HTTP/1.1 200 OK\r\n\r\nok", True),
    "the peer says that it closes": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", False),
    "an older protocol": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
    "a second answer follows": (OK + OK.replace(b"ok", b"no"), False),
    "odd bytes follow": (OK + b"\x00\x01", False),
}


@pytest.mark.parametrize(("said", "close"), ENDED.values(), ids=ENDED.keys())
async def test_a_complete_answer_is_returned_although_its_connection_is_not_reused(said: bytes, *, close: bool) -> None:
    async with peer(saying(said, close=close)) as (origin, came), poster(origin) as one:
        for _ in range(2):
            assert (await post(one)).content == b"ok"
        assert came.connections == 2


async def test_a_redirect_is_not_followed() -> None:
    said = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with peer(saying(said)) as (origin, came), poster(origin) as one:
        assert (await post(one)).status == 302
    assert len(came) == 1


BROKEN = {
    "nothing, and the end": (b"", True),
    "half of the head": (b"HTTP/1.1 200 OK\r\nContent-Le", True),
    "half of the content": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", True),
    "half of the chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", True),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.9\r\n", False),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!", False),
    "a length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n0\r\n\r\n",
        False,
    ),
    "another protocol": (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", False),
    "more than the limit": (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, False),
    "more than the limit, in chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
        False,
    ),
    "more than the limit, without an end": (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, False),
    "a head without an end": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000, False),
    "too many headers": (b"HTTP/1.1 200 OK\r\n" + b"X-Y: zzzzzz\r\n" * 4_000 + b"\r\n", False),
}


@pytest.mark.parametrize(("said", "close"), BROKEN.values(), ids=BROKEN.keys())
async def test_an_invalid_answer_fails_and_closes_the_connection(said: bytes, *, close: bool) -> None:
    async with peer(saying(said, close=close)) as (origin, came), poster(origin) as one:
        for _ in range(2):
            with pytest.raises(PostFailed, match=NETWORK):
                await post(one)
        assert came.connections == 2


async def test_unrequested_bytes_are_no_answer_to_the_next_request() -> None:
    stray = asyncio.Event()

    async def answer(connection: int, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()
        if connection == 1:
            await stray.wait()
            writer.write(OK.replace(b"ok", b"no"))
            await writer.drain()

    async with peer(answer) as (origin, came), poster(origin) as one:
        await post(one)
        stray.set()
        await until(lambda: one.connections == 0)
        assert (await post(one)).content == b"ok"
        assert came.connections == 2


async def test_a_connection_that_the_peer_has_closed_is_not_reused() -> None:
    async with peer(saying(OK, close=True)) as (origin, came), poster(origin) as one:
        await post(one)
        await until(lambda: one.connections == 0)
        assert (await post(one)).content == b"ok"
        assert came.connections == 2


async def test_a_late_answer_is_never_mistaken_for_the_next_one() -> None:
    late = asyncio.Event()

    async def answer(connection: int, writer: asyncio.StreamWriter) -> None:
        if connection == 1:
            await late.wait()
        writer.write(OK if connection > 1 else OK.replace(b"ok", b"no"))

    async with peer(answer) as (origin, came), poster(origin, connections=1, seconds=0.2) as one:
        with pytest.raises(PostFailed, match=TIMEOUT):
            await post(one)
        late.set()
        assert (await post(one)).content == b"ok"
        assert came.connections == 2


async def test_each_request_on_a_connection_has_its_own_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, answered = asyncio.get_running_loop(), asyncio.Event()
    clock, later = loop.time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: clock() + sum(later))

    async def answer(_connection: int, writer: asyncio.StreamWriter) -> None:
        if len(came) > 1:
            await answered.wait()
            answered.clear()
        writer.write(OK)

    async def passes(seconds: float) -> None:
        later.append(seconds)
        for _ in range(3):  # turns of the loop, so that what is due runs
            await asyncio.sleep(0)

    async with peer(answer) as (origin, came), poster(origin, seconds=60) as one:
        await post(one)
        await passes(50)
        second = asyncio.create_task(post(one))
        await until(lambda: len(came) == 2)
        await passes(20)  # the time of the first request is over
        answered.set()
        assert (await second).content == b"ok"
        third = asyncio.create_task(post(one))
        await until(lambda: len(came) == 3)
        await passes(60)
        with pytest.raises(PostFailed, match=TIMEOUT):
            await third
        assert came.connections == 1


async def test_a_cancelled_request_leaves_no_answer_behind() -> None:
    async def answer(connection: int, writer: asyncio.StreamWriter) -> None:
        if connection > 1:
            writer.write(OK)

    async with peer(answer) as (origin, came), poster(origin, connections=1) as one:
        first = asyncio.create_task(post(one))
        await until(lambda: len(came) == 1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await post(one)).content == b"ok"


async def test_requests_beyond_the_connections_wait_for_their_turn() -> None:
    async with peer(saying(OK)) as (origin, came), poster(origin, connections=2) as one:
        answers = await asyncio.gather(*(post(one, b"%d" % number) for number in range(50)))
    assert {answer.content for answer in answers} == {b"ok"}
    assert (len(came), came.connections) == (50, 2)


async def test_a_request_that_waited_too_long_fails_and_takes_no_other_requests_turn() -> None:
    async def nothing(_connection: int, _writer: asyncio.StreamWriter) -> None:
        return

    async with peer(nothing) as (origin, came), poster(origin, connections=1, seconds=0.2) as one:
        failed = await asyncio.gather(*(post(one) for _ in range(5)), return_exceptions=True)
    assert [str(one) for one in failed] == ["timeout"] * 5
    assert came.connections <= 5


async def test_a_port_where_nobody_listens_fails() -> None:
    async with poster(f"http://127.0.0.1:{free_port()}") as one:
        with pytest.raises(PostFailed, match=NETWORK):
            await post(one)


async def test_closing_fails_the_requests_under_way() -> None:
    async def nothing(_connection: int, _writer: asyncio.StreamWriter) -> None:
        return

    async with peer(nothing) as (origin, came), poster(origin) as one:
        under_way = asyncio.create_task(post(one))
        await until(lambda: len(came) == 1)
        one.close()
        with pytest.raises(PostFailed, match=NETWORK):
            await under_way


@pytest.mark.parametrize(
    ("host", "vouched", "taken"),
    [("localhost", True, True), ("localhost", False, False), ("somebody.else", True, False)],
)
async def test_over_tls_only_a_trusted_certificate_of_that_host_is_accepted(
    tmp_path: Path, host: str, *, vouched: bool, taken: bool
) -> None:
    certificate = self_signed(tmp_path, host=host)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate.certificate, certificate.key)
    context = ssl.create_default_context(cafile=certificate.certificate) if vouched else None
    async with peer(saying(OK), serving) as (origin, came), poster(origin, context=context) as one:
        for _ in range(2):
            if taken:
                assert (await post(one)).content == b"ok"
            else:
                with pytest.raises(PostFailed, match=NETWORK):
                    await post(one)
    assert len(came) == (2 if taken else 0)


HEADS = [
    ("/a b", {}),
    ("/a\r\nX: y", {}),
    ("/", {"X": "y\r\nZ: z"}),
    ("/", {"X\n": "y"}),
    ("/ä", {}),
    ("/", {"X": "ä"}),
]


@pytest.mark.parametrize(("path", "headers"), HEADS)
async def test_no_path_or_header_can_begin_another_header(path: str, headers: dict[str, str]) -> None:
    async with poster("http://127.0.0.1:1") as one:
        with pytest.raises(ValueError, match="printable ASCII"):
            one.head(path, headers)


@pytest.mark.parametrize("origin", ["", "graph.facebook.com", "ftp://127.0.0.1", "https://"])
def test_an_origin_must_be_an_http_or_https_address_with_a_host(origin: str) -> None:
    with pytest.raises(ValueError, match="an origin is"):
        Poster(origin, connections=1, connect_seconds=1, answer_seconds=1, largest_answer=1)
