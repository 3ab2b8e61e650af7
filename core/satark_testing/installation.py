"""A whole installation for end-to-end tests: a Satark process, a simulated Meta, two desks and citizens."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from satark_testing.browser import Browser
from satark_testing.matrix.drivers import CallDriver, ChatDriver, Driver, FormDriver, SmsDriver
from satark_testing.processes.service import Service
from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import Person, TelegramPeer
from satark_testing.telegram.citizen import TelegramCitizen
from satark_testing.twilio.api import TwilioPeer
from satark_testing.twilio.people import Caller, Texter
from satark_testing.waiting import limit
from satark_testing.whatsapp.citizen import Citizen
from satark_testing.whatsapp.graph_api import GraphPeer

APP_SECRET = "app-secret"  # noqa: S105 - a test value
VERIFY_TOKEN = "verify-token"  # noqa: S105 - a test value
ACCESS_TOKEN = "access-token"  # noqa: S105 - a test value
PHONE_NUMBER_ID = "106540352242922"
"""The phone number id in the examples of Meta's documentation."""
DESKS = (("sp", "district"), ("dig", "range"))
LOOK_SECONDS = 0.5
"""Seconds between two checks of a desk's tips. Each check runs a command, which slows down the service under test."""


class Installation:
    """A service with its desks, and a simulated Meta that connects citizens to it."""

    def __init__(self, peer: GraphPeer, service: Service) -> None:
        self.peer = peer
        self.service = service
        self._earlier: set[str] = set()
        self._people = 0

    @property
    def webhook(self) -> str:
        """URL of the WhatsApp webhook."""
        return f"{self.service.url}/whatsapp/webhook"

    def citizen(self, number: int, **options: Any) -> Citizen:
        """Make a citizen with their own phone number and business-scoped user id."""
        number += self._people
        ids = {"wa_id": f"9198{number:08}", "user_id": f"IN.{number:014}"}
        return Citizen(self.peer, self.webhook, **{**ids, "name": f"Name Of {number}", **options})

    def passphrase_file(self, desk: str) -> Path:
        return self.service.folder.parent / f"{desk}.txt"

    async def begin(self) -> None:
        """Prepare another test on the running service: hide earlier tips, and stop earlier citizens."""
        for name, _ in DESKS:
            self._earlier |= {str(tip["number"]) for tip in await self.tips(name)}
        self._people += 1000

    async def tips(self, desk: str, *, at_least: int = 0) -> list[dict[str, Any]]:
        """Open a desk's tips as an officer does. Waits until there are at least so many, with all their files."""
        command = ("desk", "tips", desk, "--json", "--passphrase-file", str(self.passphrase_file(desk)))
        async with limit():
            while True:
                printed = await asyncio.to_thread(self.service.run, *command)
                listed = [json.loads(line) for line in printed.stdout.splitlines()]
                found = [tip for tip in listed if tip["number"] not in self._earlier]
                if not at_least or (len(found) >= at_least and not any(tip["pending"] for tip in found)):
                    return found
                await asyncio.sleep(LOOK_SECONDS)

    def make_desk(self, name: str, level: str, area: str = "") -> None:
        """Add a desk with one officer."""
        self.passphrase_file(name).write_text(f"a passphrase that only {name} knows\n")
        self.passphrase_file(name).chmod(0o600)
        passphrase = ("--officer", "officer", "--passphrase-file", str(self.passphrase_file(name)))
        self.service.run("desk", "add", name, "--level", level, "--area", area, *passphrase)


