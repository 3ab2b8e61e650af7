"""The base class of the media on a simulated phone: what the page shows, and what a citizen can do."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, ClassVar, TypeAlias

import aiohttp
import msgspec

from satark_demo.messages import ChatMessage, MessageKind, Pin, SentFile, Ticks, identifying_metadata
from satark_testing.whatsapp.citizen import LostError

Publish = Callable[[dict[str, Any]], None]
"""Sends an event to the open pages of the simulator."""

ATTEMPTS = 6
"""How many times a webhook is posted until the service accepts it. Real providers retry for longer."""
_OK = 200


class NoSuchMessage(LookupError):  # noqa: N818 - it reads as what it says
    """The phone has no such message, or the message does not allow the action."""


class NotPossible(LookupError):  # noqa: N818 - it reads as what it says
    """The medium does not support the action, or does not allow it now: a text message, for example, has no button."""


class Chat:
    """One medium on one phone. The phone's number is made up, and no message leaves this machine."""

    medium: ClassVar[str]
    typing_seconds: ClassVar[float] = 25
    """Seconds for which "typing…" is shown if no answer comes. Source: Meta, Cloud API, "Typing indicators"."""

    def __init__(self, phone: str, publish: Publish, deliver: Callable[[Any], Awaitable[int]] | None = None) -> None:
        """Make a chat without messages. `deliver` posts a webhook to the service, and returns the HTTP status."""
        self.phone = phone
        self.messages: dict[str, ChatMessage] = {}
        self.files: dict[str, SentFile] = {}
        self.typing = False
        self._typing_ends: asyncio.TimerHandle | None = None
        self._publish = publish
        self._deliver = deliver
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses by which the service knows this phone."""
        return ()

    def view(self) -> dict[str, Any]:
        """Return everything that the page shows of this chat."""
        return {"typing": self.typing, "messages": list(self.messages.values())}

    async def file(self, file: SentFile, caption: str, *, voice: bool, twice: bool) -> None:
        """Send a file, as this medium sends files of its type; `voice` marks a voice note."""
        raise NotPossible

    def show(self, message: ChatMessage) -> None:
        """Show a message, in place of the message with the same id if there is one."""
        self.messages[message.id] = message
        self.publish({"type": "message", "message": message})

    def set_ticks(self, message_id: str, ticks: Ticks) -> None:
        """Show whether a message was sent, delivered, read or refused."""
        self.show(msgspec.structs.replace(self.messages[message_id], ticks=ticks))

    def own_message(self, message_id: str) -> ChatMessage:
        """Return a message that the citizen sent.

        Raises:
            NoSuchMessage: there is no message with this id, or it was deleted.
        """
        message = self.messages.get(message_id)
        if message is None or not message.mine or message.deleted:
            raise NoSuchMessage
        return message

    def rewrite(self, message_id: str, text: str) -> None:
        """Show the new text of a typed message.

        Raises:
            NoSuchMessage: the citizen typed no such message.
        """
        message = self.own_message(message_id)
        if message.kind != "text":
            raise NoSuchMessage
        self.show(msgspec.structs.replace(message, text=text, edited=True))

    def keep(self, id: str, file: SentFile, caption: str, kind: MessageKind) -> ChatMessage:  # noqa: A002
        """Keep a file that the citizen sends; return the message that shows it."""
        self.files[id] = file
        metadata = identifying_metadata(file.data) if kind == "image" else ()
        return ChatMessage(id=id, mine=True, kind=kind, text=caption, mime=file.mime, name=file.name, metadata=metadata)

    def publish(self, event: dict[str, Any]) -> None:
        """Send an event about this chat to the open pages of the simulator."""
        self._publish({**event, "phone": self.phone, "medium": self.medium})

    def show_typing(self, *, typing: bool) -> None:
        """Show or hide "typing…". It disappears by itself after `typing_seconds`."""
        if self._typing_ends:
            self._typing_ends.cancel()
        self._typing_ends = None
        if typing:
            hide = partial(self.show_typing, typing=False)
            self._typing_ends = asyncio.get_running_loop().call_later(self.typing_seconds, hide)
        if typing != self.typing:
            self.typing = typing
            self.publish({"type": "typing", "typing": typing})

    def start(self, work: Awaitable[None]) -> None:
        """Run a coroutine in the background."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send(self, message: ChatMessage, webhook: Any, *, twice: bool) -> None:
        """Show a message and post its webhook until the service accepts it."""
        self.show(msgspec.structs.replace(message, ticks="sent"))
        accepted = await self.post(webhook, twice=twice)
        if self.messages[message.id].ticks == "sent":
            self.set_ticks(message.id, "delivered" if accepted else "failed")

    async def post(self, webhook: Any, *, twice: bool = False) -> bool:
        """Post a webhook until the service accepts it, twice at once if asked; return whether it was accepted."""
        accepted = await asyncio.gather(*(self._post_until_accepted(webhook) for _ in range(1 + twice)))
        return all(accepted)

    async def _post_until_accepted(self, webhook: Any) -> bool:
        for attempt in range(ATTEMPTS):
            try:
                if self._deliver and await self._deliver(webhook) == _OK:
                    return True
            except (aiohttp.ClientError, LostError):
                pass  # the server is starting or stopping
            await asyncio.sleep(0.1 * 2**attempt)
        return False


Words: TypeAlias = Annotated[str, msgspec.Meta(max_length=4096)]


class _Action(msgspec.Struct, frozen=True, kw_only=True, tag_field="action"):
    async def run(self, chat: Chat) -> None:
        """Carry out the action on a chat.

        Raises:
            NotPossible: the chat's medium has no such action, or does not allow it now.
            NoSuchMessage: the message does not allow it.
        """
        do = getattr(chat, str(self.__struct_config__.tag), None)
        if do is None:
            raise NotPossible
        await do(**msgspec.structs.asdict(self))


class _Post(_Action, frozen=True, kw_only=True):
    twice: bool = False
    """Whether the webhook is posted twice at the same moment, as providers occasionally do."""


class Say(_Post, frozen=True, kw_only=True, tag="say"):
    text: Words


class Tap(_Post, frozen=True, kw_only=True, tag="tap"):
    """Tap a button or a list row of one of the service's messages, new or old."""

    message_id: str
    token: str


class SendPin(_Post, frozen=True, kw_only=True, tag="pin"):
    pin: Pin


class Edit(_Post, frozen=True, kw_only=True, tag="edit"):
    message_id: str
    text: Words


class Revoke(_Post, frozen=True, kw_only=True, tag="revoke"):
    """Delete a message for everyone."""

    message_id: str


class Dial(_Action, frozen=True, kw_only=True, tag="dial"):
    offer: str = ""
    """The browser's offer to connect (SDP), for a call inside a messenger."""
    payload: str = ""
    """The data that the tapped call button returns."""


class Press(_Action, frozen=True, kw_only=True, tag="press"):
    """Press keys during a call; an empty string stands for silence until the service continues."""

    keys: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{0,20}\Z")] = ""


class HangUp(_Action, frozen=True, kw_only=True, tag="hang_up"):
    """End the call."""


Action: TypeAlias = Say | Tap | SendPin | Edit | Revoke | Dial | Press | HangUp
"""A citizen's action in a chat. A medium has a method of the tag's name for each action that it supports."""
