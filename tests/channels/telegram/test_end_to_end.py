"""A Telegram citizen files a tip in Hindi with a photo at a real process; nothing stored identifies them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from satark_testing.dialogue.walking import Photo
from satark_testing.identifier_search import everything_written, search
from satark_testing.installation import Installation
from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import Person, TelegramPeer
from satark_testing.telegram.citizen import TelegramCitizen
from satark_testing.waiting import until
from support.answers import HINDI
from support.processes.forked import set_up_installation

pytestmark = pytest.mark.slow("a process")

TAPS = 6
"""Taps on the way: language, category, no police officer, done, send, and at the end "no; delete messages"."""
WORDS = "मंदिर के पीछे हथियारों का ढेर"


def picture() -> bytes:
    """Make a photo."""
    file = BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


@asynccontextmanager
async def telegram_installation(
    folder: Path, databases: Any, secrets: dict[str, Any], peer: TelegramPeer, **more: str
) -> AsyncIterator[Installation]:
    """Set up an installation with this bot on these databases; the service is not started."""
    bases = {"SATARK_DATABASE_URL": databases.main, "SATARK_KEYS_URL": databases.keys}
    async with peer, serve(peer.app) as url:
        given = {**secrets, "api_url": url, **more}
        telegram = {f"SATARK_TELEGRAM__{name.upper()}": value for name, value in given.items()}
        async with set_up_installation(folder, {**bases, **telegram}) as installation:
            yield installation


async def test_a_tip_by_telegram_reaches_the_desk_and_nothing_stored_identifies_the_tipster(
    databases: Any, tmp_path: Path, secrets: dict[str, Any], peer: TelegramPeer, person: Person
) -> None:
    async with telegram_installation(tmp_path, databases, secrets, peer) as installation:
        await installation.service.start({"SATARK_PUBLIC_URL": installation.service.url})
        everything = partial(
            everything_written, installation.service.folder, installation.service.log, databases.main, databases.keys
        )
        citizen = TelegramCitizen(peer, person, f"{installation.service.url}/telegram/webhook")
        answers: Any = {**HINDI, "क्या हो रहा है\\?": WORDS, "हो गया": [Photo(picture()), "हो गया"]}
        code = await citizen.walk(answers, greeting="/start poster-17")
        (tip,) = await installation.tips("sp", at_least=1)
        while_running = everything()
        await citizen.tap("नहीं; संदेश मिटाएँ")
        assert "48 घंटों" in (await citizen.hear()).text
        *before, _last = peer.sent
        both = {(person.id, number) for number in [*citizen.wrote, *(sent.id for sent in before)]}
        await until(lambda: peer.deleted == both)
        await installation.service.stop()
        places = while_running | {f"after: {name}": data for name, data in everything().items()}
    called = [method for method, _ in peer.calls]
    assert called.count("answerCallbackQuery") == called.count("editMessageReplyMarkup") == TAPS
    assert tip["language"] == "hi"
    assert WORDS in str(tip["answers"])
    assert [file["mime"] for file in tip["evidence"]] == ["image/jpeg"]
    assert all(sent.protected for sent in peer.sent)
    assert places["after: table provider_message"] == places["after: table conversation"] == b""
    identifiers = {
        "id": str(person.id),
        "username": str(person.username),
        "first name": person.first_name,
        "last name": str(person.last_name),
        "token": peer.token,
        "secret": peer.secret_token,
        "words": WORDS,
        "code": code,
        "file id": next(iter(peer.files)),
        "file path": "photos/file_0",
        **{f"message id {n}": f'"message_ids":[{n}' for n in citizen.wrote},
    }
    assert search(places, identifiers) == []
    assert search({**places, "careless": str(person.id).encode()}, identifiers)


async def test_a_tip_by_polling_reaches_the_desk(
    tmp_path: Path, secrets: dict[str, Any], peer: TelegramPeer, person: Person
) -> None:
    databases = SimpleNamespace(main=f"sqlite:///{tmp_path / 'main.db'}", keys=f"sqlite:///{tmp_path / 'keys.db'}")
    async with telegram_installation(tmp_path, databases, secrets, peer, polling="true") as installation:
        await installation.service.start()
        async with TelegramCitizen(peer, person) as citizen:
            await citizen.walk(HINDI)
        (tip,) = await installation.tips("sp", at_least=1)
    assert tip["language"] == "hi"


async def test_a_wrong_or_missing_secret_gets_401_and_leaves_no_trace(
    databases: Any, tmp_path: Path, secrets: dict[str, Any], peer: TelegramPeer, person: Person
) -> None:
    async with telegram_installation(tmp_path, databases, secrets, peer) as installation:
        await installation.service.start()
        webhook = f"{installation.service.url}/telegram/webhook"
        update = peer.updates.text(person, "Hi")
        for wrong in ("", "another-secret", secrets["secret_token"][:-1]):
            peer.secret_token = wrong
            assert await peer.post(webhook, update) == 401
        peer.secret_token = secrets["secret_token"]
        assert await peer.post(webhook, {"nonsense": 1}) == 200
        assert not peer.sent
        async with TelegramCitizen(peer, person, webhook) as citizen:
            await citizen.say("Hi")
            assert (await citizen.hear()).offers
