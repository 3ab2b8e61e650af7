"""Bodies of webhooks whose signature is not checked yet: read up to a limit each, and up to a limit all together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive


class BodyTooLarge(Exception):  # noqa: N818 - it reads as what it says
    """A body is larger than its endpoint takes."""


class NoRoom(Exception):  # noqa: N818 - it reads as what it says
    """Too many bodies are under way, and this one has been coming for the longest time."""


class UnverifiedBodies:
    """The bodies under way in one process. A provider's body arrives within a moment: an old one makes room first."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes`: bytes that are held of all bodies together."""
        self._most = most_bytes
        self._held = 0
        self._under_way: dict[_Body, None] = {}  # ordered by their beginning

    async def read(self, receive: Receive, limit: int) -> bytes:
        """Read a body. Where the client leaves early, return what came: no signature fits that.

        Raises:
            BodyTooLarge: it is larger than `limit` bytes.
            NoRoom: it was given up for others.
        """
        first = await receive()
        if not first.get("more_body", False):  # nearly every body: it came with the headers
            return _checked(first, limit)
        body = _Body()
        self._under_way[body] = None
        try:
            async with body.time:
                await self._collect(body, first, receive, limit)
        except TimeoutError:
            raise NoRoom from None
        finally:
            del self._under_way[body]
            self._held -= len(body.content)
        return bytes(body.content)

    async def _collect(self, body: _Body, message: Message, receive: Receive, limit: int) -> None:
        while True:
            content = message.get("body", b"")
            if len(body.content) + len(content) > limit:
                raise BodyTooLarge
            body.content += content
            self._held += len(content)
            if self._held > self._most:
                self._make_room()
            if not message.get("more_body", False):
                return
            message = await receive()

    def _make_room(self) -> None:
        oldest = next((body for body in self._under_way if not body.given_up), None)
        if oldest is not None:
            oldest.give_up()


class _Body:
    def __init__(self) -> None:
        self.content = bytearray()
        self.time = asyncio.timeout(None)
        self.given_up = False

    def give_up(self) -> None:
        """Make its reader stop waiting."""
        self.given_up = True
        self.time.reschedule(asyncio.get_running_loop().time())


def _checked(message: Message, limit: int) -> bytes:
    content: bytes = message.get("body", b"")
    if len(content) > limit:
        raise BodyTooLarge
    return content
