"""One pretended phone: everything it sends is a signed webhook, everything it shows came through the Graph API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from satark.demo.bubbles import Bubble, File, Pin, Ticks, heard, kind_of
from satark.demo.traces import traces
from satark.testing.graph_webhooks import Sender, wamid

if TYPE_CHECKING:
    from satark.testing.graph import GraphPeer, Sent

Publish = Callable[[dict[str, Any]], None]

_OK = 200
_ATTEMPTS = 6
"""How often a webhook is posted that is not taken; Meta itself goes on for days."""


TYPING_SECONDS = 25
"""How long "typing…" is shown where no answer comes. Source: Meta, Cloud API, "Typing indicators"."""


class NoSuchMessage(LookupError):  # noqa: N818 - it reads as what it says
    """The phone has no such message, or not one of which that can be asked."""


class Phone:
    """A citizen's phone with one chat. Its number is made up, and nothing is ever sent to it."""

    def __init__(self, number: int, peer: GraphPeer, webhook: str, publish: Publish) -> None:
        self.id = str(number)
        self.sender = Sender(wa_id=f"9199999{number:05}", name=f"Citizen {number}")
        self.bubbles: dict[str, Bubble] = {}
        self.files: dict[str, File] = {}
        self.typing = False
        self._typing_ends: asyncio.TimerHandle | None = None
        self._peer = peer
        self._webhook = webhook
        self._publish = publish
        self._tasks: set[asyncio.Task[None]] = set()
        peer.subscribe(self._hear, self.sender.wa_id)

    def view(self) -> dict[str, Any]:
        """Give everything that the page shows of it."""
        return {
            "id": self.id,
            "number": self.sender.wa_id,
            "name": self.sender.name,
            "typing": self.typing,
            "bubbles": list(self.bubbles.values()),
        }

    async def say(self, text: str, *, twice: bool) -> None:
        """Type a message."""
        bubble = Bubble(id=wamid(self.sender), mine=True, text=text)
        await self._send(bubble, self._peer.webhooks.text(self.sender, text, id=bubble.id), twice=twice)

    async def tap(self, message: str, token: str, *, twice: bool) -> None:
        """Tap a button, or pick a row of a list, of one of the bot's messages, be it old or new.

        Raises:
            NoSuchMessage: no such thing was offered.
        """
        offers = self.bubbles[message].offers if message in self.bubbles else ()
        offer = next((offer for offer in offers if offer.token == token), None)
        if offer is None:
            raise NoSuchMessage
        bubble = Bubble(id=wamid(self.sender), mine=True, text=offer.label)
        body = self._peer.webhooks.tap(self.sender, token, offer.label, row=offer.row, id=bubble.id)
        await self._send(bubble, body, twice=twice)

    async def pin(self, pin: Pin, *, twice: bool) -> None:
        """Send a location."""
        bubble = Bubble(id=wamid(self.sender), mine=True, kind="location", pin=pin)
        body = self._peer.webhooks.location(
            self.sender, pin.latitude, pin.longitude, name=pin.name or None, id=bubble.id
        )
        await self._send(bubble, body, twice=twice)

    async def file(self, file: File, caption: str, *, voice: bool, twice: bool) -> None:
        """Send a file, as Meta would carry one of its type."""
        kind = kind_of(file.mime, voice=voice)
        bubble = Bubble(
            id=wamid(self.sender),
            mine=True,
            kind=kind,
            text=caption,
            mime=file.mime,
            name=file.name,
            traces=traces(file.data) if kind == "image" else (),
        )
        self.files[bubble.id] = file
        node = self._peer.add_media(file.data, file.mime)
        name = file.name if kind == "document" else None
        body = self._peer.webhooks.media(
            self.sender, kind, node, caption=caption or None, filename=name or None, id=bubble.id
        )
        await self._send(bubble, body, twice=twice)

    async def edit(self, message: str, text: str, *, twice: bool) -> None:
        """Rewrite a typed message.

        Raises:
            NoSuchMessage: it can't be rewritten.
        """
        bubble = self._own(message)
        if bubble.kind != "text":
            raise NoSuchMessage
        self._show(msgspec.structs.replace(bubble, text=text, edited=True))
        await self._post(self._peer.webhooks.edit(self.sender, message, text), twice=twice)

    async def revoke(self, message: str, *, twice: bool) -> None:
        """Delete a message for everyone.

        Raises:
            NoSuchMessage: it can't be deleted.
        """
        self._show(Bubble(id=message, mine=True, at=self._own(message).at, deleted=True))
        self.files.pop(message, None)
        await self._post(self._peer.webhooks.revoke(self.sender, message), twice=twice)

    def read(self, message: str, *, typing: bool) -> None:
        """Take a read receipt of the bot: blue ticks, and perhaps "typing…"."""
        if message in self.bubbles:
            self._tick(message, "read")
            # A bot is done typing once it has answered, whatever comes late.
            self._type(typing=typing and message == next(reversed(self.bubbles)))

    def _own(self, message: str) -> Bubble:
        bubble = self.bubbles.get(message)
        if bubble is None or not bubble.mine or bubble.deleted:
            raise NoSuchMessage
        return bubble

    def _hear(self, sent: Sent) -> None:
        self._type(typing=False)
        self._show(heard(sent))
        task = asyncio.create_task(self._report(sent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _report(self, sent: Sent) -> None:
        """Tell the bot, as Meta does, that its message arrived and was read."""
        for status in ("delivered", "read"):
            body = self._peer.webhooks.status(sent.id, status, self.sender, callback_data=sent.callback_data or None)
            await self._post(body, twice=False)

    async def _send(self, bubble: Bubble, body: bytes, *, twice: bool) -> None:
        self._show(msgspec.structs.replace(bubble, ticks="sent"))
        taken = await self._post(body, twice=twice)
        if self.bubbles[bubble.id].ticks == "sent":
            self._tick(bubble.id, "delivered" if taken else "failed")

    async def _post(self, body: bytes, *, twice: bool) -> bool:
        """Post a webhook until it is taken, or twice at the same moment; say whether it was taken."""
        taken = await asyncio.gather(*(self._post_until_taken(body) for _ in range(1 + twice)))
        return all(taken)

    async def _post_until_taken(self, body: bytes) -> bool:
        for attempt in range(_ATTEMPTS):
            try:
                if await self._peer.post(self._webhook, body) == _OK:
                    return True
            except aiohttp.ClientError:
                pass  # the server is going down or coming up
            await asyncio.sleep(0.1 * 2**attempt)
        return False

    def _tick(self, message: str, ticks: Ticks) -> None:
        self._show(msgspec.structs.replace(self.bubbles[message], ticks=ticks))

    def _type(self, *, typing: bool) -> None:
        if self._typing_ends:
            self._typing_ends.cancel()
        self._typing_ends = None
        if typing:
            self._typing_ends = asyncio.get_running_loop().call_later(TYPING_SECONDS, self._type_no_more)
        if typing != self.typing:
            self.typing = typing
            self._publish({"what": "typing", "phone": self.id, "typing": typing})

    def _type_no_more(self) -> None:
        self._type(typing=False)

    def _show(self, bubble: Bubble) -> None:
        self.bubbles[bubble.id] = bubble
        self._publish({"what": "bubble", "phone": self.id, "bubble": bubble})
