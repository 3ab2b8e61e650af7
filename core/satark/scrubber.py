"""The contract for evidence cleaners, as the hook `satark_scrubbers` hands them over."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from satark.limits import Limits

Reason: TypeAlias = Literal[
    "empty", "unknown", "mislabelled", "unsupported", "damaged", "too-many-pixels",
    "too-many-pages", "too-long", "expands", "encrypted", "too-slow", "crashed", "no-space",
]  # fmt: skip
"""Why there is no clean copy. A closed list: anything free-form could carry a file's content to a screen."""

REASONS: Mapping[Reason, str] = MappingProxyType({
    "empty": "The file is empty.",
    "unknown": "The type of the file is not known.",
    "mislabelled": "The file is not what it was announced as.",
    "unsupported": "Files of this type can't be cleaned of traces of their sender.",
    "damaged": "The file is damaged or incomplete.",
    "too-many-pixels": "The picture is too large to be opened safely.",
    "too-many-pages": "The document has too many pages.",
    "too-long": "The recording is too long.",
    "expands": "The file unpacks to far more than its size.",
    "encrypted": "The file is locked with a password.",
    "too-slow": "Cleaning the file took too long.",
    "crashed": "Cleaning the file failed.",
    "no-space": "The machine had no room to clean the file.",
})  # fmt: skip
"""What the officer is told (English; catalogues translate it)."""


class Unclean(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """A scrubber could not make a copy that it vouches for. The sealed original is kept."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@runtime_checkable
class Scrubber(Protocol):
    """A cleaner of some types of file.

    It is pickled once, into the process that all cleaning children are forked from, so its class must be importable
    and its state small. `scrub` runs in such a child: it can read the installed programs and the file's own folder,
    write nothing but that folder, and reach no network; it may start programs.
    """

    @property
    def mimes(self) -> frozenset[str]:
        """The types that it cleans, as `satark.evidence.sniff` names them."""

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write a clean copy of `source` to `target` and return the copy's MIME type.

        Nothing may survive but what the picture, sound or text itself says. Check the copy before returning.

        Raises:
            Unclean: the copy can't be made, or can't be vouched for. Any other exception counts as "crashed".
        """
