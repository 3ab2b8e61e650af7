"""Two hundred citizens write at once: each tip reaches both desks once and unchanged, with one process or two."""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark_testing.installation import Installation
from satark_testing.processes.service import Service
from satark_testing.whatsapp.citizen import Citizen, Photo, Place
from support.answers import HINDI, tips_when
from support.processes.forked import set_up_installation
from support.tipsters import ENGLISH

pytestmark = pytest.mark.slow("a process")

CITIZENS = 200
LANKA = Place(25.2810, 82.9990)
CATEGORIES = {
    "hi": {"गौ-तस्करी / गौवध": "COW", "अवैध शराब / नशा": "INTOX", "जुआ / सट्टा": "GAMBL", "अवैध खनन": "MINE"},
    "en": {"Cow smuggling/slaughter": "COW", "Illegal liquor / drugs": "INTOX", "Gambling / satta": "GAMBL"},
}


class RepeatingCitizen(Citizen):
    """A citizen with repeated webhooks: a quarter of them arrive twice, some at the same moment."""

    dice: random.Random

    async def _post(self, build: Any) -> str:
        if self.dice.random() >= 0.25:
            return await super()._post(build)
        posted: list[tuple[str, bytes]] = []

        def once(key: str) -> bytes:
            if not posted:
                posted.append((key, build(key)))
            return posted[0][1]

        if self.dice.random() < 0.5:
            await asyncio.gather(super()._post(once), super()._post(once))
        else:
            await super()._post(once)
            await super()._post(once)
        return posted[0][0]


def photo(number: int) -> Photo:
    file = BytesIO()
    Image.new("RGB", (64, 48), (number % 256, number // 2 % 256, 99)).save(file, "JPEG")
    return Photo(file.getvalue(), caption=f"photo {number}")


def plan(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a citizen's answers, and the tip that the desks must have."""
    language = "hi" if number % 2 else "en"
    label, code = random.Random(number).choice(list(CATEGORIES[language].items()))
    text = (
        f"सूचना {number}: रात को ट्रक आते हैं 🚚" if language == "hi" else f"Tip {number}: trucks come at night – “always”"
    )
    pinned, pictured = number % 3 == 0, number % 4 == 0
    questions = list(HINDI if language == "hi" else ENGLISH)
    answers: dict[str, Any] = dict(HINDI if language == "hi" else ENGLISH)
    answers[questions[2]] = label
    answers[questions[3]] = text
    if pinned:
        answers[questions[4]] = LANKA
    if pictured:
        answers[questions[7]] = [photo(number), answers[questions[7]]]
    place = {"latitude": LANKA.latitude, "longitude": LANKA.longitude} if pinned else {"text": answers[questions[4]]}
    expected = {
        "category": code,
        "language": language,
        "status": "RECEIVED",
        "what": text,
        "place": {**place, "district": "varanasi", "station": "lanka"},
        "police": "no",
        "evidence": 1 if pictured else 0,
    }
    return answers, expected


async def file_tip(installation: Installation, number: int) -> tuple[str, Citizen]:
    citizen = RepeatingCitizen(
        installation.peer, installation.webhook, wa_id=f"9198{number:08}", user_id=f"IN.{number:014}"
    )
    citizen.dice = random.Random(number)
    return await citizen.walk(plan(number)[0]), citizen


def summary(tip: dict[str, Any]) -> dict[str, Any]:
    answers = tip["answers"]
    return {
        **{key: tip[key] for key in ("category", "language", "status")},
        **{key: answers.get(key) for key in ("what", "place", "police")},
        "evidence": len(tip["evidence"]),
    }


@pytest.mark.full("two hundred tips")
@pytest.mark.parametrize("workers", [1, 2])
async def test_two_hundred_simultaneous_tips_arrive_once_and_unchanged(
    tmp_path: Path, environment: Mapping[str, str], workers: int
) -> None:
    serve = (str(Path(sys.executable).with_name("satark")), "serve", "--role", "web,worker", "--workers", str(workers))
    async with set_up_installation(tmp_path, environment, command=serve, service=Service) as installation:
        await installation.service.start()
        filed = await asyncio.gather(*(file_tip(installation, number) for number in range(CITIZENS)))
        assert len({code for code, _ in filed}) == CITIZENS
        expected = sorted((plan(number)[1] for number in range(CITIZENS)), key=lambda one: str(one["what"]))
        for desk in ("sp", "dig"):
            tips = await complete_tips(installation, desk)
            assert len({tip["number"] for tip in tips}) == CITIZENS
            found = sorted((summary(tip) for tip in tips), key=lambda one: str(one["what"]))
            assert found == expected
        await asyncio.sleep(1)
        for _, citizen in filed:
            texts = [(sent.text, [offer.token for offer in sent.offers]) for sent in citizen.heard]
            assert all(one != other for one, other in itertools.pairwise(texts)), "a reply was sent twice"
            assert citizen.unread() == 0


async def complete_tips(installation: Installation, desk: str) -> list[dict[str, Any]]:
    """Return the desk's tips once every file is sealed."""
    await installation.tips(desk, at_least=CITIZENS)
    return await tips_when(installation, desk, lambda tips: sum(len(tip["evidence"]) for tip in tips) >= CITIZENS // 4)
