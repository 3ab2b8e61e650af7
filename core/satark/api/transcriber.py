"""The contract for offline speech recognisers; the hook `satark_transcribers` registers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DraftFault",
    "NoDraft",
    "Transcriber",
]

DraftFault: TypeAlias = Literal["busy", "late", "killed", "setup", "failed"]
"""Why there is no draft: others are being made; it took too long; its process was ended, as for want of memory; the
operator has something to put right; or it is not told further."""


class NoDraft(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """A recogniser has no draft; the officer reads why."""

    def __init__(self, reason: DraftFault) -> None:
        super().__init__(reason)
        self.reason = reason


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
        no draft; of a `NoDraft` also why.
        """
