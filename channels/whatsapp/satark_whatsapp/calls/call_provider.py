"""The provider of calls inside WhatsApp: answers them through the Graph API, and carries them on this machine."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from satark.api import (
    Address,
    CallRequest,
    ChannelContext,
    ListeningCallProvider,
    MediaRef,
    describe_error,
    log,
)
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.payload import CallEvent
from satark_whatsapp.rendering import CALL_BUTTON
from satark_whatsapp.settings import WhatsAppSettings

if TYPE_CHECKING:
    from satark_whatsapp.calls.call import AskDialogue
    from satark_whatsapp.calls.connection import CallMedia

_RINGS_SECONDS: Final = 60
_LONGEST_SECONDS: Final = 45 * 60
_CONNECT_SECONDS: Final = 20


class WhatsAppCalls(ListeningCallProvider):
    """Calls to one number."""

    def __init__(self, settings: WhatsAppSettings, number: str, context: ChannelContext) -> None:
        self.number = number
        self.account = f"voice:whatsapp-{number}"
        self._settings = settings
        self._notes = context.voice_notes
        self._graph = GraphApi(settings)
        self._rings: asyncio.Queue[tuple[CallEvent, tuple[Address, ...]]] = asyncio.Queue()
        self.ended: asyncio.Queue[CallRequest] = asyncio.Queue()
        """The first requests of calls that are over. Each represents all words of its call."""
        self._active: dict[str, CallMedia | None] = {}
        """Id of a call under way → its connection; None before there is one."""

    async def open(self) -> None:
        """Open the client of the Graph API."""
        await self._graph.open()

    async def close(self) -> None:
        """Close the client of the Graph API."""
        await self._graph.close()

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a recording. Its reference contains the recording itself."""

        async def content() -> AsyncIterator[bytes]:
            yield base64.b64decode(ref.id)

        yield content()

    @property
    def in_use(self) -> bool:
        return bool(self._active)

    def take(self, event: CallEvent, senders: tuple[Address, ...]) -> None:
        """Take an event of a call from a verified webhook. Meta may send the same event again."""
        if event.event == "terminate" and (media := self._active.get(event.id)):
            media.hang_up()
        elif event.event == "connect" and event.session and event.id not in self._active and _still_rings(event):
            self._active[event.id] = None
            self._rings.put_nowait((event, senders))

    async def listen(self, ask: AskDialogue) -> None:
        """Answer calls until cancelled."""
        from satark_whatsapp.calls.connection import use_address  # noqa: PLC0415 - an extra, which takes a second to import

        if self._settings.calls_address:
            use_address(self._settings.calls_address)
        async with asyncio.TaskGroup() as tasks:
            while True:
                tasks.create_task(self._answer(*await self._rings.get(), ask))

    async def _answer(self, event: CallEvent, senders: tuple[Address, ...], ask: AskDialogue) -> None:
        try:
            if len(self._active) > self._settings.calls_at_once:
                await self._act(event, "reject")
            else:
                await self._carry(event, senders, ask)
        except Exception as error:  # noqa: BLE001 - no call may end another one
            log.warning("call inside WhatsApp broke off", channel="voice", **describe_error(error))
        finally:
            del self._active[event.id]

    async def _carry(self, event: CallEvent, senders: tuple[Address, ...], ask: AskDialogue) -> None:
        from satark_whatsapp.calls.call import CarriedCall  # noqa: PLC0415 - see above
        from satark_whatsapp.calls.connection import CallMedia  # noqa: PLC0415

        self._active[event.id] = media = CallMedia()
        ends = asyncio.get_running_loop().call_later(_LONGEST_SECONDS, media.hang_up)
        start = CallRequest(
            id=event.id,
            step="start",
            senders=senders,
            chat_account=f"whatsapp:{self.number}" if senders else "",
            continues=event.cta_payload == CALL_BUTTON,
        )
        try:
            if await self._connect(event, media):
                await CarriedCall(start, self.account, media, self._notes).lead(ask)
        finally:
            ends.cancel()
            if senders:
                self.ended.put_nowait(start)
            await media.close()
            await self._act(event, "terminate")

    async def _connect(self, event: CallEvent, media: CallMedia) -> bool:
        """Connect before accepting, so that no word of the greeting is lost. Return whether the call is connected."""
        sdp = await media.answer(event.session.sdp if event.session else "")
        connects = await self._act(event, "pre_accept", sdp)
        if connects and await media.until(lambda: media.is_connected, _CONNECT_SECONDS):
            return await self._act(event, "accept", sdp)
        return False

    async def _act(self, event: CallEvent, action: str, sdp: str = "") -> bool:
        return await self._graph.act_on_call(self.number, event.id, action, sdp)


def _still_rings(event: CallEvent) -> bool:
    """Whether the caller still waits for an answer: Meta repeats webhooks for days."""
    digits = event.timestamp or ""
    return not digits.isdecimal() or abs(time.time() - int(digits)) < _RINGS_SECONDS
