"""Leads one call: plays the dialogue's lines, and asks the dialogue for the next verbs after each key and recording."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from satark.api import (
    Ask,
    CallRequest,
    CallVerb,
    GoOn,
    HangUp,
    Line,
    MediaRef,
    Pause,
    Record,
    Say,
    VoiceNotes,
    run_in_thread,
)
from satark_whatsapp.calls import sounds
from satark_whatsapp.calls.connection import CallMedia

AskDialogue: TypeAlias = Callable[[CallRequest], Awaitable[Sequence[CallVerb]]]


class CarriedCall(NamedTuple):
    start: CallRequest
    """The call's first request."""
    account: str
    """The account under which recordings are fetched."""
    media: CallMedia
    notes: VoiceNotes
    """Makes the sound of spoken lines."""

    async def lead(self, ask: AskDialogue) -> None:
        """Lead the call until somebody hangs up. Ingest the caller's last words too.

        `ask` ingests a request and returns the next verbs.
        """
        request: CallRequest | None = self.start
        while request is not None:
            request = await self._next(await ask(request))

    async def _next(self, verbs: Sequence[CallVerb]) -> CallRequest | None:
        """Carry out verbs until one leads to a request; None: the call is over."""
        for verb in verbs:
            if self.media.is_over or isinstance(verb, HangUp):
                return None
            if request := await self._carry_out(verb):
                return request
        return None

    async def _carry_out(self, verb: CallVerb) -> CallRequest | None:
        match verb:
            case Say():
                await self._say(verb.lines)
            case Pause():
                await self.media.play([sounds.SILENCE] * (sounds.PACKETS_A_SECOND * verb.seconds))
            case Ask():
                keys = await self._keys(verb)
                return self._request(step="keys", state=verb.state, keys=keys) if keys else None
            case Record():
                return await self._record(verb)
            case GoOn():
                return self._request(step="keys", state=verb.state)
            case HangUp():
                pass
        return None

    def _request(self, **fields: object) -> CallRequest:
        return msgspec.structs.replace(self.start, continues=False, **fields)

    async def _say(self, lines: Iterable[Line], *, keys_end_it: bool = False) -> None:
        """Play lines. The next line is made while one plays."""
        coming = None
        for line in (*lines, None):
            made = asyncio.create_task(self._sound(line)) if line else None
            if coming is not None:
                await self.media.play(await coming, keys_end_it=keys_end_it)
            coming = made

    async def _sound(self, line: Line) -> list[bytes]:
        found = sounds.clip_packets(line, self.notes)
        return await run_in_thread(sounds.spoken_packets, line, self.notes) if found is None else found

    async def _keys(self, verb: Ask) -> str:
        pressed = self.media.keys
        pressed.clear()
        await self._say(verb.lines, keys_end_it=True)
        typed = ""
        while len(typed) < verb.digits and await self.media.until(lambda: bool(pressed), verb.seconds):
            key = pressed.popleft()
            if key == "#" and verb.digits > 1:
                break
            typed += key
        return typed

    async def _record(self, verb: Record) -> CallRequest | None:
        """Record after a beep, until a key, silence, the longest time or the call's end; None: nothing came."""
        media, clock = self.media, asyncio.get_running_loop().time
        media.keys.clear()  # before the beep: who presses as soon as they hear it is heard
        await media.play(sounds.beep())
        recording, began, key = media.record(), clock(), ""
        while not key and not media.is_over:
            left = min(began + verb.seconds, recording.heard_at + verb.silence) - clock()
            if left <= 0:
                break
            if await media.until(lambda: bool(media.keys), left):
                key = media.keys.popleft()
                key = key if key in verb.end_keys else ""
        media.stop_recording()
        if not recording.has_speech:
            return self._request(step="record", state=verb.state, keys=key, seconds=0) if key else None
        data = base64.b64encode(await run_in_thread(recording.file)).decode()
        ref = MediaRef(account=self.account, id=data, mime="audio/ogg")
        return self._request(step="record", state=verb.state, keys=key, recording=ref, seconds=recording.seconds)
