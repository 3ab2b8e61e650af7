"""A process is killed while it writes a file to a real bucket: the file reaches the desk, whole and once."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex

import aiohttp
import pytest
from PIL import Image

from satark.store.evidence_files import FETCH_LEASE
from satark_testing.dialogue.walking import Photo
from satark_testing.installation import Installation
from satark_testing.waiting import until
from support.chaos.chat_people import TroubledCitizen, answers_of
from support.form.citizen import SHORT, FormCitizen
from support.peers.relay import Relay
from support.peers.seaweedfs import BUCKET, SeaweedFS
from support.processes.forked import CLOCK, set_up_installation

pytestmark = pytest.mark.full("crashes")
POINTS = (100, 20_000, 250_000)
"""Bytes that reach the bucket before the process is killed: a head, a beginning, more than the original."""


def noisy_photo() -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (400, 400), os.urandom(480_000)).save(out, "JPEG", quality=90)
    return out.getvalue()


@asynccontextmanager
async def installation_with(
    seaweedfs: SeaweedFS, folder: Path, environment: Mapping[str, str]
) -> AsyncIterator[tuple[Installation, Relay]]:
    """Run an installation whose way to its bucket can be stopped at a byte."""
    relay = Relay(int(seaweedfs.url.rpartition(":")[2]))
    await relay.start()
    more = {
        **environment,
        **seaweedfs.environment,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{relay.port}",
        "SATARK_STORAGE_URL": f"s3://{BUCKET}/{token_hex(8)}",
        "SATARK_WEB_FORM__UPLOAD_RESERVE_BYTES": "0",
    }
    try:
        async with set_up_installation(folder, more) as installation:
            await installation.service.start()
            yield installation, relay
    finally:
        await relay.stop()


async def kill_while_storing(installation: Installation, relay: Relay) -> None:
    """Kill the process once the relay has stalled, then start it with a whole network, when its claim is over."""
    await until(relay.stalled.is_set)
    await installation.service.kill()
    relay.go_on()
    installation.service.environment[CLOCK] = str(FETCH_LEASE)
    await installation.service.start()


def list_photos(folder: Path) -> list[Path]:
    return list(folder.glob("*.jpg"))


async def has_one_photo(installation: Installation, to: Path) -> None:
    """Let an officer fetch the files of the only tip."""
    (tip,) = await installation.tips("sp", at_least=1)
    assert tip["lost"] == []
    whose = ("--passphrase-file", str(installation.passphrase_file("sp")))
    await asyncio.to_thread(installation.service.run, "desk", "evidence", "sp", tip["number"], str(to), *whose)
    (file,) = list_photos(to)
    with Image.open(file) as photo:
        photo.load()
        assert photo.size == (400, 400)


@pytest.mark.parametrize("point", POINTS)
async def test_a_photo_of_a_chat_is_stored_once_though_the_worker_is_killed_meanwhile(
    seaweedfs: SeaweedFS, tmp_path: Path, environment: Mapping[str, str], point: int
) -> None:
    async with installation_with(seaweedfs, tmp_path, environment) as (installation, relay):
        async with TroubledCitizen(installation, 1) as citizen:
            relay.stall(point)
            killing = asyncio.create_task(kill_while_storing(installation, relay))
            await citizen.walk({**answers_of(1, accuses_sp=False), "हो गया": [Photo(noisy_photo()), "हो गया"]})
            await killing
        await has_one_photo(installation, tmp_path / "files")


@pytest.mark.parametrize("point", POINTS[:2])
async def test_a_photo_at_the_form_is_taken_when_it_is_sent_again(
    seaweedfs: SeaweedFS, tmp_path: Path, environment: Mapping[str, str], point: int
) -> None:
    async with installation_with(seaweedfs, tmp_path, environment) as (installation, relay):
        async with FormCitizen(installation.service.url) as citizen:
            while not citizen.asked:
                await citizen.begin()
            while citizen.asked != "evidence":
                await citizen.answer(SHORT[citizen.asked])
            relay.stall(point)
            killing = asyncio.create_task(kill_while_storing(installation, relay))
            page, photo = citizen.page, Photo(noisy_photo())
            with pytest.raises(aiohttp.ClientError):
                await citizen.press("Add and stay on this page", {}, [photo])
            await killing
            citizen.page = page
            await citizen.press("Add and stay on this page", {}, [photo])
            await citizen.answer("")
            await citizen.press("Send")
            assert citizen.number
        await has_one_photo(installation, tmp_path / "files")
