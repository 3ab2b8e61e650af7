"""A call from a pretended phone: it obeys the TwiML that the service answers with, and shows what is said as text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from satark.demo.bubbles import Bubble, File
from satark.demo.chat import Chat, NotHere, Publish
from satark.testing.twilio.api import new_sid
from satark.testing.twilio.people import Caller
from satark.testing.whatsapp.citizen import LostError

if TYPE_CHECKING:
    from satark.testing.twilio.api import TwilioPeer


class CallChat(Chat):
    """The dial pad of one phone."""

    medium = "voice"

    def __init__(self, number: int, peer: TwilioPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish)
        self._caller = Caller(peer, service, f"+9199999{number:05}")
        self._alone = asyncio.Lock()
        """A person does one thing at a time."""

    def view(self) -> dict[str, Any]:
        """Give everything that the page shows of it."""
        return {**super().view(), "line": self._line()}

    async def dial(self) -> None:
        """Call the service; what stood there of earlier calls is gone."""
        self.bubbles.clear()
        self.files.clear()
        self.tell({"what": "cleared"})
        await self._hear(self._caller.dial())

    async def press(self, keys: str) -> None:
        """Press keys, or say nothing."""
        self._must_be_on_the_line()
        if keys:
            self.show(Bubble(id=new_sid("PK"), mine=True, kind="keys", text=keys))
        await self._hear(self._caller.press(keys) if keys else self._caller.stay_silent())

    async def file(self, file: File, caption: str, *, voice: bool, twice: bool) -> None:
        """Speak after the beep; the recording ends with the hash key."""
        del caption, voice, twice
        self._must_be_on_the_line()
        if not self._caller.beep:
            raise NotHere
        bubble = Bubble(id=new_sid("PR"), mine=True, kind="voice", mime=file.mime)
        self.files[bubble.id] = file
        self.show(bubble)
        await self._hear(self._caller.speak(file.data))

    async def hang_up(self) -> None:
        """End the call."""
        self._caller.hang_up()
        self.tell({"what": "line", "line": self._line()})

    async def _hear(self, doing: Awaitable[str]) -> None:
        """Do something, and show what is said then. A service that does not answer ends the call, as Twilio does."""
        async with self._alone:
            try:
                heard = await doing
            except LostError:
                self._caller.hang_up()
                heard = ""
        if heard:
            self.show(Bubble(id=new_sid("PS"), mine=False, text=heard))
        self.tell({"what": "line", "line": self._line()})

    def _line(self) -> dict[str, Any]:
        """Say how the call stands: whether it goes on, how many keys are waited for, and whether there is a beep."""
        caller = self._caller
        return {"on": caller.on_the_line, "keys": caller.keys, "beep": caller.beep}

    def _must_be_on_the_line(self) -> None:
        if not self._caller.on_the_line:
            raise NotHere
