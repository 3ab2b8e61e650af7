"""Text messages on the simulator: the real channel against the simulated Twilio, as the page uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark_demo import samples
from satark_testing.twilio.people import code_in

Open = Callable[[Path], Awaitable[Any]]


async def _desks_have(visitor: Any, count: int) -> None:
    """Wait until both desks have `count` tips."""
    await visitor.until(lambda: [len(tips) for tips in visitor.desks.values()] == [count, count])


@pytest.mark.parametrize("twice", [False, True])
async def test_a_tip_by_text_message(open_demo: Open, tmp_path: Path, *, twice: bool) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "sms"
    for text in ("Hi", "2", "3", "They sell arms there", "Lanka", "No"):
        await visitor.answered(visitor.perform("say", text=text, twice=twice))
    await visitor.answered(visitor.send(samples.photograph("bottles"), "image/jpeg", "name=a.jpg"))
    await visitor.finish_files(visitor.perform("say", text="done"), "no")
    await visitor.finish_files(visitor.perform("say", text="1"), "no")
    assert len(code_in(visitor.received[-1]["text"])) == 16
    assert len(visitor.received) == len([message for message in visitor.messages.values() if message["mine"]])
    await _desks_have(visitor, 1)
    await visitor.until(lambda: visitor.desks["dig"][0]["files"] == 1)
    assert {message["ticks"] for message in visitor.messages.values() if message["mine"]} == {"delivered"}
    assert await visitor.perform("pin", pin={"latitude": 25.3, "longitude": 83.0}) == 409
    assert await visitor.perform("dial") == 409
