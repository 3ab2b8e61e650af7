"""The simulator's text messages and calls: the real channels with the simulated Twilio, used as the page uses them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark_demo import samples
from satark_testing.twilio.people import code_in

Open = Callable[[Path], Awaitable[Any]]
SPOKEN = (samples.FOLDER / "spoken.wav").read_bytes()
CALL = {"पुलिस को भेज दें": "1", "किस थाने": "1", "पुलिसवाला मिला": "2"}
"""Spoken words → the key to press."""


async def test_a_tip_by_call_with_keys_and_a_recording(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "voice"
    assert await visitor.perform("press", keys="1") == 409
    await visitor.answered(visitor.perform("dial"))
    assert visitor.call == {"up": True, "keys": 1, "beep": False}
    assert await visitor.send(SPOKEN, "audio/wav", "voice") == 409  # no recording is expected now
    await visitor.answered(visitor.perform("press", keys="1"))
    await visitor.answered(visitor.perform("press", keys=""))  # silence: the question is repeated
    await visitor.answered(visitor.perform("press", keys="3"))
    assert visitor.call["beep"]
    await visitor.answered(visitor.send(SPOKEN, "audio/wav", "voice"))
    await visitor.answered(visitor.send(SPOKEN, "audio/wav", "voice"))
    for _ in range(12):
        if code_in(spoken := visitor.received[-1]["text"]):
            break
        key = next((key for asked, key in CALL.items() if asked in spoken), "8")
        await visitor.answered(visitor.perform("press", keys=key))
    assert len(code_in(visitor.received[-1]["text"])) == 16
    await visitor.listed(files=0)
    await visitor.until(lambda: visitor.desks["sp"][0]["files"] == 2)
    assert await visitor.perform("hang_up") == 204
    await visitor.until(lambda: not visitor.call["up"])
    recordings = [id_ for id_, message in visitor.messages.items() if message.get("kind") == "voice"]
    assert (await visitor.fetch(f"/phones/1/voice/files/{recordings[0]}"))[1] == SPOKEN
    for keys in ("abc", "1" * 21, "12\n"):
        assert await visitor.perform("press", keys=keys) == 400


async def test_a_call_collects_a_complete_receipt_code(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "voice"
    await visitor.answered(visitor.perform("dial"))
    await visitor.answered(visitor.perform("press", keys="0"))
    assert visitor.call["keys"] == 17, "and the hash"
    await visitor.answered(visitor.perform("press", keys="1234567812345678#"))
    assert visitor.call["up"]


@pytest.mark.parametrize("twice", [False, True])
async def test_a_tip_by_text_message_reaches_the_desks(open_demo: Open, tmp_path: Path, *, twice: bool) -> None:
    visitor = await open_demo(tmp_path / "d")
    visitor.medium = "sms"
    for text in ("Hi", "2", "3", "They sell arms there", "Lanka", "No"):
        await visitor.answered(visitor.perform("say", text=text, twice=twice))
    await visitor.answered(visitor.send(samples.photograph("bottles"), "image/jpeg", "name=a.jpg"))
    await visitor.finish_files(visitor.perform("say", text="done"), "no")
    await visitor.hand_in(lambda: visitor.perform("say", text="1"), "no")
    assert len(code_in(visitor.received[-1]["text"])) == 16
    assert len(visitor.received) == len([message for message in visitor.messages.values() if message["mine"]])
    await visitor.listed(files=0)
    await visitor.until(lambda: visitor.desks["dig"][0]["files"] == 1)
    assert {message["ticks"] for message in visitor.messages.values() if message["mine"]} == {"delivered"}
    assert await visitor.perform("pin", pin={"latitude": 25.3, "longitude": 83.0}) == 409
    assert await visitor.perform("dial") == 409
