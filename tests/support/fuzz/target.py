"""The interface of a fuzzer target, and the faults that a target reports."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec


class Fault(AssertionError):  # noqa: N818 - it reads as what it says
    """The parser violated a requirement without raising an exception."""


class Target(Protocol):
    """One parser, which gets bytes as strangers send them."""

    words: Sequence[str]
    """Words that the parser looks for: names of fields, values, delimiters."""

    def seeds(self) -> Sequence[bytes]:
        """Return valid inputs, which the fuzzer mutates."""

    def try_one(self, data: bytes) -> None:
        """Parse one input. Any raised exception is a fault, so the target catches those that the parser may raise."""

    def close(self) -> None:
        """Release what the target holds."""


class FoundFault(msgspec.Struct, frozen=True):
    """A fault, and the first input that showed it."""

    where: str
    """The exception, and the innermost line of Satark that it passed through."""
    data: bytes


class Report(msgspec.Struct):
    """The results of a run."""

    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    """CPU seconds of the slowest input."""
    faults: dict[str, FoundFault] = {}
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    """Fault → number of inputs that showed it."""

    def note(self, error: BaseException, data: bytes) -> None:
        """Record a fault, once per line of code."""
        where = place_of(error)
        self.counts[where] += 1
        self.faults.setdefault(where, FoundFault(where, data))


def place_of(error: BaseException) -> str:
    """Name an exception by its type and by the innermost line of Satark that it passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "satark" in frame.filename and "/testing/fuzz/" not in frame.filename]
    frame = (ours or frames)[-1] if frames else None
    at = f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" if frame else "?"
    detail = f" ({error})" if isinstance(error, Fault) else ""
    return f"{type(error).__name__}{detail} at {at}"
