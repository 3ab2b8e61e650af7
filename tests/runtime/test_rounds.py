"""Rounds of jobs that work on the database."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from satark.runtime.scheduler import Job, Rounds
from satark.store.writer import StoreDown

BROKEN = [StoreDown("away"), OperationalError("DELETE", None, Exception("the server closed the connection"))]


class Jobs:
    """Jobs that note when they ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def job(self, name: str, *fails: Exception) -> Job:
        failing = iter(fails)

        async def work() -> None:
            self.ran.append(name)
            if error := next(failing, None):
                raise error

        return work


async def test_a_job_runs_every_so_many_rounds() -> None:
    jobs = Jobs()
    rounds = Rounds([(3, jobs.job("third")), (1, jobs.job("each"))])
    for number in range(5):
        await rounds.run(number)
    assert jobs.ran == ["third", "each", "each", "each", "third", "each", "each"]


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
async def test_a_job_that_the_database_breaks_off_stops_no_other_and_is_due_again(error: Exception) -> None:
    jobs = Jobs()
    rounds = Rounds([(60, jobs.job("waits", error, error)), (60, jobs.job("purge"))])
    for number in range(4):
        await rounds.run(number)
    assert jobs.ran == ["waits", "purge", "waits", "waits"]


async def test_a_fault_of_the_program_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await Rounds([(1, Jobs().job("wrong", ZeroDivisionError()))]).run(0)