@asynccontextmanager
async def set_up_installation(
    folder: Path,
    environment: Mapping[str, str],
    *,
    command: Sequence[str] = (),
    desks: Sequence[tuple[str, str]] = DESKS,
    service: type[Service] = Service,
) -> AsyncIterator[Installation]:
    """Set up a service of this class with these desks and a simulated Meta. The service is not started.

    `desks`: none if the folder has a copy of an installation.
    `command`: a Python script with its arguments, where it is not `satark serve`.
    """
    peer = GraphPeer(
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        access_token=ACCESS_TOKEN,
        phone_number_id=PHONE_NUMBER_ID,
    )
    async with peer, serve(peer.app) as graph_url:
        whatsapp = {
            # A message that comes by itself while a slow machine walks on would be read as the answer to the next step.
            "SATARK_FILE_NOTICE_SECONDS": "3600",
            "SATARK_WHATSAPP__APP_SECRET": APP_SECRET,
            "SATARK_WHATSAPP__VERIFY_TOKEN": VERIFY_TOKEN,
            "SATARK_WHATSAPP__ACCESS_TOKEN": ACCESS_TOKEN,
            "SATARK_WHATSAPP__PHONE_NUMBER_ID": PHONE_NUMBER_ID,
            "SATARK_WHATSAPP__GRAPH_URL": graph_url,
        }
        installation = Installation(peer, service(folder / "data", {**whatsapp, **environment}, command))
        if desks:
            installation.service.run("db", "upgrade")
        for name, level in desks:
            installation.make_desk(name, level)
        try:
            yield installation
        finally:
            await installation.service.stop()


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

    def driver(self, medium: str, who: Mapping[str, str] | None = None) -> Driver:
        """Make a tipster on a medium. `who`: their identifiers, as `satark_testing.canary.people` makes them."""
        url = self.installation.service.url
        who = who or _somebody(next(self._people))
        if medium == "whatsapp":
            return ChatDriver(medium, self.citizen(who))
        if medium == "telegram":
            person = Person(id=int(who["Telegram id"]), first_name=who["profile name"], username=who["user name"])
            return ChatDriver(medium, TelegramCitizen(self.telegram, person, f"{url}/telegram/webhook"))
        if medium == "web_form":
            address = who["IP address"]
            proxied = {"x-forwarded-for": address, "forwarded": f'for="[{address}]"'}
            return FormDriver(Browser(url, headers={"user-agent": who["user agent"], **proxied}))
        phone = f"+{who['phone']}"
        if medium == "sms":
            return SmsDriver(
                Texter(self.twilio, url, phone), self.installation.service.environment["SATARK_TWILIO__API_URL"]
            )
        return CallDriver(Caller(self.twilio, url, phone))

    def citizen(self, who: Mapping[str, str]) -> Citizen:
        """Make a tipster on WhatsApp."""
        return Citizen(
            self.installation.peer,
            self.installation.webhook,
            wa_id=who["wa_id"],
            user_id=f"IN.{who['BSUID']}",
            name=who["profile name"],
            username=who["user name"],
        )

    async def tips(self) -> Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]]:
        """Open every tip once all files are fetched; return number → the tip, and the desks that may read it."""
        async with limit():
            while True:
                found = {desk: await self.installation.tips(desk) for desk in ("sp", "dig")}
                tips = {tip["number"]: tip for opened in found.values() for tip in opened}
                if not any(tip["pending"] for tip in tips.values()):
                    return {number: (tip, _desks(found, number)) for number, tip in tips.items()}
                await asyncio.sleep(LOOK_SECONDS)


def _somebody(number: int) -> Mapping[str, str]:
    return {
        "phone": f"9191{number:08}",
        "wa_id": f"9198{number:08}",
        "BSUID": f"{number:014}",
        "Telegram id": f"{8_000_000_000 + number}",
        "user name": f"somebody_{number}",
        "profile name": f"Name Of {number}",
        "IP address": "2001:db8::1",
        "user agent": "Mozilla/5.0",
    }


def _desks(found: Mapping[str, list[dict[str, Any]]], number: str) -> tuple[str, ...]:
    return tuple(desk for desk, opened in found.items() if any(tip["number"] == number for tip in opened))


@asynccontextmanager
async def matrix_installation(
    folder: Path,
    environment: Mapping[str, str],
    *,
    desks: Sequence[tuple[str, str]] = DESKS,
    service: type[Service] = Service,
) -> AsyncIterator[MatrixInstallation]:
    """Start the service with these desks and its simulated providers. `environment` holds further settings."""
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
            "SATARK_NOTICE_MINUTES": "0",
            "SATARK_DELIVERY_MINUTES": "0",
            "SATARK_OFFICE_MINUTES": "0",
            "SATARK_WEB_FORM__PROOF_WAIT_SECONDS": "0",
            "SATARK_WEB_FORM__PROOF_WAITS_PER_MINUTE": "10000",
            "SATARK_WEB_FORM__FREE_DRAFTS_PER_MINUTE": "10000",
            "SATARK_WEB_FORM__FREE_UPLOADS_PER_MINUTE": "10000",
        }
        installation = await stack.enter_async_context(
            set_up_installation(folder, {**providers, **environment}, desks=desks, service=service)
        )
        installation.service.environment["SATARK_PUBLIC_URL"] = installation.service.url
        twilio.configure(installation.service.url)
        await installation.service.start()
        yield MatrixInstallation(installation, telegram, twilio)
