"""Transcribes voice notes on this machine, to search them for danger. The words are not stored."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from satark.api.background import run_in_thread
from satark.api.observability import log
from satark.api.providers import NoDraft, Transcriber
from satark.dialogue.session import MediaJob

PAUSE: Final = 1.0
"""Seconds between two attempts while the machine makes other transcripts."""
_MOST_WAITS: Final = 60
"""Most attempts at one recording."""
MOST_WAITING: Final = 20
"""Most recordings that wait in memory. In a flood, further ones are stored without being transcribed."""


class VoiceListener:
    """Transcribes voice notes, one after the other, and passes their words to `hear`."""

    def __init__(self, transcribers: Sequence[Transcriber], hear: Callable[[MediaJob, str], Awaitable[None]]) -> None:
        self._transcribers = transcribers
        self._hear = hear
        self._turn = asyncio.Lock()
        self._waiting = 0

    def listens_to(self, job: MediaJob) -> bool:
        """Whether a file is a voice note that this machine can transcribe now."""
        return job.kind == "voice" and bool(self._transcribers) and self._waiting < MOST_WAITING

    async def listen(self, job: MediaJob, recording: Path, plain: ExitStack) -> None:
        """Listen to a recording, the only file in its folder, which is removed with `plain`.

        Before the tipster has chosen a language, the recording is transcribed in each.
        """
        self._waiting += 1
        every = self._transcribers
        able = [one for one in every if job.language in one.languages] or every
        try:
            with plain:
                async with self._turn:
                    heard = [await _transcribe(one, recording, job.language) for one in able]
            await self._hear(job, " ".join(heard))
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the recording is sealed by now
            log.warning("voice note not heard for danger", error=type(error).__name__)
        finally:
            self._waiting -= 1


async def _transcribe(transcriber: Transcriber, recording: Path, language: str) -> str:
    spoken = language if language in transcriber.languages else min(transcriber.languages)
    for _ in range(_MOST_WAITS):
        try:
            return await run_in_thread(transcriber.transcribe, recording, spoken)
        except NoDraft as error:
            if error.reason != "busy":
                raise
        await asyncio.sleep(PAUSE)
    raise NoDraft("busy")
