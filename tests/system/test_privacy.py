"""What a thief gets who takes the database, the data folder and the logs: nothing of a tip, and nobody's name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark.testing.citizen import Citizen, Photo, Place
from satark.testing.search import search, written
from satark.testing.stage import HINDI, Stage, staged

WORDS = "मंदिर के पीछे हथियारों का ढेर"
PLACE = "पुराना कुआँ चौराहा"
NAME = "Ramesh Kumar Yadav"
USERNAME = "ramesh.yadav.vns"
FILE = "IMG-20261124-WA0042.jpg"


@pytest.fixture
def picture() -> bytes:
    file = BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


async def live(stage: Stage, number: int, picture: bytes) -> tuple[Citizen, list[str]]:
    """Everything that a citizen may do: file a tip, look at it, fail at a code, leave a draft behind."""
    citizen = stage.citizen(number, name=NAME, username=USERNAME, patience=30)
    keys = []
    answers: Any = {
        **HINDI,
        "क्या हो रहा है\\?": WORDS,
        "जगह बताइए": PLACE,
        "हो गया": [Photo(picture), "हो गया"],
    }
    code = await citizen.walk(answers)
    keys.append(await citizen.say("status"))
    await citizen.hear()
    keys.append(await citizen.say(code))
    await citizen.hear()
    keys.append(await citizen.say("1234 5678 9012 3456"))
    await citizen.hear()
    keys.append(await citizen.say("forget"))
    await citizen.hear()
    for reply in ("Hi", "हिन्दी", "अवैध खनन", WORDS, Place(25.3, 83.0)):
        keys.append(await citizen.reply(reply))
        await citizen.hear()
    return citizen, [*keys, code]


async def test_the_stolen_machine_tells_nothing(
    tmp_path: Path, environment: Mapping[str, str], databases: Any, picture: bytes
) -> None:
    async with staged(tmp_path, environment) as stage:
        everything = partial(written, stage.service.folder, stage.service.log, databases.main, databases.keys)
        await stage.service.start()
        lives = await asyncio.gather(*(live(stage, 76543210 + n, picture) for n in range(3)))
        await stage.tips("sp", at_least=3)
        await asyncio.sleep(2)
        while_running = everything()
        await stage.service.stop()
        places = while_running | {f"after: {name}": data for name, data in everything().items()}
    secrets = {
        "profile name": NAME,
        "user name": USERNAME,
        "file name": FILE,
        "words": WORDS,
        "place": PLACE,
        "app secret": "app-secret",
        "access token": "access-token",
    }
    for citizen, keys in lives:
        sender = citizen.sender
        secrets |= {f"phone of {sender.wa_id}": str(sender.wa_id), f"user id of {sender.wa_id}": str(sender.user_id)}
        secrets |= {f"key or code {key}": key for key in keys}
    assert len(places) > 10
    assert search(places, secrets) == []
    assert not [place for place, content in places.items() if picture[400:432] in content]


async def test_the_same_search_finds_a_planted_number(
    tmp_path: Path, environment: Mapping[str, str], databases: Any
) -> None:
    async with staged(tmp_path, environment) as stage:
        await stage.service.start()
        citizen = stage.citizen(76543210)
        await citizen.say("Hi")
        await citizen.hear()
        (stage.service.folder / "evidence").mkdir(exist_ok=True)
        (stage.service.folder / "evidence" / "careless").write_bytes(b"from=" + str(citizen.sender.wa_id).encode())
        places = written(stage.service.folder, stage.service.log, databases.main, databases.keys)
    assert search(places, {"phone": str(citizen.sender.wa_id)})
