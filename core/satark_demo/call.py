"""A phone call from a simulated phone: it follows the TwiML of the service and shows what is spoken as text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from satark_demo.chat import Chat, NotPossible, Publish
from satark_demo.messages import ChatMessage, SentFile
from satark_testing.twilio.api import new_sid
from satark_testing.twilio.people import Caller
from satark_testing.whatsapp.citizen import LostError

if TYPE_CHECKING:
    from satark_testing.twilio.api import TwilioPeer


class CallChat(Chat):
    """The keypad of one phone, and what is heard and said during a call."""

    medium = "voice"

    def __init__(self, number: int, peer: TwilioPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish)
        self._caller = Caller(peer, service, f"+9199999{number:05}")
        self._lock = asyncio.Lock()
        """A caller does one thing at a time."""

    def view(self) -> dict[str, Any]:
        """Return everything that the page shows, with the state of the call."""
        return {**super().view(), "call": self._call_state()}

    async def dial(self) -> None:
        """Call the service; the messages of an earlier call are removed."""
        self.messages.clear()
        self.files.clear()
        self.publish({"type": "cleared"})
        await self._show_answer(self._caller.dial())

    async def press(self, keys: str) -> None:
        """Press keys; an empty string stands for silence."""
        self._require_call()
        if keys:
            self.show(ChatMessage(id=new_sid("PK"), mine=True, kind="keys", text=keys))
        await self._show_answer(self._caller.press(keys) if keys else self._caller.stay_silent())

    async def file(self, file: SentFile, caption: str, *, voice: bool, twice: bool) -> None:
        """Speak after the beep; the recording ends with the hash key."""
        del caption, voice, twice
        self._require_call()
        if not self._caller.beep:
            raise NotPossible
        recording = ChatMessage(id=new_sid("PR"), mine=True, kind="voice", mime=file.mime)
        self.files[recording.id] = file
        self.show(recording)
        await self._show_answer(self._caller.speak(file.data))

    async def hang_up(self) -> None:
        """End the call."""
        self._caller.hang_up()
        self._publish_call_state()

    async def _show_answer(self, action: Awaitable[str]) -> None:
        """Carry out an action and show what is spoken next; a service that does not answer ends the call."""
        async with self._lock:
            try:
                spoken = await action
            except LostError:
                self._caller.hang_up()
                spoken = ""
        if spoken:
            self.show(ChatMessage(id=new_sid("PS"), mine=False, text=spoken))
        self._publish_call_state()

    def _publish_call_state(self) -> None:
        self.publish({"type": "call", "call": self._call_state()})

    def _call_state(self) -> dict[str, Any]:
        """Return whether the call is up, how many keys are expected, and whether a recording is."""
        caller = self._caller
        return {"up": caller.on_the_line, "keys": caller.keys, "beep": caller.beep}

    def _require_call(self) -> None:
        if not self._caller.on_the_line:
            raise NotPossible
