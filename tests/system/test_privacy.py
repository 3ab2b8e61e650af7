"""Without a passphrase, databases, data folder and logs reveal no word and no sender of a tip."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark_testing.identifier_search import everything_written, search
from satark_testing.installation import Installation, MatrixInstallation
from satark_testing.telegram.citizen import TelegramCitizen
from satark_testing.whatsapp.citizen import Citizen, Photo, Place
from support.answers import HINDI, tips_when
from support.matrix.player import play
from support.matrix.scenario import Do, Scenario
from support.matrix.scenarios import scenarios
from support.processes.forked import matrix_installation, set_up_installation

pytestmark = pytest.mark.slow("a process")

WORDS = "मंदिर के पीछे हथियारों का ढेर"
PLACE = "पुराना कुआँ चौराहा"
NAME = "Ramesh Kumar Yadav"
USERNAME = "ramesh.yadav.vns"
SCENARIOS = {scenario.name: scenario for scenario in scenarios()}
FILE = "IMG-20261124-WA0042.jpg"


@pytest.fixture
def picture() -> bytes:
    file = BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


async def use_everything(installation: Installation, number: int, picture: bytes) -> tuple[Citizen, list[str]]:
    """Use every function of a citizen: send a tip, open its mailbox, enter a wrong code, leave a draft."""
    citizen = installation.citizen(number, name=NAME, username=USERNAME)
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


async def all_sealed(installation: Installation) -> None:
    """Wait until no file is being cleaned. During cleaning, a file is unencrypted in memory."""
    await tips_when(installation, "sp", lambda tips: len(tips) == 3 and all(tip["evidence"] for tip in tips))
    await asyncio.sleep(1)


async def test_a_seized_machine_reveals_no_word_and_no_sender_of_a_whatsapp_tip(
    tmp_path: Path, environment: Mapping[str, str], databases: Any, picture: bytes
) -> None:
    async with set_up_installation(tmp_path, environment) as installation:
        everything = partial(
            everything_written, installation.service.folder, installation.service.log, databases.main, databases.keys
        )
        await installation.service.start()
        citizens = await asyncio.gather(*(use_everything(installation, 76543210 + n, picture) for n in range(3)))
        await all_sealed(installation)
        while_running = everything()
        await installation.service.stop()
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
    for citizen, keys in citizens:
        sender = citizen.sender
        secrets |= {f"phone of {sender.wa_id}": str(sender.wa_id), f"user id of {sender.wa_id}": str(sender.user_id)}
        secrets |= {f"key or code {key}": key for key in keys}
    assert len(places) > 10
    assert search(places, secrets) == []
    assert not [place for place, content in places.items() if picture[400:432] in content]


async def test_the_same_search_finds_a_planted_number(
    tmp_path: Path, environment: Mapping[str, str], databases: Any
) -> None:
    async with set_up_installation(tmp_path, environment) as installation:
        await installation.service.start()
        citizen = installation.citizen(76543210)
        await citizen.say("Hi")
        await citizen.hear()
        (installation.service.folder / "evidence").mkdir(exist_ok=True)
        (installation.service.folder / "evidence" / "careless").write_bytes(
            b"from=" + str(citizen.sender.wa_id).encode()
        )
        places = everything_written(
            installation.service.folder, installation.service.log, databases.main, databases.keys
        )
    assert search(places, {"phone": str(citizen.sender.wa_id)})


async def leave_data(matrix: MatrixInstallation, medium: str) -> dict[str, str]:
    """Send a tip and leave a draft with a handoff code; return every identifier of the two tipsters."""
    sent, left = matrix.driver(medium), matrix.driver(medium)
    await play(SCENARIOS["an outpost that looks away"], sent)
    before = SCENARIOS["liquor, in English"].exchanges[:3]
    await play(Scenario("left", "en", (*before, ("police", Do("elsewhere")))), left)
    secrets = {"code": "".join(left.last_answer.partition("\n")[2].split()[:3])} if medium == "telegram" else {}
    for driver in (sent, left):
        person: Any = (
            getattr(driver, "_walker", None) or getattr(driver, "_texter", None) or getattr(driver, "_caller", None)
        )
        secrets |= {f"{name} of {medium} {id(driver)}": value for name, value in ids_of(person).items()}
    return secrets


def ids_of(person: Any) -> dict[str, str]:
    """Return the identifiers by which a provider knows a person."""
    if isinstance(person, Citizen):
        return {"phone": str(person.sender.wa_id), "user id": str(person.sender.user_id)}
    if isinstance(person, TelegramCitizen):
        return {"id": str(person.person.id), "user name": str(person.person.username)}
    sids = [*getattr(person, "calls", ()), *getattr(person, "recordings", ())]
    return {"phone": person.number.removeprefix("+"), **{f"sid {n}": sid for n, sid in enumerate(sids)}}


OTHERS = ("telegram", "sms", "voice")


async def test_a_seized_machine_reveals_no_sender_on_any_other_medium(
    tmp_path: Path, environment: Mapping[str, str], databases: Any
) -> None:
    async with matrix_installation(tmp_path, environment) as matrix:
        service = matrix.installation.service
        everything = partial(everything_written, service.folder, service.log, databases.main, databases.keys)
        found = await asyncio.gather(*(leave_data(matrix, medium) for medium in OTHERS))
        await matrix.tips()
        secrets = {
            f"{medium}: {name}": value for medium, one in zip(OTHERS, found, strict=True) for name, value in one.items()
        }
        secrets |= {f"message {sid}": sid for sid in matrix.twilio.messages}
        secrets |= {f"file {path}": path.rpartition("/")[2] for path in (*matrix.twilio.files, *matrix.twilio.deleted)}
        secrets |= {f"file {id_}": id_ for id_ in matrix.telegram.files}
        secrets |= {"recording url": "elsewhere.example", "town": "VARANASI", "token": "twilio-auth-token"}
        secrets |= {"bot": matrix.telegram.token, "words": "चौकी के सामने जुआ", "draft": "Raw liquor is made"}
        places = everything()
        await service.stop()
        places |= {f"after: {name}": data for name, data in everything().items() if data != places.get(name)}
    assert len(places) > 10
    assert places["table conversation"], "the drafts are open"
    assert search(places, secrets) == []
    for medium, planted in (("telegram", "somebody_"), ("voice", "CA")):
        value = next(v for name, v in secrets.items() if name.startswith(medium) and v.startswith(planted))
        assert search({**places, "careless": f"from={value}".encode()}, secrets)
