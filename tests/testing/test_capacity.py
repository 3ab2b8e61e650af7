"""`satark bench` tells how many messages a core handles, from real conversations with a real service."""

from pathlib import Path

import pytest

from satark_testing.capacity import Capacity, measure


@pytest.mark.full("a whole measurement")
async def test_citizens_send_whole_tips_and_the_services_cpu_time_is_measured(tmp_path: Path) -> None:
    found = await measure(tmp_path, 3.0, 4, {})
    assert found.tips > 0
    assert len(found.waits) > 5 * found.tips
    assert found.cpu_seconds > 0


def test_a_core_handles_as_many_messages_as_fit_into_a_second_of_its_time() -> None:
    told = str(Capacity(waits=[0.02] * 1000, tips=90, cpu_seconds=0.5))
    assert "0.50 s of processor time per 1,000 messages" in told
    assert "one core takes at least 2,000 messages a second, 180 tips" in told
    assert "half of the answers came within 20 ms" in told
