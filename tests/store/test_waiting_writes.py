"""A transaction takes all waiting writes if they fit, otherwise a share of each sender's writes, in order."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.store.writer import Bounds, WaitingWrites


class Write(NamedTuple):
    sender: bytes
    number: int


def waiting(bounds: Bounds, *senders: bytes) -> WaitingWrites[Write]:
    writes = WaitingWrites[Write](bounds)
    for number, sender in enumerate(senders):
        assert writes.add(Write(sender, number))
    return writes


def test_writes_that_fit_are_written_together_and_in_order() -> None:
    writes = waiting(Bounds(batch=5, share=1), *[b"asha"] * 4, b"bina")
    assert [write.number for write in writes.take()] == [0, 1, 2, 3, 4]
    assert len(writes) == 0


def test_a_flood_gets_no_more_than_its_share_while_others_wait() -> None:
    writes = waiting(Bounds(batch=10, share=2), *[b"flood"] * 50, b"asha", b"bina", b"")
    assert [write.number for write in writes.take()] == [0, 1, 50, 51, 52]
    assert len(writes) == 48


def test_a_flood_fills_the_transaction_if_nobody_else_waits() -> None:
    writes = waiting(Bounds(batch=10, share=2), *[b"flood"] * 30)
    assert [write.number for write in writes.take()] == list(range(10))


def test_a_flood_beyond_its_bound_is_refused_and_others_are_not() -> None:
    writes = waiting(Bounds(batch=10, share=2, of_sender=20), *[b"flood"] * 20)
    assert not writes.add(Write(b"flood", 99))
    assert writes.add(Write(b"asha", 100))
    writes.take()
    assert writes.add(Write(b"flood", 101))


def test_more_messages_than_may_wait_are_refused_and_other_writes_are_not() -> None:
    writes = waiting(Bounds(batch=2, waiting=5), *(bytes([n]) for n in range(1, 6)))
    assert not writes.add(Write(b"asha", 99))
    assert writes.add(Write(b"", 100))
    assert len(writes) == 6


@pytest.mark.slow("many queues")
@given(
    st.lists(st.sampled_from([b"", b"asha", b"bina", b"chand", b"flood"]), max_size=120),
    st.integers(1, 12),
    st.integers(1, 6),
)
def test_each_write_is_written_once_and_a_senders_writes_stay_in_order(
    senders: list[bytes], batch: int, share: int
) -> None:
    writes = waiting(Bounds(batch=batch, share=share), *senders)
    taken: list[Write] = []
    while len(writes):
        some = writes.take()
        assert 0 < len(some) <= batch
        taken += some
    assert sorted(write.number for write in taken) == list(range(len(senders)))
    for sender in set(senders):
        numbers = [write.number for write in taken if write.sender == sender]
        assert numbers == sorted(numbers)
    assert writes._of_sender.total() == 0
