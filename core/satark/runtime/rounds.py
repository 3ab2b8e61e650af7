"""Rounds of jobs that work on the database, each job in every so many rounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from satark.store.writer import StoreDown

Job: TypeAlias = Callable[[], Awaitable[None]]


class Rounds:
    """Runs jobs. One that the database breaks off stops no other, and is due again in the next round.

    Args:
        jobs: in how many rounds a job is due once → the job, in the order in which one round runs them.
    """

    def __init__(self, jobs: Sequence[tuple[int, Job]]) -> None:
        self._jobs = jobs
        self._broken_off: set[Job] = set()

    async def run(self, number: int) -> None:
        """Run the jobs that are due in a round; all are in round 0."""
        for every, job in self._jobs:
            if number % every == 0 or job in self._broken_off:
                self._broken_off.add(job)
                with suppress(StoreDown, SQLAlchemyError):
                    await job()
                    self._broken_off.discard(job)
