"""The outbox: messages are numbered in the order in which they are made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from satark.api.outbound import Call
from satark.outbox.outbox import message

CALL = Call(account="scripted", method="send", body=b"")


def test_messages_are_numbered_in_order_even_if_the_clock_stands_still_or_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far = 4_000_000_000_000_000_000
    readings: Iterator[int] = iter([far, far, far - 10, far + 500])
    monkeypatch.setattr("satark.outbox.outbox._positions._last", 0)
    monkeypatch.setattr("satark.outbox.outbox.time.time_ns", lambda: next(readings))
    made = [message(b"conversation", CALL, must_arrive=True).position for _ in range(4)]
    assert made == [far, far + 1, far + 2, far + 500]
