"""Forgeries each change one thing, and none is genuine."""

from __future__ import annotations

import time

import pytest

from satark_testing.contracts.forgeries import forgeries, times, without_secret
from support.postcards import BODY, Postcards, case, signed


def test_every_forgery_is_different_and_none_is_genuine() -> None:
    genuine, channel = signed(BODY), Postcards()
    made = dict(forgeries(genuine, case(channel)))
    assert len(made) == len({(one.body, *one.headers.values()) for one in made.values()})
    assert {"last byte dropped", "a byte added"} <= made.keys()
    assert channel.verify(genuine)
    assert not any(channel.verify(forgery) for forgery in made.values())
    assert not any(channel.verify(bare) for _, bare in without_secret(genuine, case(channel)))


@pytest.mark.parametrize("form", ["{}", "{}000", "t={},v1=5257a869e7ecebeda32affa62cdca3fa"])
def test_a_time_is_found_in_a_header(form: str) -> None:
    now = int(time.time())
    assert times(form.format(now)) == [now]
    assert times(f"5257a{now}ecebed") == []
