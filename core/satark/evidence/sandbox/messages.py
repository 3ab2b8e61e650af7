"""What the worker and the fork server send each other."""

from __future__ import annotations

import msgspec

from satark.limits import Limits
from satark.scrubber import LeftOut, Reason

MAX_MESSAGE = 16_384
"""Most bytes of a result."""
LENGTH_BYTES = 4
"""Bytes of the length that precedes the pickled scrubbers and each job."""


class CleaningJob(msgspec.Struct, frozen=True):
    """Clean `folder/source` into `folder/target` with the scrubber of this index."""

    scrubber: int
    folder: str
    source: str
    target: str
    limits: Limits
    weakly: bool = False
    """Whether it is cleaned even where the system forbids a part of the isolation."""


class CleaningResult(msgspec.Struct, frozen=True):
    """The copy's MIME type, or the reason why there is no copy."""

    mime: str = ""
    reason: Reason | None = None
    readable: int = 100
    left_out: tuple[LeftOut, ...] = ()
