"""A caller inside WhatsApp who hears text (`support.calls.server`), with the methods of a caller on the phone."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from satark_testing.dialogue.walking import LostError
from satark_testing.installation import Installation
from satark_testing.matrix.drivers import CallDriver
from satark_testing.whatsapp import calls
from satark_testing.whatsapp.calls import WhatsAppCaller
from satark_testing.whatsapp.citizen import Citizen
from support.calls.server import ALL_KEYS, BEEP, KEYS, PASS

_PIECE: Final = 1000
"""Bytes of a recording that one packet carries."""
setattr(calls, "KEYS", ALL_KEYS)  # noqa: B010 - the phone has a key more


class TextCaller:
    """A caller. `question` is what was said last."""

    def __init__(self, installation: Installation, citizen: Citizen) -> None:
        self._new = partial(WhatsAppCaller, installation.peer, installation.webhook, citizen.sender)
        self.phone = self._new()
        self.question = ""
        self.waits_for = b""
        """What the call waits for: `KEYS`, or speech after `BEEP`; empty: the call is over."""

    async def dial(self, payload: str = "") -> str:
        """Call; return what is heard.

        Raises:
            LostError: nobody answers.
        """
        await self.phone.end()
        self.phone = self._new()
        if not await self.phone.dial(payload):
            raise LostError("busy")
        return await self._listen()

    async def press(self, keys: str) -> str:
        """Press keys; return what is heard next."""
        if self.waits_for != KEYS:
            raise LostError(f"no keys are waited for: {self.question}")
        self.phone.heard.clear()
        for key in keys:
            await self.phone.press(key)
        return await self._listen()

    async def speak(self, voice: bytes) -> str:
        """Wait for the beep, speak, and end with the hash key; return what is heard next."""
        await self.begin_to_speak(voice)
        await self.phone.press("#")
        return await self._listen()

    async def begin_to_speak(self, voice: bytes) -> None:
        """Wait for the beep, and speak."""
        asked = self.question
        if self.waits_for == KEYS:
            await self.press(PASS)
        if self.waits_for != BEEP:
            raise LostError(f"nothing is recorded here: {asked}")
        await self.phone.play(voice[at : at + _PIECE] for at in range(0, len(voice), _PIECE))

    async def _listen(self) -> str:
        lines: list[str] = []
        while True:
            await self.phone.until(lambda: bool(self.phone.heard))
            self.waits_for = self.phone.heard.popleft() if self.phone.heard else b""
            if self.waits_for in {b"", KEYS, BEEP}:
                self.question = "\n".join(lines)
                return self.question
            lines.append(self.waits_for.decode())


class CallInsideWhatsAppDriver(CallDriver):
    """A tipster who calls inside WhatsApp."""

    def __init__(self, caller: TextCaller) -> None:
        phone: Any = caller
        super().__init__(phone)

    async def greet(self) -> None:
        await self._caller.dial()

    async def leave(self) -> None:
        phone: Any = self._caller
        await phone.phone.end()
