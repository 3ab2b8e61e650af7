"""One medium on one pretended phone: what its page shows, and what a person can do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import aiohttp
import msgspec

from satark.demo.bubbles import Bubble, File, Pin, Ticks
from satark.testing.whatsapp.citizen import LostError

Publish = Callable[[dict[str, Any]], None]

ATTEMPTS = 6
"""How often a webhook is posted that is not taken; providers go on for longer."""
_OK = 200


class NoSuchMessage(LookupError):  # noqa: N818 - it reads as what it says
    """The phone has no such message, or not one of which that can be asked."""


class NotHere(LookupError):  # noqa: N818 - likewise
    """The medium has no such thing: nobody taps a button in a text message."""


class Chat:
    """One medium on one phone. Its number is made up, and nothing is ever sent to it."""

    medium: ClassVar[str]
    typing_seconds: ClassVar[float] = 25
    """How long "typing…" is shown where no answer comes. Source: Meta, Cloud API, "Typing indicators"."""

    def __init__(self, phone: str, publish: Publish) -> None:
        self.phone = phone
        self.bubbles: dict[str, Bubble] = {}
        self.files: dict[str, File] = {}
        self.typing = False
        self._typing_ends: asyncio.TimerHandle | None = None
        self._publish = publish
        self._tasks: set[asyncio.Task[None]] = set()

    def view(self) -> dict[str, Any]:
        """Give everything that the page shows of it."""
        return {"typing": self.typing, "bubbles": list(self.bubbles.values())}

    # What a person can do. Each medium has what it has, and says of the rest that it is not here.

    async def say(self, text: str, *, twice: bool) -> None:
        """Type a message."""
        raise NotHere

    async def tap(self, message: str, token: str, *, twice: bool) -> None:
        """Tap what one of the service's messages offers, be it old or new.

        Raises:
            NoSuchMessage: no such thing was offered.
        """
        raise NotHere

    async def pin(self, pin: Pin, *, twice: bool) -> None:
        """Send a location."""
        raise NotHere

    async def file(self, file: File, caption: str, *, voice: bool, twice: bool) -> None:
        """Send a file as the medium carries one of its type, or (`voice`) a spoken message."""
        raise NotHere

    async def edit(self, message: str, text: str, *, twice: bool) -> None:
        """Rewrite a typed message.

        Raises:
            NoSuchMessage: it can't be rewritten.
        """
        raise NotHere

    async def revoke(self, message: str, *, twice: bool) -> None:
        """Delete a message for everyone.

        Raises:
            NoSuchMessage: it can't be deleted.
        """
        raise NotHere

    async def dial(self) -> None:
        """Call the service."""
        raise NotHere

    async def press(self, keys: str) -> None:
        """Press keys during a call; none at all: say nothing until the service goes on."""
        raise NotHere

    async def hang_up(self) -> None:
        """End the call."""
        raise NotHere

    # What the media have in common.

    def show(self, bubble: Bubble) -> None:
        """Show a message, in the place of its older version where there is one."""
        self.bubbles[bubble.id] = bubble
        self.tell({"what": "bubble", "bubble": bubble})

    def tick(self, message: str, ticks: Ticks) -> None:
        """Show what became of a message."""
        self.show(msgspec.structs.replace(self.bubbles[message], ticks=ticks))

    def own(self, message: str) -> Bubble:
        """Give one of the person's own messages.

        Raises:
            NoSuchMessage: there is none of this id.
        """
        bubble = self.bubbles.get(message)
        if bubble is None or not bubble.mine or bubble.deleted:
            raise NoSuchMessage
        return bubble

    def tell(self, event: dict[str, Any]) -> None:
        """Tell the pages something about this chat."""
        self._publish({**event, "phone": self.phone, "medium": self.medium})

    def type(self, *, typing: bool) -> None:
        """Show that the service is typing, or no more."""
        if self._typing_ends:
            self._typing_ends.cancel()
        self._typing_ends = None
        if typing:
            self._typing_ends = asyncio.get_running_loop().call_later(self.typing_seconds, self._type_no_more)
        if typing != self.typing:
            self.typing = typing
            self.tell({"what": "typing", "typing": typing})

    def _type_no_more(self) -> None:
        self.type(typing=False)

    def later(self, work: Awaitable[None]) -> None:
        """Do something that nobody waits for."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send(self, bubble: Bubble, post: Callable[[], Awaitable[int]], *, twice: bool) -> None:
        """Show a message and post its webhook, until it is taken; `post` gives the HTTP status."""
        self.show(msgspec.structs.replace(bubble, ticks="sent"))
        taken = await self.post(post, twice=twice)
        if self.bubbles[bubble.id].ticks == "sent":
            self.tick(bubble.id, "delivered" if taken else "failed")

    async def post(self, post: Callable[[], Awaitable[int]], *, twice: bool) -> bool:
        """Post a webhook until it is taken, or twice at the same moment; say whether it was taken."""
        taken = await asyncio.gather(*(_until_taken(post) for _ in range(1 + twice)))
        return all(taken)


async def _until_taken(post: Callable[[], Awaitable[int]]) -> bool:
    for attempt in range(ATTEMPTS):
        try:
            if await post() == _OK:
                return True
        except (aiohttp.ClientError, LostError):
            pass  # the server is going down or coming up
        await asyncio.sleep(0.1 * 2**attempt)
    return False
