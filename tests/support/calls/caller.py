"""A caller inside WhatsApp who hears text (`support.calls.server`), with the methods of a caller on the phone."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from satark_testing.dialogue.walking import LostError
from satark_testing.installation import Installation
from satark_testing.matrix.drivers import Ability, CallDriver
from satark_testing.whatsapp.citizen import Citizen
from support.calls import server, whatsapp_caller
from support.calls.server import ALL_KEYS, BEEP, KEYS, PASS
from support.calls.whatsapp_caller import WhatsAppCaller
from support.processes.forked import ForkedService

SERVER: Final = (sys.executable, str(Path(server.__file__)))
CALLS: Final = {
    "SATARK_WHATSAPP__CALLS_AT_ONCE": "100",
    "SATARK_WHATSAPP__CALLS_ADDRESS": "127.0.0.1",
    "SATARK_PROCESS_EPOCHS": "0",
}
_CHUNK: Final = 1000
"""Bytes of a recording that one packet carries."""
setattr(whatsapp_caller, "KEYS", ALL_KEYS)  # noqa: B010 - the phone has a key more


class TextCaller:
    """A caller. `question` is the last spoken text."""

    def __init__(self, installation: Installation, citizen: Citizen) -> None:
        self._new = partial(WhatsAppCaller, installation.peer, installation.webhook, citizen.sender)
        self._phone: WhatsAppCaller | None = None
        self.question = ""
        self.waits_for = b""
        """The input that the call waits for: `KEYS`, or speech after `BEEP`; empty: the call is over."""

    @property
    def phone(self) -> WhatsAppCaller:
        """The newest call."""
        if self._phone is None:
            raise LostError("no call was made")
        return self._phone

    async def dial(self, payload: str = "") -> str:
        """Call; return what is heard.

        Raises:
            LostError: nobody answers.
        """
        if self._phone is not None:
            await self._phone.end()
        self._phone = self._new()
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
        await self.phone.play(voice[at : at + _CHUNK] for at in range(0, len(voice), _CHUNK))

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

    can = frozenset[Ability]({"come back"})

    def __init__(self, caller: TextCaller) -> None:
        phone: Any = caller
        super().__init__(phone)

    async def greet(self) -> None:
        await self._caller.dial()

    async def leave(self) -> None:
        phone: Any = self._caller
        await phone.phone.end()


class CallsService(ForkedService):
    """A service that carries text in calls inside WhatsApp; `CALLS` are further settings of it."""

    def __init__(self, folder: Path, environment: Mapping[str, str], command: Sequence[str] = ()) -> None:
        super().__init__(folder, {**CALLS, **environment}, command or SERVER)
