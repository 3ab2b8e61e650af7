"""The office's background task: it sends what is due, and keeps what was not confirmed."""

from __future__ import annotations

from typing import Any

import pytest

from satark.api.sink import CarrierError


class BrokenConnection:
    """A connection to a carrier that confirms nothing."""

    async def publish_answer(self, body: bytes) -> None:
        raise CarrierError("not confirmed")


async def test_an_unconfirmed_answer_stays_and_is_sent_with_the_next_call(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.casework.note(link.casework.open(seeded.number), "seen")
    with pytest.raises(CarrierError):
        await link.agent.send_due_answers(BrokenConnection())
    assert link.casework.open(seeded.number).pending_answers == 1
    for _ in range(2):
        await link.agent.send_due_answers(link.connection)
        assert len(link.connection.to_host) == 1, "it is sent, and not sent again at once"
