"""The sample week fills the desks once, through the dialogue and the officers' acts."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from satark.casework.clocks import Clocks
from satark.casework.desk_acts import DeskActs
from satark.runtime import compose
from satark.settings.settings import Settings
from satark_demo.sample_week import STORIES, SampleCitizen
from satark_demo.server import DemoServer
from satark_desk.provision import prepare
from satark_testing.dialogue.walking import LostError, Photo, Place, Walker
from satark_testing.whatsapp.messages import Offer

pytestmark = pytest.mark.slow("the demo")


async def demo_until(folder: Path, last: str) -> list[str]:
    """Run a demo with a sample week until it prints a certain line; return its output."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said: list[str] = []
        heard = asyncio.Event()

        def say(line: str) -> None:
            said.append(line)
            if re.search(last, line):
                heard.set()

        demo = DemoServer(folder, listening, say, sample_week=True)
        running = asyncio.create_task(demo.run())
        waiting = asyncio.create_task(heard.wait())
        await asyncio.wait({running, waiting}, timeout=240, return_when=asyncio.FIRST_COMPLETED)
        demo.stop()
        await running
        waiting.cancel()
    return said


@pytest.mark.full("a whole week of tips")
async def test_the_sample_week_fills_the_desks_once(tmp_path: Path, no_settings: None) -> None:
    said = await demo_until(tmp_path / "d", "week: the desks|week is incomplete")
    assert "the desks are filled" in said[-1]
    progress = [line for line in said if " of " in line and "sample week" in line]
    assert len(progress) == len(STORIES)
    await asyncio.to_thread(check_desks, tmp_path / "d")
    again = await demo_until(tmp_path / "d", "ready$")
    assert not [line for line in again if "sample week" in line]


def check_desks(folder: Path) -> None:
    """Read the desks' tips as their officers do."""
    settings = Settings(data_dir=folder)
    services = compose.load_services(settings, compose.load_geography(settings), ())
    try:
        desks = {one.acting.desk: one.acting for one in prepare(services, folder, sample_week=True) if one.acting}
        sp = desks["sp"].summaries()
        assert len(sp) == len(STORIES)
        assert not any(desks["sp"].open(one.id).altered for one in sp)
        assert {one.header.language for one in sp} == {"hi", "en"}
        statuses = {one.status for one in sp}
        assert statuses >= {"CLOSED", "REOPENED", "NEED_INFO", "VERIFYING", "RECEIVED"}
        assert sum(bool(one.work.disputed) for one in sp) == 1
        assert sum(one.work.owes("lanka") for one in sp) == 2
        assert sum(one.work.awaits_closing_from() == "sigra" for one in sp) == 1
        later = time.time() + 120
        overdue = [one for one in sp if Clocks().breaches(one.header, one.work, later)]
        offices = DeskActs(services, desks["dig"], Clocks()).offices()
        assert any(
            breach.desk == "lanka" for one in overdue for breach in Clocks().breaches(one.header, one.work, later)
        )
        assert offices.is_above("dig", "lanka")
        assert len(desks["lanka"].summaries()) == 2
    finally:
        services.close()


class Shown(NamedTuple):
    """A message of the service."""

    text: str = ""
    offers: tuple[Offer, ...] = ()


RECEIPT = Shown("Tip no. AAAA-BBBB, code 1234 5678 1234 5678", (Offer("@reach:no", "No"),))


def question(step: str, *options: str) -> Shown:
    """A message of the service that offers options of a step."""
    return Shown(offers=tuple(Offer(f"{step}:{one}", one) for one in options))


class ScriptedWalker(Walker[Shown]):
    """A phone to which the service sends one scripted message after each message of the citizen."""

    def __init__(self, *script: Shown) -> None:
        super().__init__(0.01)
        self.script, self.did = list(script), list[str]()

    async def say(self, text: str) -> str:
        return self._answer(text)

    async def tap(self, choice: str) -> str:
        return self._answer(choice)

    async def pin(self, place: Place) -> str:
        raise AssertionError

    async def send(self, photo: Photo) -> str:
        return self._answer(photo.name or "")

    def _answer(self, did: str) -> str:
        self.did.append(did)
        if self.script:
            self._inbox.put_nowait(self.script.pop(0))
        return did


def citizen(*script: Shown) -> tuple[SampleCitizen, ScriptedWalker]:
    walker = ScriptedWalker(*script)
    story = next(story for story in STORIES if story.photo and story.language == "hi")
    return SampleCitizen(story, walker), walker


async def test_a_citizen_tells_the_story_with_its_photo_and_keeps_the_receipt() -> None:
    told, walker = citizen(
        question("@language", "hi", "en"),
        question("category", "ARMS", "INTOX"),
        question("what", "unknown"),
        question("place", "unknown"),
        question("police", "yes", "no"),
        question("evidence", "@skip"),
        Shown("one file", (Offer("evidence:@done", "Done"),)),
        question("review", "send"),
        RECEIPT,
        Shown("forgotten"),
        question("mailbox", "no"),
        Shown("passed on"),
    )
    await told.tell()
    assert told.number == "AAAA-BBBB"
    story = told.story
    assert walker.did[1:5] == ["@language:hi", f"category:{story.category}", story.what, story.place]
    assert walker.did[5:] == ["police:no", "photo.jpg", "हो गया", "review:send", "@reach:no"]
    await told.dispute()
    assert walker.did[-2:] == ["1234567812345678", "mailbox:no"]


async def test_a_citizen_is_lost_if_the_story_has_no_answer_or_the_service_is_silent() -> None:
    lost, _ = citizen(question("vehicle", "red", "blue"))
    with pytest.raises(LostError, match="no answer to"):
        await lost.tell()
    silent, _ = citizen()
    with pytest.raises(LostError):
        await silent.tell()
