"""What the worker and the fork server send each other."""

from __future__ import annotations

import msgspec

from satark_files.limits import Limits
from satark_files.scrubber import LeftOut, Reason

MAX_MESSAGE = 16_384
"""Most bytes of the results of a job, each a line."""
LENGTH_BYTES = 4
"""Bytes of the length that precedes the pickled scrubbers and each job."""


class Step(msgspec.Struct, frozen=True):
    """Make `target` of `source` with the scrubber of this index; both are names in the job's folder."""

    scrubber: int
    source: str
    target: str


class CleaningJob(msgspec.Struct, frozen=True):
    """Steps that one process does in turn. If the first fails there is no other."""

    folder: str
    steps: tuple[Step, ...]
    limits: Limits
    weakly: bool = False
    """Whether it is cleaned even where the system forbids a part of the isolation."""
    is_urgent: bool = False
    """Whether it may take the processor from others, as when it did not get any for all of its time."""


class CleaningResult(msgspec.Struct, frozen=True):
    """The copy's MIME type, or the reason why there is no copy: the result of a step."""

    mime: str = ""
    reason: Reason | None = None
    readable: int = 100
    left_out: tuple[LeftOut, ...] = ()
    is_starved: bool = False
    """Whether it was too slow with most of its time spent in waiting for a processor, or for nothing."""
