"""A Telegram channel with fixed secrets, a pretended Telegram, and the way to sign updates."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from satark.channel import RawRequest
from satark.testing.processes.serving import serve
from satark.testing.telegram.bot_api import Description, Person, TelegramPeer
from satark_telegram.channel import TelegramChannel
from satark_telegram.settings import TelegramSettings

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
SECRET = "a-secret-of-ours_1"


class Live(NamedTuple):
    """An open channel and the pretended Telegram that it talks to."""

    channel: TelegramChannel
    peer: TelegramPeer
    url: str


@pytest.fixture
def person() -> Person:
    """Give a user whose every particular can be looked for afterwards."""
    return Person(id=8812345678, first_name="Sunita", last_name="Planted", username="sunita_planted_vns")


@pytest.fixture
def secrets() -> dict[str, Any]:
    """Give the settings that are needed at least."""
    return {"token": TOKEN, "secret_token": SECRET}


@pytest.fixture
def telegram(secrets: dict[str, Any]) -> TelegramChannel:
    """Give a channel that talks to nobody."""
    return TelegramChannel(TelegramSettings(**secrets))


@pytest.fixture
def description() -> Description:
    """Give the official description."""
    return Description.load(Path(__file__).parent / "bot_api_10.1.json")


@pytest.fixture
def peer(secrets: dict[str, Any], description: Description) -> TelegramPeer:
    """Give a pretended Telegram that holds every call against the official description."""
    return TelegramPeer(**secrets, description=description)


@pytest.fixture
async def live(secrets: dict[str, Any], peer: TelegramPeer) -> AsyncIterator[Live]:
    """Give an open channel that talks to the pretended Telegram."""
    async with peer, serve(peer.app) as url:
        channel = TelegramChannel(TelegramSettings(**secrets, api_url=url))
        await channel.open()
        yield Live(channel, peer, url)
        await channel.close()


@pytest.fixture
def signed() -> Callable[[Any], RawRequest]:
    """Give the way to make Telegram's request of an update."""

    def sign(update: Any) -> RawRequest:
        headers = {"x-telegram-bot-api-secret-token": SECRET}
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        return RawRequest(method="POST", path="/telegram/webhook", headers=headers, body=body)

    return sign
