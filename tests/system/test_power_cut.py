"""The power fails: no epoch key is on the disk, no submitted tip is lost, and the senders of lost drafts are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satark.settings.settings import Settings, memory_folder
from satark_testing.installation import Installation
from satark_testing.whatsapp.citizen import Citizen, Photo
from support.answers import HINDI
from support.carving import epochs_in
from support.processes.forked import set_up_installation

pytestmark = pytest.mark.slow("a process")

WORDS = "मंदिर के पीछे हथियारों का ढेर"
ANSWERS: Any = {**HINDI, "क्या हो रहा है\\?": WORDS}
RESTARTED = "वह बात खो गई होगी"


@asynccontextmanager
async def as_deployed(folder: Path) -> AsyncIterator[Installation]:
    """Run an installation with its epoch keys in the default place."""
    async with set_up_installation(folder, {"SATARK_EPOCH_KEY_FILE": ""}) as installation:
        try:
            await installation.service.start()
            yield installation
        finally:
            keys_of(installation).unlink(missing_ok=True)


def keys_of(installation: Installation) -> Path:
    path = Settings(data_dir=installation.service.folder, epoch_key_file=None).epoch_key_file
    assert path.parent == memory_folder()
    return path


async def cut_power(installation: Installation) -> None:
    """Kill the service, and empty the memory."""
    await installation.service.kill()
    keys_of(installation).unlink()


async def half_a_draft(citizen: Citizen) -> None:
    for text in ("Hi", "हिन्दी", "अवैध हथियार", WORDS):
        await citizen.say(text)
        await citizen.hear()


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_power_cut_leaves_no_epoch_key_on_the_disk(tmp_path: Path) -> None:
    async with as_deployed(tmp_path) as installation:
        handed_in, silent = (installation.citizen(number) for number in (1, 2))
        await asyncio.gather(handed_in.walk(ANSWERS), half_a_draft(silent))
        await installation.service.kill()
        assert epochs_in(keys_of(installation).read_bytes()), "the search finds keys"
        files = {path.name: path.read_bytes() for path in files_below(tmp_path)}
        assert "edge.key" in files
        assert [name for name, content in files.items() if epochs_in(content)] == []


async def test_after_a_power_cut_tips_open_and_mailboxes_answer(tmp_path: Path) -> None:
    async with as_deployed(tmp_path) as installation:
        citizen = installation.citizen(1)
        code = await citizen.walk(ANSWERS)
        await cut_power(installation)
        await installation.service.start()
        (tip,) = await installation.tips("sp", at_least=1)
        assert tip["answers"]["what"] == WORDS
        answer = ("--status", "NEED_INFO", "--message", "गाड़ी का रंग क्या था?", "--question")
        sp = ("--passphrase-file", str(installation.passphrase_file("sp")))
        await asyncio.to_thread(installation.service.run, "desk", "respond", "sp", tip["number"], *answer, *sp)
        await citizen.say(code)
        assert "गाड़ी का रंग क्या था?" in (await citizen.hear()).text


@pytest.mark.full("a power cut")
async def test_a_sender_who_lost_a_draft_to_a_power_cut_is_told_and_can_repeat_it(tmp_path: Path) -> None:
    async with as_deployed(tmp_path) as installation:
        citizen = installation.citizen(1)
        await half_a_draft(citizen)
        await cut_power(installation)
        await installation.service.start()
        await citizen.say("लंका")
        assert RESTARTED in (await citizen.hear()).text
        await citizen.walk({**ANSWERS, "क्या यह आपकी सूचना में लिखना है": "नहीं"}, greeting="हिन्दी")
        (tip,) = await installation.tips("sp", at_least=1)
        assert tip["answers"]["what"] == WORDS
        assert not any(RESTARTED in heard.text for heard in citizen.heard[-3:])


@pytest.mark.full("a power cut")
async def test_a_file_that_a_handed_in_tip_waits_for_is_reported_as_lost(tmp_path: Path) -> None:
    async with as_deployed(tmp_path) as installation:
        installation.peer.faults.fail_next(131000, times=1000, http_status=503, on="download")
        await installation.citizen(1).walk({**ANSWERS, "हो गया": [Photo(b"\xff\xd8\xff\xe0 a photo"), "हो गया"]})
        await cut_power(installation)
        await installation.service.start()
        for desk in ("sp", "dig"):
            (tip,) = await installation.tips(desk, at_least=1)
            assert (tip["answers"]["what"], tip["lost"]) == (WORDS, ["1"])


async def test_a_restart_of_the_service_keeps_drafts(tmp_path: Path) -> None:
    async with as_deployed(tmp_path) as installation:
        citizen = installation.citizen(1)
        await half_a_draft(citizen)
        await installation.service.kill()
        await installation.service.start()
        await citizen.say("status")
        assert RESTARTED not in (await citizen.hear()).text
        await citizen.say("लंका")
        await citizen.hear()
        assert keys_of(installation).stat().st_mode & 0o777 == 0o600


async def test_keys_that_ended_while_no_process_ran_are_destroyed_before_the_service_answers(tmp_path: Path) -> None:
    async with as_deployed(tmp_path) as installation:
        await half_a_draft(installation.citizen(1))
        await installation.service.kill()
        (old,) = (one for one in epochs_in(keys_of(installation).read_bytes()) if one.since)
        await installation.service.start({"TEST_CLOCK_SECONDS": "7200"})
        assert old.id not in {epoch.id for epoch in epochs_in(keys_of(installation).read_bytes())}
