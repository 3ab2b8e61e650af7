"""A whole stage for end-to-end tests: a pretended Meta, a real Satark process, two desks, and citizens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from satark.testing.processes.service import Service
from satark.testing.processes.serving import serve
from satark.testing.twilio.api import TwilioPeer
from satark.testing.whatsapp.citizen import Answers, Citizen
from satark.testing.whatsapp.graph_api import GraphPeer

APP_SECRET = "app-secret"  # noqa: S105 - a test's
VERIFY_TOKEN = "verify-token"  # noqa: S105 - likewise
ACCESS_TOKEN = "access-token"  # noqa: S105 - likewise
PHONE_NUMBER_ID = "106540352242922"
DESKS = (("sp", "district"), ("dig", "range"))

HINDI: Answers = {
    "Choose a language": "हिन्दी",
    "क्या यह सही है": "हाँ, भेज दें",
    "किस बारे में": "अवैध हथियार",
    "क्या हो रहा है\\?": "गाँव के बाहर रात में हथियार बिकते हैं।",
    "जगह बताइए": "लंका",
    "कौन-सा थाना": "नहीं पता",
    "मिलीभगत का शक": "नहीं",
    "हो गया": "हो गया",
}
"""Answers of a citizen who speaks Hindi, by question; tests replace some of them."""

ENGLISH: Answers = {
    "Choose a language": "English",
    "Is this right": "Yes, send",
    "What is this about": "Illegal arms",
    "What is happening\\?": "Arms are sold outside the village at night.",
    "Tell the place": "Lanka",
    "Which police station": "Don't know",
    "Do you suspect": "No",
    '"done"': "done",
}
"""Likewise in English."""


class Stage:
    """What stands on it."""

    def __init__(self, peer: GraphPeer, service: Service) -> None:
        self.peer = peer
        self.service = service

    @property
    def webhook(self) -> str:
        """The bot's webhook address."""
        return f"{self.service.url}/whatsapp/webhook"

    def citizen(self, number: int, **options: Any) -> Citizen:
        """Make a citizen with a phone number and a business-scoped user id of their own."""
        ids = {"wa_id": f"9198{number:08}", "user_id": f"IN.{number:014}"}
        return Citizen(self.peer, self.webhook, **{**ids, "name": f"Name Of {number}", **options})

    def passphrase_file(self, desk: str) -> Path:
        """Where a desk's passphrase lies."""
        return self.service.folder.parent / f"{desk}.txt"

    async def tips(self, desk: str, *, at_least: int = 0) -> list[dict[str, Any]]:
        """Open a desk's tips as an officer does; wait until there are so many, with all their files."""
        command = ("desk", "tips", desk, "--json", "--passphrase-file", str(self.passphrase_file(desk)))
        for _ in range(120):
            printed = await asyncio.to_thread(self.service.run, *command)
            found = [json.loads(line) for line in printed.stdout.splitlines()]
            if len(found) >= at_least:
                return found
            await asyncio.sleep(0.25)
        raise AssertionError(f"{desk} has {len(found)} tips, not {at_least}")

    async def until(self, desk: str, is_so: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
        """Wait until a desk's tips are as wanted; give them."""
        async with asyncio.timeout(60):
            while True:
                found = await self.tips(desk, at_least=1)
                if is_so(found):
                    return found
                await asyncio.sleep(0.25)

    def make_desk(self, name: str, level: str, area: str = "") -> None:
        """Make a desk with one officer."""
        self.passphrase_file(name).write_text(f"a passphrase that only {name} knows\n")
        passphrase = ("--officer", "officer", "--passphrase-file", str(self.passphrase_file(name)))
        self.service.run("desk", "add", name, "--level", level, "--area", area, *passphrase)


@asynccontextmanager
async def staged(
    folder: Path,
    environment: Mapping[str, str],
    *,
    command: Sequence[str] = (),
    desks: Sequence[tuple[str, str]] = DESKS,
) -> AsyncIterator[Stage]:
    """Set the stage; the service is set up, but not started."""
    peer = GraphPeer(
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        access_token=ACCESS_TOKEN,
        phone_number_id=PHONE_NUMBER_ID,
    )
    async with peer, serve(peer.app) as graph_url:
        whatsapp = {
            "SATARK_WHATSAPP__APP_SECRET": APP_SECRET,
            "SATARK_WHATSAPP__VERIFY_TOKEN": VERIFY_TOKEN,
            "SATARK_WHATSAPP__ACCESS_TOKEN": ACCESS_TOKEN,
            "SATARK_WHATSAPP__PHONE_NUMBER_ID": PHONE_NUMBER_ID,
            "SATARK_WHATSAPP__GRAPH_URL": graph_url,
        }
        stage = Stage(peer, Service(folder / "data", {**whatsapp, **environment}, command))
        stage.service.run("db", "upgrade")
        for name, level in desks:
            stage.make_desk(name, level)
        yield stage
        await stage.service.stop()


@asynccontextmanager
async def called(peer: TwilioPeer, url: str, folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Stage]:
    """Set the stage, started, for a pretended Twilio that is served at `url`."""
    public = {"SATARK_PUBLIC_URL": "http://127.0.0.1:1"}
    async with staged(folder, {**environment, **peer.settings(url), **public}) as stage:
        # The port is known now: Twilio signs the address that it calls.
        stage.service.environment["SATARK_PUBLIC_URL"] = stage.service.url
        await stage.service.start()
        yield stage
