"""Tests wait until a condition holds, with the same time limit for all."""

from __future__ import annotations

import pytest

from satark_testing import waiting
from satark_testing.waiting import until


async def test_a_condition_may_be_asynchronous_and_its_value_is_returned() -> None:
    values = iter([0, "", "found"])

    async def ask() -> object:
        return next(values)

    assert await until(ask, every=0) == "found"
    assert await until(lambda: "at once") == "at once"


async def test_a_condition_that_stays_false_fails_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LIMIT_SECONDS", 0.01)
    with pytest.raises(TimeoutError):
        await until(lambda: None, every=0.001)
