"""A Telegram channel with fixed secrets, a simulated Telegram, and signed updates."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from satark.api.channel import RawRequest
from satark_telegram.channel import TelegramChannel
from satark_telegram.settings import TelegramSettings
from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import Person, TelegramPeer
from support.telegram_description import Description

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
SECRET = "a-secret-of-ours_1"


class Live(NamedTuple):
    """An open channel and the simulated Telegram that it calls."""

    channel: TelegramChannel
    peer: TelegramPeer
    url: str


@pytest.fixture
def person() -> Person:
    """Return a user whose identifiers contain markers."""
    return Person(id=8812345678, first_name="Sunita", last_name="Planted", username="sunita_planted_vns")


@pytest.fixture
def secrets() -> dict[str, Any]:
    """Return the required settings."""
    return {"token": TOKEN, "secret_token": SECRET}


@pytest.fixture
def telegram(secrets: dict[str, Any]) -> TelegramChannel:
    """Return a channel that is not connected."""
    return TelegramChannel(TelegramSettings(**secrets))


@pytest.fixture
def description() -> Description:
    """Return the official description of the Bot API."""
    return Description.load(Path(__file__).parent / "bot_api_10.3.json")


@pytest.fixture
def peer(secrets: dict[str, Any], description: Description) -> TelegramPeer:
    """Return a simulated Telegram that checks every call against the official description."""
    return TelegramPeer(**secrets, check=description.check)


@pytest.fixture
async def live(secrets: dict[str, Any], peer: TelegramPeer) -> AsyncIterator[Live]:
    """Return an open channel that calls the simulated Telegram."""
    async with peer, serve(peer.app) as url:
        channel = TelegramChannel(TelegramSettings(**secrets, api_url=url))
        await channel.open()
        yield Live(channel, peer, url)
        await channel.close()


@pytest.fixture
def signed() -> Callable[[Any], RawRequest]:
    """Return the function that makes a webhook request of an update."""

    def sign(update: Any) -> RawRequest:
        headers = {"x-telegram-bot-api-secret-token": SECRET}
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        return RawRequest(method="POST", path="/telegram/webhook", headers=headers, body=body)

    return sign
