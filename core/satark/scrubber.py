"""The contract for scrubbers, which clean evidence of metadata, and the reasons why a file could not be cleaned.

The hook `satark_scrubbers` registers scrubbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from satark.limits import Limits

__all__ = [
    "REASONS",
    "Reason",
    "Scrubber",
    "Unclean",
]

Reason: TypeAlias = Literal[
    "empty", "unknown", "mislabelled", "unsupported", "damaged", "too-many-pixels",
    "too-many-pages", "too-long", "expands", "encrypted", "too-slow", "crashed", "no-space",
    "not-isolated",
]  # fmt: skip
"""Why there is no clean copy. A closed list: free text could carry a file's content to a screen."""

REASONS: Mapping[Reason, str] = MappingProxyType({
    "empty": "The file is empty.",
    "unknown": "The type of the file is not known.",
    "mislabelled": "The content of the file is of another type than its sender's app said.",
    "unsupported": "Files of this type can't be cleaned of metadata about their sender.",
    "damaged": "The file is damaged or incomplete.",
    "too-many-pixels": "The image has too many pixels to be opened safely.",
    "too-many-pages": "The document has too many pages.",
    "too-long": "The recording is too long.",
    "expands": "The file unpacks to far more than its size.",
    "encrypted": "The file is protected by a password.",
    "too-slow": "Cleaning the file took too long.",
    "crashed": "Cleaning the file failed.",
    "no-space": "The server had too little memory to clean the file.",
    "not-isolated": "The server can't isolate the program that cleans files, so the file was not opened.",
})  # fmt: skip
"""The text for officers, in English; catalogues translate it."""


class Unclean(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """A scrubber can't make a copy that is sure to hold no metadata. The sealed original stays."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@runtime_checkable
class Scrubber(Protocol):
    """Cleans files of some types.

    It is pickled once, into the fork server of the sandbox, so its class must be importable and its state small.
    `scrub` runs in a child process of its own, which can read the installed programs and the file's own folder, can
    write in that folder only, and has no network. It may start programs.
    """

    @property
    def mimes(self) -> frozenset[str]:
        """The MIME types that it cleans, as Satark names them by the file's content."""

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write a clean copy of `source` to `target` and return the copy's MIME type.

        Only the image, sound or text itself may pass, no metadata. Check the copy before returning.

        Raises:
            Unclean: there is no copy that is sure to be clean. Any other exception counts as "crashed".
        """
