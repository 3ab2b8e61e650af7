"""Calls inside WhatsApp, from a simulated Meta to the desk: no words are lost, and no sound is on a disk."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from satark_testing.browser import Browser
from satark_testing.installation import Installation, set_up_installation
from satark_testing.matrix.drivers import ChatDriver, FormDriver
from satark_whatsapp.rendering import CALL_BUTTON
from support.calls.caller import CallInsideWhatsAppDriver, CallsService, TextCaller
from support.carving import mounted, unmount
from support.matrix.player import play, resume
from support.matrix.scenario import LANGUAGE, Scenario, recording
from support.matrix.scenarios import scenarios

pytestmark = pytest.mark.slow("a process")

SETTINGS = {"SATARK_SETTLE_SECONDS": "0", "SATARK_WEB_FORM__PROOF_WAIT_SECONDS": "0"}
LIQUOR = next(scenario for scenario in scenarios() if scenario.name == "liquor, in English")
CONTINUED = (("@restart", "no"),)


@asynccontextmanager
async def calling(folder: Path) -> AsyncIterator[Installation]:
    """Start a service that answers calls inside WhatsApp with text."""
    async with set_up_installation(folder, SETTINGS, service=CallsService) as installation:
        installation.service.environment["SATARK_PUBLIC_URL"] = installation.service.url
        await installation.service.start()
        yield installation


def part(first: str, last: str = "") -> Scenario:
    """Return the scenario from one question on, up to the one before another."""
    asked = [question for question, _ in LIQUOR.exchanges]
    return replace(LIQUOR, exchanges=LIQUOR.exchanges[asked.index(first) : asked.index(last) if last else None])


async def begin(caller: TextCaller, last: str) -> None:
    """Call, answer the questions before this one, and hang up."""
    await caller.dial()
    before = ((LANGUAGE, "en"), *part("category", last).exchanges)
    await resume(replace(LIQUOR, exchanges=before), CallInsideWhatsAppDriver(caller))


async def go_on(caller: TextCaller, scenario: Scenario, *first: tuple[str, str], payload: str = "") -> str:
    """Call, answer further questions, and hang up; return the tip's number."""
    await caller.dial(payload)
    exchanges = (*first, *scenario.exchanges)
    return await resume(replace(LIQUOR, exchanges=exchanges), CallInsideWhatsAppDriver(caller))


async def sent_tip(installation: Installation) -> dict[str, Any]:
    """Return the only tip, and check that nothing that was told is missing."""
    (tip,) = await installation.tips("dig", at_least=1)
    assert set(tip["answers"]) >= {"category", "what", "place", "police"}
    assert tip["lost"] == []
    return tip


async def test_a_draft_goes_from_the_chat_into_the_call_back_and_on_to_the_web_form(tmp_path: Path) -> None:
    async with calling(tmp_path) as installation:
        await play(part("category", "place"), ChatDriver("whatsapp", installation.citizen(1)))
        citizen = installation.citizen(1)
        caller = TextCaller(installation, citizen)
        await go_on(caller, part("place", "police"), *CONTINUED)
        await citizen.hear()
        assert "Is a police officer involved" in citizen.last.text, "the chat asks on by itself"
        sent = len(installation.peer.sent)
        await caller.dial()
        await caller.press("9")
        code = "".join(re.findall(r"^\d(?: \d){3}$", caller.question, re.MULTILINE)[:3]).replace(" ", "")
        assert len(installation.peer.sent) == sent, "a call writes nothing into the chat"
        browser = Browser(installation.service.url)
        await browser.open("/")
        await browser.press("English", {"handoff": code})
        number = await resume(part("police"), FormDriver(browser))
        await caller.phone.end()
        tip = await sent_tip(installation)
    assert (tip["number"], tip["channel"]) == (number, "web")


async def test_a_call_after_a_tap_on_the_button_goes_on_at_once(tmp_path: Path) -> None:
    async with calling(tmp_path) as installation:
        await play(part("category", "what"), ChatDriver("whatsapp", installation.citizen(1)))
        citizen = installation.citizen(1)
        (button,) = [sent.body for sent in installation.peer.sent if sent.kind == "voice_call"]
        assert button["interactive"]["action"]["parameters"]["payload"] == CALL_BUTTON
        caller = TextCaller(installation, citizen)
        await caller.dial(CALL_BUTTON)
        assert "or WhatsApp's, know whose number it is" in caller.question, "a call has a notice of its own"
        number = await go_on(caller, part("what"), payload=CALL_BUTTON)
        tip = await sent_tip(installation)
    assert (tip["number"], tip["channel"]) == (number, "voice")


async def test_kill_9_in_mid_call_loses_no_told_words(tmp_path: Path) -> None:
    async with calling(tmp_path) as installation:
        caller = TextCaller(installation, installation.citizen(1))
        await begin(caller, "police")
        await caller.dial()
        await installation.service.kill()
        await installation.service.start()
        number = await go_on(caller, part("police"), *CONTINUED)
        tip = await sent_tip(installation)
    assert tip["number"] == number


async def test_a_caller_who_hangs_up_while_speaking_is_recorded(tmp_path: Path) -> None:
    async with calling(tmp_path) as installation:
        caller = TextCaller(installation, installation.citizen(1))
        await begin(caller, "what")
        await caller.dial()
        await caller.press("1")
        await caller.begin_to_speak(recording("they brew at night"))
        await caller.phone.end()
        number = await go_on(caller, part("place"), *CONTINUED)
        tip = await sent_tip(installation)
    assert tip["number"] == number


@pytest.mark.full("a disk image")
async def test_no_sound_of_a_call_lies_on_a_disk(tmp_path: Path) -> None:
    spoken = recording("words that nobody else has ever spoken")
    with mounted(tmp_path) as (image, disk):
        async with calling(disk) as installation:
            caller = TextCaller(installation, installation.citizen(1))
            await begin(caller, "what")
            await caller.dial()
            await caller.press("1")
            await caller.speak(spoken)
            await go_on(caller, part("place"), *CONTINUED)
            tip = await sent_tip(installation)
            await installation.service.kill()
            database = (installation.service.folder / "satark.db").read_bytes()
        unmount(disk)
        raw = image.read_bytes()
    assert hashlib.sha256(spoken).hexdigest() in {file["sha256"] for file in tip["evidence"]}
    assert database[:4096] in raw, "the disk is the one that was in use"
    assert [form for form in (spoken, spoken[-30:], base64.b64encode(spoken)[:40]) if form in raw] == []
