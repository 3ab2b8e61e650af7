"""A remote office, connected only by a real broker, lists, opens and answers tips; the answers reach WhatsApp."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark_testing.identifier_search import files_below, search
from satark_testing.installation import Installation
from satark_testing.whatsapp.citizen import Photo
from support.answers import HINDI, tips_when
from support.peers.rabbitmq import Broker
from support.processes.forked import set_up_installation
from support.processes.office import OfficeProcess
from support.queued import until_queued

pytestmark = pytest.mark.needs("rabbitmq")

WORDS = "मंदिर के पीछे हथियारों का ढेर"
CATEGORY = "अवैध हथियार"


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A photo that needs several frames."""
    file = BytesIO()
    Image.effect_noise((500, 400), 90).convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


@asynccontextmanager
async def remote_office(
    broker: Broker, folder: Path, desk: str = "sp"
) -> AsyncIterator[tuple[Installation, OfficeProcess]]:
    """Set up a host with the desk `dig`, and a remote office for another desk; neither is started."""
    prefix = {"SATARK_RABBITMQ__PREFIX": f"{folder.name}."}
    environment = {"SATARK_RABBITMQ__URL": broker.url, **prefix}
    async with set_up_installation(folder, environment, desks=(("dig", "range"),)) as installation:
        office = OfficeProcess(installation, desk, broker.url, folder / "office", prefix)
        await office.set_up("district")
        yield installation, office
        await office.service.stop()


async def file_tip(installation: Installation, picture: bytes, number: int = 1) -> tuple[Any, str]:
    citizen = installation.citizen(number)
    answers: Any = {**HINDI, "क्या हो रहा है\\?": WORDS, "हो गया": [Photo(picture), "हो गया"]}
    return citizen, await citizen.walk(answers)


def has_evidence(tips: list[dict[str, Any]]) -> bool:
    return len(tips) == 1 and len(tips[0]["evidence"]) == 1


@pytest.mark.full("crashes")
async def test_an_offices_answer_arrives_once_despite_crashes(rabbitmq: Broker, tmp_path: Path, picture: bytes) -> None:
    async with remote_office(rabbitmq, tmp_path) as (installation, office):
        await installation.service.start()
        citizen, code = await file_tip(installation, picture)
        await asyncio.gather(rabbitmq.kill(), installation.service.kill())
        for each in (rabbitmq, installation.service, office.service):
            await each.start()
        (tip,) = await office.until(has_evidence)
        assert (tip["answers"]["what"], tip["status"]) == (WORDS, "RECEIVED")
        exported = tmp_path / "export"
        await asyncio.to_thread(office.run, "evidence", "sp", tip["number"], str(exported))
        (file,) = exported.iterdir()
        with Image.open(file) as shown:
            assert shown.size == (500, 400)
        await asyncio.gather(rabbitmq.kill(), office.service.kill())
        ask = ("--status", "NEED_INFO", "--message", "गाड़ी का रंग क्या था?", "--question")
        await asyncio.to_thread(office.run, "respond", "sp", tip["number"], *ask)
        for each in (rabbitmq, office.service):
            await each.start()
        await tips_when(installation, "dig", lambda tips: tips[0]["status"] == "NEED_INFO")
        await citizen.say(f"स्थिति {code}")
        answer = await citizen.hear()
        if code.replace(" ", "") in answer.text.replace(" ", ""):
            answer = await citizen.hear()  # killed before it stored the result, the host sent the receipt again
        assert answer.text.count("गाड़ी का रंग क्या था?") == 1
        await citizen.reply("जवाब देना है")
        await citizen.hear()
        await citizen.say("सफ़ेद")
        await citizen.hear()
        (tip,) = await office.until(lambda tips: len(tips[0]["messages"]) == 2)
        assert [message["text"] for message in tip["messages"]] == ["गाड़ी का रंग क्या था?", "सफ़ेद"]


@pytest.mark.full("a broker's disk")
async def test_the_broker_stores_only_frames_of_one_size_and_nothing_of_a_tip_about_the_office(
    rabbitmq: Broker, tmp_path: Path, picture: bytes
) -> None:
    async with remote_office(rabbitmq, tmp_path) as (installation, _):
        await installation.service.start()
        against: Any = {"किस बारे में": ["और विकल्प", "पुलिस भ्रष्टाचार"], "किस पर शक": "एसपी कार्यालय"}
        await installation.citizen(1).walk({**HINDI, **against, "कौन पुलिसकर्मी": "छोड़ें"})
        await installation.tips("dig", at_least=1)
        queue = f"{tmp_path.name}.sp"
        await until_queued(rabbitmq, queue, 2)  # the directory, and a cover
        citizen, code = await file_tip(installation, picture, 2)
        tips = await tips_when(installation, "dig", lambda tips: any(has_evidence([tip]) for tip in tips))
        tip = next(tip for tip in tips if tip["evidence"])
        await until_queued(rabbitmq, queue, 6)
        running = files_below(rabbitmq.folder)
        await rabbitmq.kill()
        places = running | {f"after: {name}": content for name, content in files_below(rabbitmq.folder).items()}
        await rabbitmq.start()
    record = tip["evidence"][0]
    secrets = {
        "words": WORDS,
        "category": CATEGORY,
        "category code": tip["category"],
        "number": tip["number"],
        "receipt": code,
        "phone": str(citizen.sender.wa_id),
        "user id": str(citizen.sender.user_id),
        "hash of the photo": record["sha256"],
    }
    assert any(b"age-encryption.org" in content for content in places.values())
    assert search(places, secrets) == []
    assert not [place for place, content in places.items() if picture[400:432] in content]
