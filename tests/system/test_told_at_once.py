"""A whole tip is sent with its second WhatsApp message, from inside the range and from outside, by signed webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from satark_testing.whatsapp.citizen import receipt_in
from support.processes.forked import set_up_installation

pytestmark = pytest.mark.slow("a process")


async def test_two_messages_send_a_whole_tip_and_one_from_outside_reaches_only_the_dig(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    async with set_up_installation(tmp_path, environment) as installation:
        await installation.service.start()
        for number, place in enumerate(("Lanka", "Azamgarh")):
            citizen = installation.citizen(number)
            await citizen.say(f"They sell illegal liquor behind the school in {place} every night")
            review = await citizen.hear()
            assert ("outside our districts" in review.text) is (place == "Azamgarh")
            assert "Not told: Police involved" in review.text
            await citizen.tap("Yes, send")
            assert receipt_in((await citizen.hear()).text)
        places = {
            desk: {(tip["answers"]["place"].get("district"), tip["category"]) for tip in await installation.tips(desk)}
            for desk in ("sp", "dig")
        }
    assert places == {
        "sp": {("varanasi", "INTOX")},
        "dig": {("varanasi", "INTOX"), ("elsewhere", "INTOX")},
    }
