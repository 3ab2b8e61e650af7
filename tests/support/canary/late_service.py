"""A forked service whose clock is off, for the worlds of the canary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from satark_testing.canary.worlds import seconds_off
from support.processes.forked import CLOCK, ForkedService


class LateService(ForkedService):
    """A service whose clock is off."""

    def __init__(self, folder: Path, environment: Mapping[str, str], command: Sequence[str] = ()) -> None:
        super().__init__(folder, {**environment, CLOCK: str(seconds_off())}, command)
