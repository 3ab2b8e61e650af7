"""Random bytes: a block costs one system call, and none of its bytes is stored or used twice."""

from __future__ import annotations

import os
import threading

import pytest

from satark.identity.random_bytes import drawn_by_the_block, random_bytes


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The sizes of the draws from the system."""
    drawn: list[bytes] = []
    urandom = os.urandom

    def watched(size: int) -> bytes:
        drawn.append(urandom(size))
        return drawn[-1]

    monkeypatch.setattr("satark.identity.random_bytes.os.urandom", watched)
    return drawn


def test_outside_a_block_each_value_is_drawn_separately(draws: list[bytes]) -> None:
    assert [random_bytes(12), random_bytes(32)] == draws
    assert [len(one) for one in draws] == [12, 32]


def test_a_block_gives_each_byte_once(draws: list[bytes]) -> None:
    with drawn_by_the_block():
        taken = [random_bytes(12) for _ in range(200)]
    assert len(draws) == 3
    assert len({*taken}) == 200
    assert all(len(one) == 12 for one in taken)
    assert b"".join(taken[:85]) == draws[0][: 85 * 12]


def test_the_rest_of_a_block_is_forgotten_at_its_end(draws: list[bytes]) -> None:
    for _ in range(2):
        with drawn_by_the_block():
            random_bytes(12)
    random_bytes(12)
    assert [len(one) for one in draws] == [1024, 1024, 12]


def test_a_block_belongs_to_one_thread(draws: list[bytes]) -> None:
    with drawn_by_the_block():
        own = random_bytes(12)
        other = threading.Thread(target=random_bytes, args=(12,))
        other.start()
        other.join()
    assert own == draws[0][:12]
    assert len(draws[1]) == 12
