"""The ground that the matrix is played on: one real service, the pretended providers, and two desks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from satark.testing.form.browser import Browser
from satark.testing.matrix.browsing import FormDriver
from satark.testing.matrix.calling import CallDriver
from satark.testing.matrix.chats import ChatDriver
from satark.testing.matrix.driving import Driver
from satark.testing.matrix.texting import TextDriver
from satark.testing.processes.serving import serve
from satark.testing.scenario import Stage, staged
from satark.testing.telegram.bot_api import Person, TelegramPeer
from satark.testing.telegram.citizen import TelegramCitizen
from satark.testing.twilio.api import TwilioPeer
from satark.testing.twilio.people import Caller, Texter

MEDIA: Final = ("whatsapp", "telegram", "sms", "voice", "web_form")

_BOT: Final = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
_SECRET: Final = "a-secret-of-ours_1"  # noqa: S105 - a test's
_PATIENCE: Final = 60


class Ground:
    """A running service with every medium. Each driver is somebody new."""

    def __init__(self, stage: Stage, telegram: TelegramPeer, twilio: TwilioPeer) -> None:
        self.stage = stage
        self.telegram = telegram
        self.twilio = twilio
        self._people = count(1)

    def driver(self, medium: str) -> Driver:
        """Make somebody on a medium."""
        number, url = next(self._people), self.stage.service.url
        if medium == "whatsapp":
            return ChatDriver(medium, self.stage.citizen(number, patience=_PATIENCE))
        if medium == "telegram":
            person = Person(id=8_000_000_000 + number, first_name="A", username=f"somebody_{number}")
            webhook = f"{url}/telegram/webhook"
            return ChatDriver(medium, TelegramCitizen(self.telegram, person, webhook, patience=_PATIENCE))
        if medium == "web_form":
            return FormDriver(Browser(url))
        phone = f"+9191{number:08}"
        if medium == "sms":
            return TextDriver(Texter(self.twilio, url, phone), self.stage.service.environment["SATARK_TWILIO__API_URL"])
        return CallDriver(Caller(self.twilio, url, phone))

    async def tips(self) -> Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]]:
        """Open every tip, once all their files are here: number → the tip, and the desks that may read it."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                found = {desk: await self.stage.tips(desk) for desk in ("sp", "dig")}
                tips = {tip["number"]: tip for opened in found.values() for tip in opened}
                if not any(tip["pending"] for tip in tips.values()):
                    return {number: (tip, _desks(found, number)) for number, tip in tips.items()}
                await asyncio.sleep(0.5)


def _desks(found: Mapping[str, list[dict[str, Any]]], number: str) -> tuple[str, ...]:
    return tuple(desk for desk, opened in found.items() if any(tip["number"] == number for tip in opened))


@asynccontextmanager
async def matrix_ground(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Ground]:
    """Start it all; `environment` are further settings."""
    telegram = TelegramPeer(token=_BOT, secret_token=_SECRET)
    twilio = TwilioPeer()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(telegram)
        await stack.enter_async_context(twilio)
        providers = {
            "SATARK_TELEGRAM__TOKEN": telegram.token,
            "SATARK_TELEGRAM__SECRET_TOKEN": telegram.secret_token,
            "SATARK_TELEGRAM__API_URL": await stack.enter_async_context(serve(telegram.app)),
            **twilio.settings(await stack.enter_async_context(serve(twilio.app))),
            "SATARK_SETTLE_SECONDS": "0",
            "SATARK_WEB_FORM__GATE_WAIT_SECONDS": "0",
            "SATARK_WEB_FORM__GATE_WAITS_PER_MINUTE": "10000",
        }
        stage = await stack.enter_async_context(staged(folder, {**providers, **environment}))
        stage.service.environment["SATARK_PUBLIC_URL"] = stage.service.url
        await stage.service.start()
        yield Ground(stage, telegram, twilio)
