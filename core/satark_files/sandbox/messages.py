"""The messages that the worker and the fork server send each other."""

import msgspec

from satark_files.limits import Limits
from satark_files.scrubber import LeftOut, Reason

MAX_MESSAGE = 16_384
"""Most bytes of the results of a job; each result is a line."""
LENGTH_BYTES = 4
"""Bytes of the length that precedes the pickled scrubbers and each job."""


class Step(msgspec.Struct, frozen=True):
    """A step of a job: make `target` from `source`, both in the job's folder, with the scrubber at this index."""

    scrubber: int
    source: str
    target: str


class CleaningJob(msgspec.Struct, frozen=True):
    """The steps that one process does in turn. If the first step fails, the others are not done."""

    folder: str
    steps: tuple[Step, ...]
    limits: Limits
    weakly: bool = False
    """Whether the job runs even if the system forbids a part of the isolation."""
    is_urgent: bool = False
    """Whether the job may take the processor from others, such as a job that was starved before (`is_starved`)."""


class CleaningResult(msgspec.Struct, frozen=True):
    """The result of a step: the copy's MIME type, or the reason why there is no copy."""

    mime: str = ""
    reason: Reason | None = None
    readable: int = 100
    left_out: tuple[LeftOut, ...] = ()
    is_starved: bool = False
    """Whether the step was too slow and spent most of its time waiting, for a processor or otherwise."""
