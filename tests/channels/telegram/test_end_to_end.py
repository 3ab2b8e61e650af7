"""A Telegram citizen files a tip in Hindi with a photo at a real process; nothing written names them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark.testing.search import files_below, rows_of, search
from satark.testing.serving import serve
from satark.testing.stage import HINDI, staged
from satark.testing.telegram import Person, TelegramPeer
from satark.testing.telegram_citizen import TelegramCitizen
from satark.testing.walking import Photo

WORDS = "मंदिर के पीछे हथियारों का ढेर"


def picture() -> bytes:
    """Make a photo."""
    file = BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


def urls(folder: Path) -> dict[str, str]:
    return {
        "SATARK_DATABASE_URL": f"sqlite:///{folder / 'main.db'}",
        "SATARK_KEYS_URL": f"sqlite:///{folder / 'keys.db'}",
    }


@pytest.mark.parametrize("polling", ["false", "true"])
async def test_a_tip_by_telegram_reaches_the_desk_and_names_nobody(
    polling: str, tmp_path: Path, secrets: dict[str, Any], peer: TelegramPeer, person: Person
) -> None:
    async with peer, serve(peer.app) as url:
        telegram = {f"SATARK_TELEGRAM__{name.upper()}": value for name, value in secrets.items()}
        telegram |= {"SATARK_TELEGRAM__API_URL": url, "SATARK_TELEGRAM__POLLING": polling}
        environment = {**urls(tmp_path), **telegram}
        async with staged(tmp_path, environment) as stage:
            await stage.service.start({"SATARK_PUBLIC_URL": stage.service.url})
            webhook = "" if polling == "true" else f"{stage.service.url}/telegram/webhook"
            citizen = TelegramCitizen(peer, person, webhook)
            answers: Any = {**HINDI, "क्या हो रहा है\\?": WORDS, "हो गया": [Photo(picture()), "हो गया"]}
            code = await citizen.walk(answers, greeting="/start poster-17")
            (tip,) = await stage.tips("sp", at_least=1)
            await stage.service.stop()
            written = files_below(stage.service.folder, stage.service.log) | rows_of(*urls(tmp_path).values())
            written |= files_below(tmp_path / "main.db", tmp_path / "keys.db")
    assert tip["language"] == "hi"
    assert WORDS in str(tip["answers"])
    assert [file["mime"] for file in tip["evidence"]] == ["image/jpeg"]
    assert all(sent.protected for sent in peer.sent)
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
    }
    assert search(written, identifiers) == []
    assert search({**written, "careless": str(person.id).encode()}, identifiers)


async def test_a_wrong_or_missing_secret_gets_401_and_leaves_no_trace(
    tmp_path: Path, secrets: dict[str, Any], peer: TelegramPeer, person: Person
) -> None:
    async with peer, serve(peer.app) as url:
        telegram = {f"SATARK_TELEGRAM__{name.upper()}": value for name, value in secrets.items()}
        async with staged(tmp_path, {**urls(tmp_path), **telegram, "SATARK_TELEGRAM__API_URL": url}) as stage:
            await stage.service.start()
            webhook = f"{stage.service.url}/telegram/webhook"
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
