"""The contract for scrubbers, which clean files of metadata, and the reasons why a file could not be cleaned."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Protocol, Self, TypeAlias, runtime_checkable

from satark_files.limits import Limits

__all__ = [
    "DISGUISE_JOB", "LEFT_OUT", "LOOKS_JOB", "MUTE_JOB", "ORIGIN_JOB", "PREVIEW_JOB", "REASONS", "Cleaned", "LeftOut",
    "Reason", "Scrubber", "Unclean",
]  # fmt: skip


Reason: TypeAlias = Literal[
    "empty", "unknown", "mislabelled", "unsupported", "damaged", "too-many-pixels",
    "too-many-pages", "too-long", "expands", "encrypted", "too-slow", "crashed", "no-space",
    "not-isolated",
]  # fmt: skip
"""Reason for a missing clean copy. A closed list, since free text could carry a file's content to a screen."""

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
"""The sentence to show for each reason, in English."""


LeftOut: TypeAlias = Literal[
    "picture-tracks", "sound-tracks", "subtitles", "frames", "pictures", "film", "pages", "members", "attachments",
    "hidden",
]  # fmt: skip
"""A part of an original that its clean copy lacks. A closed list, as `Reason` is."""

LEFT_OUT: Mapping[LeftOut, str] = MappingProxyType({
    "picture-tracks": "further picture tracks, as of a second camera",
    "sound-tracks": "further sound tracks",
    "subtitles": "subtitles or other text",
    "frames": "further frames of an animation",
    "pictures": "further pictures",
    "film": "what follows the picture in its file, such as a short film",
    "pages": "further pages",
    "members": "further files, which could not be cleaned",
    "attachments": "attached files",
    "hidden": "what is hidden or was deleted, or may lie under something else",
})  # fmt: skip
"""The words to show for each part that was left out, in English."""


class Cleaned(str):
    """The MIME type of a clean copy, with what the copy lacks. A scrubber may return a `Cleaned` in place of a str."""

    __slots__ = ("left_out", "readable")

    left_out: tuple[LeftOut, ...]
    """The parts of the original that the copy lacks."""
    readable: int
    """Percent of the original that could be read, 1 to 100. Below 100, the original was damaged."""

    def __new__(cls, mime: str, *, readable: int = 100, left_out: Iterable[LeftOut] = ()) -> Self:
        """Make the result of a scrubber whose copy has this type."""
        self = super().__new__(cls, mime)
        self.readable, self.left_out = max(1, min(100, readable)), tuple(dict.fromkeys(left_out))
        return self


class Unclean(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """A scrubber can't make a copy that is certain to hold no metadata. The sealed original stays."""

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
        """The MIME types that the scrubber cleans, as `satark_files.sniff` names them by a file's content."""

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write a clean copy of `source` to `target` and return the copy's MIME type, or a `Cleaned`.

        The copy may hold the image, sound or text itself, and no metadata. Check the copy before returning.

        Raises:
            Unclean: there is no copy that is certain to be clean. Any other exception counts as "crashed".
        """


DISGUISE_JOB: Final = "disguised voice"
LOOKS_JOB: Final = "looks"
MUTE_JOB: Final = "muted film"
ORIGIN_JOB: Final = "where and when"
PREVIEW_JOB: Final = "preview"
