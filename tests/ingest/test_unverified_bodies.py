"""Bodies whose signature is not checked yet are stored up to a limit; the oldest makes room for the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from satark.ingest.webhook import BodyTooLarge, NoRoom, UnverifiedBodies
from satark_testing.waiting import limit


class Sender:
    """A client that sends one chunk whenever it is told to."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def send(self, body: bytes, *, more: bool = True) -> None:
        self._messages.put_nowait({"type": "http.request", "body": body, "more_body": more})

    @property
    def receive(self) -> Callable[[], Awaitable[dict[str, Any]]]:
        return self._messages.get


async def test_a_body_is_read_in_one_piece_or_in_many() -> None:
    bodies = UnverifiedBodies(100)
    for pieces in ([b"ab"], [b"a", b"b"], [b"", b"a", b"", b"b"]):
        sender = Sender()
        for piece in pieces:
            sender.send(piece)
        sender.send(b"", more=False)
        assert await bodies.read(sender.receive, 2) == b"ab"


@pytest.mark.parametrize("pieces", [[b"abc"], [b"a", b"bc"]])
async def test_a_body_over_its_limit_is_refused(pieces: list[bytes]) -> None:
    sender = Sender()
    for piece in pieces:
        sender.send(piece)
    sender.send(b"", more=False)
    with pytest.raises(BodyTooLarge):
        await UnverifiedBodies(100).read(sender.receive, 2)


async def test_the_oldest_body_makes_room() -> None:
    bodies, senders = UnverifiedBodies(100), [Sender() for _ in range(5)]
    reads = []
    for sender in senders:
        sender.send(b"x" * 30)
        reads.append(asyncio.create_task(bodies.read(sender.receive, 60)))
        await asyncio.sleep(0)
    for sender in senders[2:]:
        sender.send(b"", more=False)
    async with limit():
        ends = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(end) for end in ends] == [NoRoom, NoRoom, bytes, bytes, bytes]


async def test_a_body_that_was_given_up_or_refused_is_no_longer_counted() -> None:
    bodies = UnverifiedBodies(100)
    for _ in range(10):
        sender = Sender()
        sender.send(b"x" * 60)
        sender.send(b"x" * 60)
        with pytest.raises(BodyTooLarge):
            await bodies.read(sender.receive, 70)
    sender = Sender()
    sender.send(b"x" * 99)
    sender.send(b"", more=False)
    assert len(await bodies.read(sender.receive, 100)) == 99
