"""After the last officer signed out, no process holds a desk's keys, a passphrase or words; no officer is cut off."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx2
import pytest

from satark.services import Services
from satark_desk.officers import unlock
from satark_testing.processes.service import Service
from satark_testing.waiting import until
from support.process_memory import count_in_memory, processes_of
from support.store import opened_services
from support.tips import SeededTip, seed_tip

pytestmark = pytest.mark.full("processes that are replaced")

SATARK: Final = str(Path(sys.executable).with_name("satark"))
EPOCH_SECONDS: Final = 4
SETTINGS: Final = {
    "SATARK_PLUGINS": '["desk"]',
    "SATARK_EPOCH_MINUTES": str(EPOCH_SECONDS / 60),
    "SATARK_PROCESS_EPOCHS": "1000",
}
FIRST, OWN = "kupfer wolke 71 anker", "purana kuan neem ka ped"
WORDS = "नीलकंठ गोदाम के तहखाने में बंदूकें"
AT_ONCE: Final = 5
"""Seconds in which a page opens, on a busy machine, while a process starts beside it."""


class RunningDesk:
    """A service with one desk, one officer and one tip."""

    def __init__(self, service: Service, services: Services, tip: SeededTip) -> None:
        self._service, self.services, self._tip = service, services, tip
        self.port = service.port
        self._browser = self.new_browser()

    @property
    def all_processes(self) -> list[int]:
        return processes_of(self._service.pid)

    @property
    def serving(self) -> list[int]:
        """The processes that serve or are about to, the oldest first."""
        children = Path(f"/proc/{self._service.pid}/task/{self._service.pid}/children")
        return sorted(map(int, children.read_text().split()))

    def new_browser(self) -> httpx2.AsyncClient:
        """Return a browser that opens a new connection for each request: whichever process accepts it answers."""
        headers = {"sec-fetch-site": "same-origin", "connection": "close"}
        return httpx2.AsyncClient(base_url=self._service.url, headers=headers, timeout=AT_ONCE, follow_redirects=True)

    async def post(self, page: str, **form: str) -> str:
        """Send a form; return the path of the page that is shown then."""
        return (await self._browser.post(f"/desk/{page}", data=form)).url.path

    async def sign_in(self, passphrase: str) -> None:
        form = {"desk": "sp", "officer": "head", "passphrase": passphrase}
        assert await self.post("sign-in", **form) == ("/desk/passphrase" if passphrase == FIRST else "/desk/")

    async def set_own_passphrase(self) -> None:
        await self.sign_in(FIRST)
        assert await self.post("passphrase", old=FIRST, new=OWN, again=OWN) == "/desk/account"

    async def is_signed_in(self) -> bool:
        return (await self._browser.get("/desk/")).url.path == "/desk/"

    async def read_tip(self) -> None:
        assert WORDS in (await self._browser.get(f"/desk/tips/{self._tip.number}")).text

    async def sign_out(self) -> None:
        assert await self.post("sign-out") == "/desk/sign-in"


@asynccontextmanager
async def running_desk(folder: Path, roles: str) -> AsyncIterator[RunningDesk]:
    service = Service(folder / "data", SETTINGS, [SATARK, "serve", "--role", roles])
    passphrase = folder / "passphrase"
    passphrase.write_text(FIRST)
    passphrase.chmod(0o600)
    service.run("db", "upgrade")
    service.run("desk", "add", "sp", "--officer", "head", "--passphrase-file", str(passphrase))
    services = opened_services(service.folder)
    tip = seed_tip(services, [services.desk("sp")], answers={"category": "liquor", "what": WORDS})
    try:
        async with service:
            yield RunningDesk(service, services, tip)
    finally:
        services.close()


@pytest.mark.parametrize("roles", ["desk", "web,worker,desk"])
async def test_after_the_last_officer_signed_out_no_process_holds_a_key_a_passphrase_or_words(
    tmp_path: Path, roles: str
) -> None:
    async with running_desk(tmp_path, roles) as desk:
        await desk.set_own_passphrase()
        await desk.read_tip()
        unlocked = unlock(desk.services, "sp", "head", OWN)
        keys = [unlocked.identity, unlocked.own_identity]
        texts = {"key": keys, "passphrase": [OWN, FIRST, OWN.replace(" ", "+")], "words": [WORDS]}
        first = desk.serving
        await desk.sign_out()
        found = sum((count_in_memory(pid, texts) for pid in first), start=count_in_memory(first[0], {"key": keys}))
        assert found.keys() == texts.keys(), "the search finds what is there"
        await until(lambda: len(desk.serving) == 1 and not set(first) & set(desk.serving), every=0.1)
        left = {pid: dict(count_in_memory(pid, texts)) for pid in desk.all_processes}
        assert [counts for counts in left.values() if counts] == []
        await desk.sign_in(OWN)


async def test_no_officer_is_cut_off_however_long_they_stay_and_whenever_they_come(tmp_path: Path) -> None:
    async with running_desk(tmp_path, "desk") as desk:
        await desk.set_own_passphrase()
        first, until_then = desk.serving, time.monotonic() + 3 * EPOCH_SECONDS
        while time.monotonic() < until_then:
            assert await desk.is_signed_in()
        assert desk.serving == first
        await desk.sign_out()
        await until(lambda: len(desk.serving) == 2)
        await desk.sign_in(OWN)
        until_then = time.monotonic() + 2 * AT_ONCE
        while time.monotonic() < until_then:
            assert await desk.is_signed_in()
        assert first[0] in desk.serving


async def test_a_sign_in_under_way_ends_and_others_are_answered_at_once(tmp_path: Path) -> None:
    async with running_desk(tmp_path, "desk") as desk:
        await desk.set_own_passphrase()
        await desk.sign_out()
        first = desk.serving
        form = urlencode({"desk": "sp", "officer": "head", "passphrase": OWN}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        head = f"POST /desk/sign-in HTTP/1.1\r\nhost: 127.0.0.1:{desk.port}\r\nsec-fetch-site: same-origin\r\n"
        length = f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(form)}\r\n\r\n"
        writer.write((head + length).encode() + form[:10])
        await until(lambda: len(desk.serving) == 2)
        stranger = desk.new_browser()
        until_then = time.monotonic() + 2 * AT_ONCE
        while time.monotonic() < until_then:
            assert (await stranger.get("/desk/sign-in")).status_code == 200
        await desk.sign_in(OWN)
        writer.write(form[10:])
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 307 ")
        assert b"\r\nlocation: /desk/sign-in\r\n" in answer
        await until(lambda: first[0] not in desk.serving)
        assert await desk.is_signed_in()
