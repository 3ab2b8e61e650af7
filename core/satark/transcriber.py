"""The contract for offline speech recognisers, as the hook `satark_transcribers` hands them over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path


@runtime_checkable
class Transcriber(Protocol):
    """Writes out what is said in a recording, as a draft that an officer corrects. It must work on this machine alone.

    The desk asks for a draft when an officer who may listen wants one; the draft is kept only as they corrected it.
    """

    @property
    def name(self) -> str:
        """What officers read as the draft's maker, with its version; it stands in the custody log."""

    @property
    def languages(self) -> frozenset[str]:
        """The languages that it knows, such as `hi`."""

    def transcribe(self, recording: Path, language: str) -> str:
        """Write out a recording.

        Runs in a thread of the desk's own process, as long as it takes. `recording` is the undisguised clean copy, in
        a folder in memory that is gone afterwards: leave no copy of it anywhere. Whatever is raised, the officer is
        told that there is no draft.
        """
