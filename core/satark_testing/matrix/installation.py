"""The installation that the matrix is played on: one service, all simulated providers, and two desks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from satark_testing.form.browser import Browser
from satark_testing.installation import DESKS, LOOK_SECONDS, Installation, set_up_installation
from satark_testing.matrix.call_driver import CallDriver
from satark_testing.matrix.chat_driver import ChatDriver
from satark_testing.matrix.driver import Driver
from satark_testing.matrix.form_driver import FormDriver
from satark_testing.matrix.sms_driver import SmsDriver
from satark_testing.processes.forked import ForkedService
from satark_testing.processes.service import Service
from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import Person, TelegramPeer
from satark_testing.telegram.citizen import TelegramCitizen
from satark_testing.twilio.api import TwilioPeer
from satark_testing.twilio.people import Caller, Texter
from satark_testing.waiting import limit

MEDIA: Final = ("whatsapp", "telegram", "sms", "voice", "web_form")

_BOT: Final = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
_SECRET: Final = "a-secret-of-ours_1"  # noqa: S105 - a test value


class MatrixInstallation:
    """A running service with every medium. Each driver is a new tipster."""

    def __init__(self, installation: Installation, telegram: TelegramPeer, twilio: TwilioPeer) -> None:
        self.installation = installation
        self.telegram = telegram
        self.twilio = twilio
        self._people = count(1)

    def driver(self, medium: str) -> Driver:
        """Make a new tipster on a medium."""
        number, url = next(self._people), self.installation.service.url
        if medium == "whatsapp":
            return ChatDriver(medium, self.installation.citizen(number))
        if medium == "telegram":
            person = Person(id=8_000_000_000 + number, first_name="A", username=f"somebody_{number}")
            webhook = f"{url}/telegram/webhook"
            return ChatDriver(medium, TelegramCitizen(self.telegram, person, webhook))
        if medium == "web_form":
            return FormDriver(Browser(url))
        phone = f"+9191{number:08}"
        if medium == "sms":
            return SmsDriver(
                Texter(self.twilio, url, phone), self.installation.service.environment["SATARK_TWILIO__API_URL"]
            )
        return CallDriver(Caller(self.twilio, url, phone))

    async def tips(self) -> Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]]:
        """Open every tip once all files are fetched; return number → the tip, and the desks that may read it."""
        async with limit():
            while True:
                found = {desk: await self.installation.tips(desk) for desk in ("sp", "dig")}
                tips = {tip["number"]: tip for opened in found.values() for tip in opened}
                if not any(tip["pending"] for tip in tips.values()):
                    return {number: (tip, _desks(found, number)) for number, tip in tips.items()}
                await asyncio.sleep(LOOK_SECONDS)


def _desks(found: Mapping[str, list[dict[str, Any]]], number: str) -> tuple[str, ...]:
    return tuple(desk for desk, opened in found.items() if any(tip["number"] == number for tip in opened))


@asynccontextmanager
async def matrix_installation(
    folder: Path,
    environment: Mapping[str, str],
    *,
    desks: Sequence[tuple[str, str]] = DESKS,
    service: type[Service] = ForkedService,
) -> AsyncIterator[MatrixInstallation]:
    """Start the service with these desks and its providers; `environment` are further settings."""
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
            "SATARK_WEB_FORM__PROOF_WAIT_SECONDS": "0",
            "SATARK_WEB_FORM__PROOF_WAITS_PER_MINUTE": "10000",
            "SATARK_WEB_FORM__MAILBOX_WAITS_PER_MINUTE": "10000",
            "SATARK_WEB_FORM__FREE_DRAFTS_PER_MINUTE": "10000",
            "SATARK_WEB_FORM__FREE_UPLOADS_PER_MINUTE": "10000",
        }
        installation = await stack.enter_async_context(
            set_up_installation(folder, {**providers, **environment}, desks=desks, service=service)
        )
        installation.service.environment["SATARK_PUBLIC_URL"] = installation.service.url
        await installation.service.start()
        yield MatrixInstallation(installation, telegram, twilio)
