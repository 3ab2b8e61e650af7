"""The contract for offline speech recognisers; the hook `satark_transcribers` registers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Transcriber",
]


@runtime_checkable
class Transcriber(Protocol):
    """Transcribes a recording into a draft that an officer corrects. It must work offline, on this machine.

    The desk asks for a draft when an officer who may listen requests one, and stores only the officer's version of it.
    """

    @property
    def name(self) -> str:
        """Name and version of the recogniser, shown to officers and written into the custody log."""

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the languages that it recognises, such as `hi`."""

    def transcribe(self, recording: Path, language: str) -> str:
        """Return what is said in a recording.

        Runs in a thread of the desk's process, without a time limit. `recording` is the undisguised clean copy, in a
        temporary folder in memory: leave no copy of it anywhere. Whatever is raised, the officer is told that there is
        no draft.
        """
